"""Renderer: edition and variant in, `Rendered` out: the one way to a mail for preview, test, send and archive."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from digest import resources
from digest.compose.edition import Edition, EditionStory
from digest.deliver import mailcheck
from digest.deliver.content import Content, Shown, Story, content
from digest.deliver.press import Press
from digest.deliver.rendered import Rendered
from digest.deliver.theme import WHOLE, Look, Shape, Theme, Variant, parse
from digest.errors import RenderError
from digest.text.locale import locale

_MARK: Final = re.compile("<!--\ufdd0(\\d+)\ufdd1-->")
#: Room for what is personal: two tokens of about 150 characters and an address.
_SPARE: Final = 700
_KEPT: Final = 5000  # fragments


class Renderer:
    """Makes mails. `folders` are users' template folders (with `email/` and `locale/`), the first wins over the next.

    Keeps one compiler process and the fragments of stories: a story is printed once per language and look, whatever
    the number of variants. Safe to share between threads.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self.folders = tuple(Path(folder) for folder in folders)
        self._press = Press(self.folders)
        self._fragments: OrderedDict[Any, str] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the compiler process; rendering again starts another."""
        self._press.close()

    def theme(self, name: str) -> Theme:
        """A theme by name. Raises RenderError naming those that exist."""
        if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
            for folder in (*self.folders, resources.templates()):
                path = folder / "email" / name / "theme.toml"
                if path.is_file():
                    return parse(name, path.read_text(encoding="utf-8"), str(path))
        raise RenderError(f"there is no theme '{name}': choose from {', '.join(self.themes())}")

    def themes(self) -> list[str]:
        """The names of all themes."""
        folders = (*self.folders, resources.templates())
        return sorted({path.parent.name for folder in folders for path in (folder / "email").glob("*/theme.toml")})

    def render(
        self,
        edition: Edition,
        look: Look,
        variant: Variant = WHOLE,
        pictures: Mapping[str, Any] | None = None,
    ) -> Rendered:
        """The mail of an edition for a variant, checked. Raises RenderError when a template is wrong."""
        theme = self.theme(look.theme)
        tongue = locale(variant.language or edition.language, self.folders)

        def picture_of(story: EditionStory, shape: Shape) -> Shown | None:
            return None

        def made(keep: int | None = None) -> Content:
            return content(edition, look, theme, variant, tongue, picture_of, keep)

        printed = made()
        html, text = self._printed(theme, printed)
        if not variant.web and len(html.encode()) > look.budget - _SPARE:
            printed = made(self._fitting(theme, printed, look.budget - _SPARE))
            html, text = self._printed(theme, printed)
        rendered = Rendered(printed.subject, printed.preheader, html, text, tongue.tag)
        return mailcheck.checked(rendered, look, variant)

    def _printed(self, theme: Theme, mail: Content) -> tuple[str, str]:
        """HTML and text."""
        pieces = self._pieces(theme, mail)
        answer = self._press.ask("mail", theme.name, asdict(mail))
        html = _MARK.sub(lambda m: pieces[int(m[1])], answer["html"])
        return html, answer["text"]

    def _pieces(self, theme: Theme, mail: Content) -> list[str]:
        """The fragments of the mail's stories, in reading order; only new ones are compiled."""
        shared = {
            "language": mail.language,
            "dir": mail.dir,
            "start": mail.start,
            "end": mail.end,
            "newsletter": mail.newsletter,
            "web": mail.web,
            "dress": asdict(mail.dress),
        }
        key = (theme.name, mail.language, mail.newsletter, mail.web, mail.dress, self._stamp(theme.name))
        stories = _stories(mail)
        missing = [story for story in dict.fromkeys(stories) if (key, story) not in self._fragments]
        if missing:
            made = self._press.ask("fragments", theme.name, shared, [asdict(story) for story in missing])
            self._fragments.update(zip(((key, story) for story in missing), made, strict=True))
        found = [self._fragments[key, story] for story in stories]
        while len(self._fragments) > _KEPT:
            self._fragments.popitem(last=False)
        return found

    def _fitting(self, theme: Theme, mail: Content, room: int) -> int:
        """How many stories fit into `room` bytes; at least one."""
        frame = len(self._press.ask("mail", theme.name, asdict(mail))["html"].encode()) + 400
        kept = 0
        for piece in self._pieces(theme, mail):
            frame += len(piece.encode())
            if frame > room:
                break
            kept += 1
        return max(1, kept)

    def _stamp(self, theme: str) -> int:
        """Changes when a template changes, so that an edited theme is seen at once."""
        folders = (*self.folders, resources.templates())
        files = (path for folder in folders for path in (folder / "email").rglob("*.j2"))
        return max((path.stat().st_mtime_ns for path in files), default=0)


def _stories(mail: Content) -> list[Story]:
    return [*([mail.top] if mail.top else []), *(story for part in mail.parts for story in part.stories)]
