"""Renderer: edition and variant in, `Rendered` out: the one way to a mail for preview, test, send and archive."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

from digest.compose.edition import Edition, EditionStory
from digest.deliver import subject_line
from digest.deliver.check.checked import Checked
from digest.deliver.check.mail import problems as mail_problems
from digest.deliver.render import css, templates
from digest.deliver.render.compiler_process import TIME_LIMIT, Press
from digest.deliver.render.content import SHARED, Content, Shown, stories_of
from digest.deliver.render.content_builder import title_of, typeset, words
from digest.deliver.render.picture import Prepared
from digest.deliver.render.rendered import Inline, Rendered
from digest.deliver.theme import WHOLE, Look, Shape, Theme, Variant
from digest.errors import RenderError
from digest.text.catalogue import locale

NO_PICTURES: Final[Mapping[str, Prepared]] = MappingProxyType({})

_MARK: Final = re.compile("<!--\ufdd0(\\d+)\ufdd1-->")
#: Room for what is personal: two tokens of about 150 characters and an address.
_SPARE: Final = 700
_MORE: Final = 900  # the line 'N more on the web', in any language
_KEPT: Final = 5000  # fragments, then all are forgotten


class Renderer:
    """Makes mails. `folders` are users' template folders (with `email/` and `locale/`), the first wins.

    Templates may run for `time_limit` seconds.

    Keeps one compiler process and the fragments of stories: a story is printed once per language and look, whatever
    the number of variants. Safe to share between threads.
    """

    def __init__(self, folders: Sequence[Path] = (), time_limit: float = TIME_LIMIT) -> None:
        self.folders = tuple(Path(folder) for folder in folders)
        self._press = Press(self.folders, time_limit)
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
        self._press.close()

    def themes(self) -> list[str]:
        """The names of all themes."""
        return templates.themes(self.folders)

    def render(
        self,
        edition: Edition,
        look: Look,
        variant: Variant = WHOLE,
        pictures: Mapping[str, Prepared] = NO_PICTURES,
    ) -> Rendered:
        """The mail of an edition for a variant, checked. `pictures` are by the address in `story.image.url`.

        Raises RenderError when a theme or a template is wrong, naming file, line and remedy.
        """
        self._looked_through()
        theme = templates.theme(look.theme, self.folders)
        tongue = locale(variant.language or edition.language, self.folders)
        inline: dict[str, Inline] = {}

        def picture_of(story: EditionStory, shape: Shape) -> Shown | None:
            return shown(story, shape, theme, look, variant, pictures, inline)

        def made(keep: int | None = None, subject: str = "") -> Content:
            inline.clear()
            return typeset(edition, look, theme, variant, tongue, picture_of, keep, subject)

        mail = made()
        subject = self._subject(edition, look, mail)
        mail = replace(mail, subject=subject)
        html, text = self._printed(theme, mail)
        if not variant.web and len(html.encode()) > look.budget - _SPARE:
            mail = replace(made(self._fitting(theme, mail, html, look.budget - _SPARE)), subject=subject)
            html, text = self._printed(theme, mail)
        checked = Checked(mail, look, html, text, css.final(html), css.final(html, dark=True))
        problems = mail_problems(checked)
        return Rendered(mail.subject, mail.preheader, html, text, tongue.tag, problems, tuple(inline.values()))

    def _subject(self, edition: Edition, look: Look, mail: Content) -> str:
        """The editor's subject, the newsletter's template's, or our own."""
        if edition.subject or not look.subject:
            return mail.subject
        context = {"newsletter": {"title": mail.newsletter}, "top": mail.top and asdict(mail.top), "date": mail.date}
        made = self._press.ask("subject", look.subject, {**context, "stories": mail.stories, "count": mail.count})
        return subject_line.subject(words(made, 300), [mail.subject], mail.newsletter)

    def _printed(self, theme: Theme, mail: Content) -> tuple[str, str]:
        """HTML and text."""
        pieces = self._pieces(theme, mail)
        answer = self._press.ask("mail", theme.name, asdict(mail))
        html = _MARK.sub(lambda m: pieces[int(m[1])], answer["html"])
        if mail.web:  # the compiler calls everything a mail
            html = html.replace('aria-roledescription="email" ', "").replace('role="article"', 'role="main"', 1)
        return html, answer["text"]

    def _pieces(self, theme: Theme, mail: Content) -> list[str]:
        """The fragments of the mail's stories, in reading order; only new ones are compiled."""
        shared = {name: getattr(mail, name) for name in SHARED} | {"dress": asdict(mail.dress)}
        key = (theme.name, mail.language, mail.newsletter, mail.dress)
        stories = stories_of(mail)
        found = {story: self._fragments.get((key, story)) for story in stories}
        missing = [story for story, piece in found.items() if piece is None]
        if missing:
            made = self._press.ask("fragments", theme.name, shared, [asdict(story) for story in missing])
            found.update(zip(missing, made, strict=True))
            if len(self._fragments) > _KEPT:
                self._fragments.clear()
            self._fragments.update({(key, story): found[story] for story in missing})
        return [found[story] or "" for story in stories]

    def _fitting(self, theme: Theme, mail: Content, html: str, room: int) -> int:
        """How many stories fit into `room` bytes; at least one."""
        sizes = [len(piece.encode()) for piece in self._pieces(theme, mail)]
        size = len(html.encode()) + _MORE
        kept = len(sizes)
        while kept > 1 and size > room:
            kept -= 1
            size -= sizes[kept]
        return kept

    def _looked_through(self) -> None:
        """Forget fragments when a template changed, and refuse templates with mistakes in them."""
        stamp = templates.stamp(self.folders)
        if stamp != self._stamp:
            if faults := templates.faults(self.folders):
                raise RenderError("\n".join(map(str, faults)))
            self._fragments.clear()
            self._stamp = stamp


def shown(
    story: EditionStory,
    shape: Shape,
    theme: Theme,
    look: Look,
    variant: Variant,
    pictures: Mapping[str, Prepared],
    inline: dict[str, Inline],
) -> Shown | None:
    """A story's picture as it is printed; one that travels in the mail is noted in `inline`."""
    width = theme.wide if shape == "wide" else theme.square
    prepared = pictures.get(story.image.url) if story.image else None
    if prepared is None or story.image is None or variant.pictures == "none" or not width:
        return None
    picture = prepared.shape(shape) or (prepared.square if shape == "wide" else None)
    if picture is None:
        return None
    shape = "wide" if picture is prepared.wide else "square"
    width = theme.wide if shape == "wide" else theme.square
    height = round(width * picture.height / picture.width)
    src = f"{look.media_url}/{picture.name}"
    if variant.pictures == "inline" and not variant.web:
        cid = f"{picture.name}@pictures.digest"
        inline[cid] = Inline(cid, "image/jpeg", picture.data)
        src = f"cid:{cid}"
    return Shown(src, words(story.image.alt, 160) or words(title_of(story), 160), width, height, shape)
