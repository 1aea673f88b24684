"""Rendered: a variant's mail, complete but for what is personal. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: What stands in a rendered mail where something personal goes. Each looks like valid data of its kind (RFC 2606
#: `.invalid`), so templates, checkers and inliners treat it as the real thing; `message` replaces it.
UNSUBSCRIBE_URL: Final = "https://unsubscribe.digest.invalid/"
PREFERENCES_URL: Final = "https://preferences.digest.invalid/"
ADDRESS: Final = "reader@digest.invalid"
PLACEHOLDERS: Final = (UNSUBSCRIBE_URL, PREFERENCES_URL, ADDRESS)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a check found in a rendered mail; a blocking one stops the send. `remedy` says what to do."""

    check: str  # short machine name: size, link, contrast, ...
    message: str
    remedy: str
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class Inline:
    """A picture that travels in the mail; the HTML shows it as `cid:` and `cid` (RFC 2392)."""

    cid: str
    content_type: str  # image/jpeg or image/png
    data: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """Subject, preheader and both bodies of one variant, with `PLACEHOLDERS` still in them.

    `inline` are the pictures that the message carries beside the HTML (multipart/related), where there are any.
    """

    subject: str
    preheader: str
    html: str
    text: str
    language: str
    problems: tuple[Problem, ...] = ()
    inline: tuple[Inline, ...] = ()

    @property
    def blocked(self) -> bool:
        """True when a check forbids sending this."""
        return any(problem.blocking for problem in self.problems)
