"""Every error this program raises, by what the caller can do about it.

A message names the thing and the remedy in one line; the command line prints it as it is. The process exit codes of
`digest` hang on the class (`exit_code`), so that scripts can tell 'bad settings' from 'try again later'.
"""


class DigestError(Exception):
    """Base of all our errors; `str(error)` is one line for a person."""

    exit_code = 1


class SettingsError(DigestError):
    """The settings cannot be used. `problems` has one line each, all found at once."""

    exit_code = 78

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class FeedError(DigestError):
    """Something is wrong with one feed; the day goes on without it."""

    def __init__(self, url: str, message: str) -> None:
        self.url = url
        super().__init__(f"{url}: {message}")
        self.reason = message


class FetchError(FeedError):
    """A URL could not be had. `status` is the HTTP status if there was an answer."""

    def __init__(self, url: str, message: str, status: int | None = None) -> None:
        super().__init__(url, message)
        self.status = status


class ParseError(FeedError):
    """The bytes came, but they are no feed."""


class ArticleError(DigestError):
    """One page could not be read; the ladder goes on with the feed's own text."""

    def __init__(self, url: str, message: str) -> None:
        self.url = url
        super().__init__(f"{url}: {message}")


class EditionError(DigestError):
    """What was asked cannot be done to this edition in its present state."""


class NotApproved(EditionError):
    """The edition waits for an editor."""


class AlreadySent(EditionError):
    """The edition is out; nothing may change it."""


class EditConflict(EditionError):
    """Somebody else changed the edition meanwhile; nothing was overwritten."""


class HeldBack(DigestError):
    """An address that must not be mailed: it bounced, its owner complained, or left for good."""


class RenderError(DigestError):
    """A template or its data cannot become a mail; names file and line where known."""


class SendError(DigestError):
    """A mail server said no, or none could be asked. `code` is its three-digit reply (0: none), `reply` its words.

    `recipient` is whom it was said about, where it was about one.
    """

    def __init__(self, code: int, reply: str, recipient: str = "") -> None:
        self.code = code
        self.reply = reply
        coded = reply if not code or reply.startswith(str(code)) else f"{code} {reply}"
        super().__init__(f"{recipient}: {coded}" if recipient else coded)


class Refused(SendError):
    """A permanent no (5xx): do not try again."""


class Deferred(SendError):
    """A temporary no (4xx): try again later."""

    exit_code = 75


class StoreError(DigestError):
    """The database cannot be used as it is; the message says what to do."""


class StoreBusy(StoreError):
    """Somebody else holds the database for now; the same command may work in a minute."""

    exit_code = 75
