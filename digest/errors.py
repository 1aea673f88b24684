"""Errors and findings: what is wrong, and the remedy, as two fields.

The class of an error says what a caller can do about it. The exit codes of the command `digest` hang on the class
(`exit_code`), so that scripts can tell 'bad settings' from 'try again later'.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check: where, the problem in one line, the remedy ("" where there is nothing to do).

    The JSON of every command that prints findings is `as_json()`.
    """

    where: str
    problem: str
    remedy: str = ""
    severity: Severity = "error"

    def as_json(self) -> dict[str, str]:
        return asdict(self)


class DigestError(Exception):
    """Base of all our errors: `message` names the thing that is wrong, `remedy` what mends it ("" where nothing does).

    `str(error)` is both in one line, for a person.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message}; {remedy}" if remedy else message)


class SettingsError(DigestError):
    """The settings cannot be used. `problems` has one line for each, with its remedy."""

    exit_code = 78

    def __init__(self, *problems: str, remedy: str = "") -> None:
        self.problems = problems
        super().__init__("\n".join(problems), remedy)


class FeedError(DigestError):
    """One feed cannot be used; the others go on. `reason` is the message without the URL."""

    def __init__(self, url: str, reason: str, remedy: str = "") -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"{url}: {reason}", remedy)


class FetchError(FeedError):
    """A URL could not be fetched. `status` is the HTTP status if there was an answer."""

    def __init__(self, url: str, reason: str, status: int | None = None, remedy: str = "") -> None:
        super().__init__(url, reason, remedy)
        self.status = status


class ParseError(FeedError):
    """The response is no feed."""


class ArticleError(DigestError):
    """One page could not be read."""

    def __init__(self, url: str, reason: str, remedy: str = "") -> None:
        self.url = url
        super().__init__(f"{url}: {reason}", remedy)


class EditionError(DigestError):
    """The edition's state does not allow the operation."""


class NotApproved(EditionError):
    """The edition waits for an editor's approval."""


class AlreadySent(EditionError):
    """The edition is being sent or was sent; nothing may change it."""


class EditConflict(EditionError):
    """Somebody else changed the edition since it was read; nothing was overwritten."""


class HeldBack(DigestError):
    """The address is suppressed: it bounced, or its owner complained or unsubscribed."""


class RenderError(DigestError):
    """A template or its data cannot become a mail; names file and line where known."""


class SendError(DigestError):
    """A mail server refused, or none could be reached. `code` is its three-digit reply (0: none), `reply` its text.

    `recipient` is the address that the reply is about, if it is about one.
    """

    def __init__(self, code: int, reply: str, recipient: str = "", remedy: str = "") -> None:
        self.code = code
        self.reply = reply
        coded = reply if not code or reply.startswith(str(code)) else f"{code} {reply}"
        super().__init__(f"{recipient}: {coded}" if recipient else coded, remedy)


class Refused(SendError):
    """A permanent refusal (5xx): do not try again."""


class Deferred(SendError):
    """A temporary refusal (4xx): try again later."""

    exit_code = 75


class StoreError(DigestError):
    """The database cannot be used as it is."""


class StoreBusy(StoreError):
    """Another process holds the database; the same command may work in a minute."""

    exit_code = 75
