"""A mailbox that returned mail comes to, read over IMAP. What was dealt with is moved aside, never deleted."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from digest.deliver.inbound.dsn import LIMIT
from digest.errors import DigestError

if TYPE_CHECKING:
    from imap_tools import BaseMailBox

#: Sizes asked for at a time: a command with more numbers is too long a line for some servers.
_AT_ONCE: Final = 100
_SIZE: Final = re.compile(rb"\bUID (\d+)|\bRFC822\.SIZE (\d+)")


class MailboxError(DigestError):
    """The mailbox cannot be read; try again later."""

    exit_code = 75


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where to look. `done` and `ignored` are folders that are made when missing."""

    host: str
    username: str
    password: str
    port: int = 993
    folder: str = "INBOX"
    done: str = "digest-done"
    ignored: str = "digest-ignored"
    security: str = "tls"  # or "none", for a server on this machine
    ca_file: Path | None = None
    timeout: float = 60.0
    limit: int = 1000  # mails at one time


def poll(mailbox: Mailbox, handle: Callable[[bytes], bool]) -> tuple[int, int]:
    """Give each mail to `handle`, which has stored what it says when it returns True, or False for nothing of ours.

    A mail is moved only after `handle` returned, so one that we die over is read again; a notice counts once anyway.
    One too large for a returned mail is never fetched. Returns how many were of use and how many were not. Raises
    MailboxError.
    """
    with _session(mailbox) as session:
        return _read_all(session, mailbox, handle)


def waiting(mailbox: Mailbox) -> int:
    """How many mails are in the folder. Raises MailboxError."""
    with _session(mailbox) as session:
        return len(session.uids())


@contextmanager
def _session(mailbox: Mailbox) -> Iterator[BaseMailBox]:
    """Signed in, with the folder open. Raises MailboxError for whatever goes wrong until it is closed."""
    from imap_tools import MailBox, MailBoxUnencrypted
    from imap_tools.errors import ImapToolsError

    try:
        box: BaseMailBox
        if mailbox.security == "none":
            box = MailBoxUnencrypted(mailbox.host, mailbox.port, timeout=mailbox.timeout)
        else:
            context = ssl.create_default_context(cafile=str(mailbox.ca_file) if mailbox.ca_file else None)
            box = MailBox(mailbox.host, mailbox.port, timeout=mailbox.timeout, ssl_context=context)
        with box.login(mailbox.username, mailbox.password, initial_folder=mailbox.folder) as session:
            yield session
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        raise MailboxError(f"the mailbox at {mailbox.host}:{mailbox.port} cannot be read: {error}") from None


def _read_all(session: BaseMailBox, mailbox: Mailbox, handle: Callable[[bytes], bool]) -> tuple[int, int]:
    done, ignored = _folder(session, mailbox.done), _folder(session, mailbox.ignored)
    useful = useless = 0
    for uid, size in _sizes(session, session.uids()[: mailbox.limit]):
        data = b"" if size > LIMIT else _fetch(session, uid)
        if data is None:
            continue
        good = bool(data) and handle(data)
        useful, useless = useful + good, useless + (not good)
        session.move([uid], done if good else ignored)
    return useful, useless


def _folder(session: BaseMailBox, name: str) -> str:
    """The folder, made when missing. Some servers keep a user's folders below the inbox, and only there."""
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
    return name  # moving there will say what is wrong


def _sizes(session: BaseMailBox, uids: list[str]) -> Iterator[tuple[str, int]]:
    """Each mail that is there, with its octets."""
    for start in range(0, len(uids), _AT_ONCE):
        _, lines = session.client.uid("fetch", ",".join(uids[start : start + _AT_ONCE]), "(UID RFC822.SIZE)")
        for line in lines:
            found = dict.fromkeys(("uid", "size"), b"")
            for match in _SIZE.finditer(line if isinstance(line, bytes) else b""):
                found["uid" if match[1] else "size"] = match[1] or match[2]
            if found["uid"] and found["size"]:
                yield found["uid"].decode(), int(found["size"])


def _fetch(session: BaseMailBox, uid: str) -> bytes | None:
    """The mail as it lies there, unread and unparsed; None when it has gone meanwhile."""
    _, parts = session.client.uid("fetch", uid, "(BODY.PEEK[])")
    return next((part[1] for part in parts if isinstance(part, tuple)), None)
