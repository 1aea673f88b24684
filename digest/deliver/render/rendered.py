"""Rendered: a variant's mail, complete except for personal values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from digest.errors import Finding

#: Placeholders for personal values. Each is valid data of its kind (RFC 2606 `.invalid`), so templates, checks and
#: inliners treat it as a real value; `mime.template` replaces it.
UNSUBSCRIBE_URL: Final = "https://unsubscribe.digest.invalid/"
PREFERENCES_URL: Final = "https://preferences.digest.invalid/"
ADDRESS: Final = "reader@digest.invalid"
PLACEHOLDERS: Final = (UNSUBSCRIBE_URL, PREFERENCES_URL, ADDRESS)


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
    problems: tuple[Finding, ...] = ()
    inline: tuple[InlinePicture, ...] = ()

    @property
    def blocked(self) -> bool:
        """True when a check forbids sending it."""
        return any(problem.severity == "error" for problem in self.problems)
