"""Rendered: a variant's mail, complete except for personal values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Placeholders for personal values. Each is valid data of its kind (RFC 2606 `.invalid`), so templates, checks and
#: inliners treat it as a real value; `mime.template` replaces it.
UNSUBSCRIBE_URL: Final = "https://unsubscribe.digest.invalid/"
PREFERENCES_URL: Final = "https://preferences.digest.invalid/"
ADDRESS: Final = "reader@digest.invalid"
PLACEHOLDERS: Final = (UNSUBSCRIBE_URL, PREFERENCES_URL, ADDRESS)


@dataclass(frozen=True, slots=True)
class Problem:
    """One result of a check of a rendered mail; a blocking one stops the send. `remedy` says what to do."""

    check: str  # short machine name: size, link, contrast, ...
    message: str
    remedy: str
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A picture attached to the mail; the HTML shows it as `cid:` and `cid` (RFC 2392)."""

    cid: str
    content_type: str  # image/jpeg or image/png
    data: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """Subject, preheader and both bodies of one variant, with `PLACEHOLDERS` still in them.

    `inline` are the pictures attached beside the HTML (multipart/related).
    """

    subject: str
    preheader: str
    html: str
    text: str
    language: str
    problems: tuple[Problem, ...] = ()
    inline: tuple[InlinePicture, ...] = ()

    @property
    def blocked(self) -> bool:
        """True when a check forbids sending it."""
        return any(problem.blocking for problem in self.problems)
