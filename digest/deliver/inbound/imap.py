"""The bounce mailbox, read over IMAP. Processed mail is moved to another folder, never deleted."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from digest.deliver.access_token import TokenError, access_token, forget
from digest.deliver.inbound.dsn import LIMIT
from digest.errors import DigestError

if TYPE_CHECKING:
    from imap_tools import BaseMailBox

#: Sizes requested by one command: with more numbers its line is too long for some servers.
_BATCH: Final = 100
_SIZE: Final = re.compile(rb"\bUID (\d+)|\bRFC822\.SIZE (\d+)")


class MailboxError(DigestError):
    """The mailbox cannot be read; try again later."""

    exit_code = 75


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox to read. `done` and `ignored` are folders that are created when missing."""

    host: str
    username: str
    password: str
    port: int = 993
    token_command: str = ""  # prints an OAuth 2 access token, to sign in with it instead of the password
    folder: str = "INBOX"
    done: str = "digest-done"
    ignored: str = "digest-ignored"
    security: str = "tls"  # or "none", for a server on this machine
    ca_file: Path | None = None
    timeout: float = 60.0
    limit: int = 1000  # mails at one time


def poll(mailbox: Mailbox, handle: Callable[[bytes], bool]) -> tuple[int, int]:
    """Pass each mail to `handle`, which returns whether it was about our mail and has stored what it says.

    A mail is moved only after `handle` returned, so one during which the process died is read again; a repeated notice
    does not count twice. Mail too large to be a returned one is never fetched. Returns the numbers of relevant and of
    irrelevant mails. Raises MailboxError.
    """
    with _session(mailbox) as session:
        return _read_all(session, mailbox, handle)


def count_mails(mailbox: Mailbox) -> int:
    """How many mails are in the folder. Raises MailboxError."""
    with _session(mailbox) as session:
        return len(session.uids())


@contextmanager
def _session(mailbox: Mailbox) -> Iterator[BaseMailBox]:
    """A session that is signed in, with the folder selected. Raises MailboxError for any error until it is closed."""
    from imap_tools import MailBox, MailBoxUnencrypted
    from imap_tools.errors import ImapToolsError

    try:
        box: BaseMailBox
        if mailbox.security == "none":
            box = MailBoxUnencrypted(mailbox.host, mailbox.port, timeout=mailbox.timeout)
        else:
            context = ssl.create_default_context(cafile=str(mailbox.ca_file) if mailbox.ca_file else None)
            box = MailBox(mailbox.host, mailbox.port, timeout=mailbox.timeout, ssl_context=context)
        with _signed_in(box, mailbox) as session:
            yield session
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        raise MailboxError(f"the mailbox at {mailbox.host}:{mailbox.port} cannot be read: {error}") from None


def _signed_in(box: BaseMailBox, mailbox: Mailbox) -> BaseMailBox:
    """Sign in by token or password and select the folder."""
    from imap_tools.errors import ImapToolsError

    capabilities = {str(capability).upper() for capability in box.client.capabilities}
    if not mailbox.token_command:
        if "LOGINDISABLED" in capabilities:
            methods = ", ".join(sorted(c.removeprefix("AUTH=") for c in capabilities if c.startswith("AUTH=")))
            raise MailboxError(
                f"the mailbox at {mailbox.host}:{mailbox.port} takes no password and offers {methods or 'no method'}",
                "set bounces.token_command to a command that prints an access token",
            )
        return box.login(mailbox.username, mailbox.password, initial_folder=mailbox.folder)
    try:
        token = access_token(mailbox.token_command)
    except TokenError as error:
        raise MailboxError(f"the mailbox at {mailbox.host}:{mailbox.port} cannot be read: {error}") from None
    try:
        return box.xoauth2(mailbox.username, token, initial_folder=mailbox.folder)
    except (imaplib.IMAP4.error, ImapToolsError):
        forget(mailbox.token_command)
        raise


def _read_all(session: BaseMailBox, mailbox: Mailbox, handle: Callable[[bytes], bool]) -> tuple[int, int]:
    done, ignored = _folder(session, mailbox.done), _folder(session, mailbox.ignored)
    relevant = irrelevant = 0
    for uid, size in _sizes(session, session.uids()[: mailbox.limit]):
        data = b"" if size > LIMIT else _fetch(session, uid)
        if data is None:
            continue
        ours = bool(data) and handle(data)
        relevant, irrelevant = relevant + ours, irrelevant + (not ours)
        session.move([uid], done if ours else ignored)
    return relevant, irrelevant


def _folder(session: BaseMailBox, name: str) -> str:
    """The name of the folder, created when missing. Some servers allow a user's folders only below the inbox."""
    from imap_tools.errors import ImapToolsError

    known = session.folder.list()
    below = f"INBOX{next((folder.delim for folder in known if folder.delim), '.')}{name}"
    names = {folder.name for folder in known}
    for candidate in (name, below):
        if candidate in names:
            return candidate
    for candidate in (name, below):
        with suppress(ImapToolsError):
            session.folder.create(candidate)
            return candidate
    return name  # moving there will raise the error


def _sizes(session: BaseMailBox, uids: list[str]) -> Iterator[tuple[str, int]]:
    """The uid and the size in octets of each mail."""
    for start in range(0, len(uids), _BATCH):
        _, lines = session.client.uid("fetch", ",".join(uids[start : start + _BATCH]), "(UID RFC822.SIZE)")
        for line in lines:
            fields = dict.fromkeys(("uid", "size"), b"")
            for match in _SIZE.finditer(line if isinstance(line, bytes) else b""):
                fields["uid" if match[1] else "size"] = match[1] or match[2]
            if fields["uid"] and fields["size"]:
                yield fields["uid"].decode(), int(fields["size"])


def _fetch(session: BaseMailBox, uid: str) -> bytes | None:
    """The raw mail, left unread; None when it has disappeared meanwhile."""
    _, parts = session.client.uid("fetch", uid, "(BODY.PEEK[])")
    return next((part[1] for part in parts if isinstance(part, tuple)), None)
