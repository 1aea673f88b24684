"""Renderer: edition and variant in, `Rendered` out. Preview, test send, send and archive all use it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

from digest.compose.edition import Edition, EditionStory
from digest.deliver import subject_line
from digest.deliver.check import subject_template
from digest.deliver.check.checked import Checked
from digest.deliver.check.mail import problems as mail_problems
from digest.deliver.render import css, templates
from digest.deliver.render.compiler_process import TIME_LIMIT, CompilerProcess
from digest.deliver.render.content import STORY_CONTEXT, Content, MailPicture, stories_of
from digest.deliver.render.content_builder import build_content, clean_line, display_title
from digest.deliver.render.picture import PreparedPicture
from digest.deliver.render.rendered import InlinePicture, Rendered
from digest.deliver.theme import DEFAULT_OPTIONS, MailSettings, RenderOptions, Shape, Theme
from digest.errors import RenderError
from digest.text.catalogue import locale as locale_of
from digest.text.locale import Locale

NO_PICTURES: Final[Mapping[str, PreparedPicture]] = MappingProxyType({})

_STORY_MARKER: Final = re.compile("<!--\ufdd0(\\d+)\ufdd1-->")
#: Bytes reserved for personal values: two tokens of about 150 characters and an address.
_PERSONAL_BYTES: Final = 700
#: Bytes of the line 'N more on the web', in any language.
_MORE_BYTES: Final = 900
#: Cached fragments; at more, the cache is cleared.
_MAX_FRAGMENTS: Final = 5000


class Renderer:
    """Renders mails. `folders` are users' template folders (with `email/` and `locale/`); the first wins.

    Templates may run for `time_limit` seconds. Keeps one compiler process and the HTML fragments of stories: a story is
    rendered once per language and style, whatever the number of variants. Safe to share between threads.
    """

    def __init__(self, folders: Sequence[Path] = (), time_limit: float = TIME_LIMIT) -> None:
        self.folders = tuple(Path(folder) for folder in folders)
        self._compiler = CompilerProcess(self.folders, time_limit)
        self._fragments: dict[Any, str | None] = {}
        self._stamp: object = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the compiler process; rendering again starts another."""
        self._compiler.close()

    def themes(self) -> list[str]:
        """Return the names of all themes."""
        return templates.themes(self.folders)

    def render(
        self,
        edition: Edition,
        settings: MailSettings,
        options: RenderOptions = DEFAULT_OPTIONS,
        pictures: Mapping[str, PreparedPicture] = NO_PICTURES,
    ) -> Rendered:
        """Return the mail of an edition with these options, checked. `pictures` are keyed by `story.image.url`.

        Raises RenderError when a theme or a template is wrong, naming file, line and remedy.
        """
        self._reload_templates()
        theme = templates.theme(settings.theme, self.folders)
        locale = locale_of(options.language or edition.language, self.folders)
        inline: dict[str, InlinePicture] = {}

        def picture_of(story: EditionStory, shape: Shape) -> MailPicture | None:
            return mail_picture(story, shape, theme, settings, options, locale, pictures, inline)

        def build(keep: int | None = None, subject: str = "") -> Content:
            inline.clear()
            return build_content(edition, settings, theme, options, locale, picture_of, keep, subject)

        mail = build()
        subject = self._subject(edition, settings, mail)
        mail = replace(mail, subject=subject)
        html, text = self._compile(theme, mail)
        if not options.web and len(html.encode()) > settings.budget - _PERSONAL_BYTES:
            mail = replace(build(self._fitting(theme, mail, html, settings.budget - _PERSONAL_BYTES)), subject=subject)
            html, text = self._compile(theme, mail)
        checked = Checked(mail, settings, html, text, css.computed(html), css.computed(html, dark=True))
        problems = mail_problems(checked)
        return Rendered(mail.subject, mail.preheader, html, text, locale.tag, problems, tuple(inline.values()))

    def _subject(self, edition: Edition, settings: MailSettings, mail: Content) -> str:
        """Return the editor's subject, the one of the newsletter's template, or the default."""
        if edition.subject or not settings.subject:
            return mail.subject
        if faults := subject_template.faults(settings.subject):
            where = "subject in settings.toml"
            raise RenderError("\n".join(fault.message for fault in faults), f"{where}: {faults[0].remedy}")
        context = {"newsletter": {"title": mail.newsletter}, "top": mail.top and asdict(mail.top), "date": mail.date}
        line = self._compiler.call(
            "subject", settings.subject, {**context, "stories": mail.stories, "count": mail.count}
        )
        return subject_line.subject(clean_line(line, 300), [mail.subject], mail.newsletter)

    def _compile(self, theme: Theme, mail: Content) -> tuple[str, str]:
        """Return HTML and text."""
        fragments = self._story_fragments(theme, mail)
        answer = self._compiler.call("mail", theme.name, asdict(mail))
        html = _STORY_MARKER.sub(lambda m: fragments[int(m[1])], answer["html"])
        if mail.web:  # the compiler marks every document as a mail
            html = html.replace('aria-roledescription="email" ', "").replace('role="article"', 'role="main"', 1)
        return html, answer["text"]

    def _story_fragments(self, theme: Theme, mail: Content) -> list[str]:
        """Return the fragments of the mail's stories, in reading order; only new ones are compiled."""
        shared = {name: getattr(mail, name) for name in STORY_CONTEXT} | {"dress": asdict(mail.dress)}
        key = (theme.name, mail.language, mail.newsletter, mail.dress)
        stories = stories_of(mail)
        fragments = {story: self._fragments.get((key, story)) for story in stories}
        missing = [story for story, fragment in fragments.items() if fragment is None]
        if missing:
            compiled = self._compiler.call("fragments", theme.name, shared, [asdict(story) for story in missing])
            fragments.update(zip(missing, compiled, strict=True))
            if len(self._fragments) > _MAX_FRAGMENTS:
                self._fragments.clear()
            self._fragments.update({(key, story): fragments[story] for story in missing})
        return [fragments[story] or "" for story in stories]

    def _fitting(self, theme: Theme, mail: Content, html: str, room: int) -> int:
        """Return how many stories fit into `room` bytes; at least one."""
        sizes = [len(fragment.encode()) for fragment in self._story_fragments(theme, mail)]
        size = len(html.encode()) + _MORE_BYTES
        kept = len(sizes)
        while kept > 1 and size > room:
            kept -= 1
            size -= sizes[kept]
        return kept

    def _reload_templates(self) -> None:
        """Clear the cached fragments when a template changed; raises RenderError for templates with faults."""
        stamp = templates.stamp(self.folders)
        if stamp != self._stamp:
            if faults := templates.faults(self.folders):
                raise RenderError("\n".join(map(str, faults)))
            self._fragments.clear()
            self._stamp = stamp


def mail_picture(
    story: EditionStory,
    shape: Shape,
    theme: Theme,
    settings: MailSettings,
    options: RenderOptions,
    locale: Locale,
    pictures: Mapping[str, PreparedPicture],
    inline: dict[str, InlinePicture],
) -> MailPicture | None:
    """Return a story's picture for the mail, None without one; an inline picture is added to `inline`."""
    width = theme.wide if shape == "wide" else theme.square
    prepared = pictures.get(story.image.url) if story.image else None
    if prepared is None or story.image is None or options.pictures == "none" or not width:
        return None
    picture = prepared.shape(shape) or (prepared.square if shape == "wide" else None)
    if picture is None:
        return None
    shape = "wide" if picture is prepared.wide else "square"
    width = theme.wide if shape == "wide" else theme.square
    height = round(width * picture.height / picture.width)
    src = f"{settings.media_url}/{picture.name}"
    if options.pictures == "inline" and not options.web:
        cid = f"{picture.name}@pictures.digest"
        inline[cid] = InlinePicture(cid, "image/jpeg", picture.data)
        src = f"cid:{cid}"
    return MailPicture(src, _alt(story, locale), width, height, shape)


def _alt(story: EditionStory, locale: Locale) -> str:
    """Return the picture's description; without one that differs from the title, 'Picture: OUTLET'."""
    alt = clean_line(story.image.alt, 160) if story.image else ""
    title = display_title(story)
    if alt and not ({_letters(alt)} & {_letters(title), _letters(story.outlet)} or _letters(alt) in _letters(title)):
        return alt
    word, outlet = locale.gettext("Picture"), clean_line(story.outlet, 60)
    return locale.gettext("%(words)s: %(url)s", words=word, url=outlet) if outlet else word


def _letters(text: str) -> str:
    """Return letters and digits alone, in lower case, to compare texts."""
    return "".join(character for character in text.casefold() if character.isalnum())
