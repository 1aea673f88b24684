"""A mailbox that returned mail comes to, read over IMAP. What was dealt with is moved aside, never deleted."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from digest.errors import DigestError


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
    Returns how many were of use and how many were not. Raises MailboxError.
    """
    from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
    from imap_tools.errors import ImapToolsError

    try:
        box: BaseMailBox
        if mailbox.security == "none":
            box = MailBoxUnencrypted(mailbox.host, mailbox.port, timeout=mailbox.timeout)
        else:
            context = ssl.create_default_context(cafile=str(mailbox.ca_file) if mailbox.ca_file else None)
            box = MailBox(mailbox.host, mailbox.port, timeout=mailbox.timeout, ssl_context=context)
        with box.login(mailbox.username, mailbox.password, initial_folder=mailbox.folder) as session:
            return _read_all(session, mailbox, handle)
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        raise MailboxError(f"the mailbox at {mailbox.host}:{mailbox.port} cannot be read: {error}") from None


def _read_all(session: object, mailbox: Mailbox, handle: Callable[[bytes], bool]) -> tuple[int, int]:
    from imap_tools import BaseMailBox

    assert isinstance(session, BaseMailBox)
    for folder in (mailbox.done, mailbox.ignored):
        with suppress(Exception):  # it exists; if not, moving there will say so
            session.folder.create(folder)
    useful = useless = 0
    for mail in session.fetch(limit=mailbox.limit, mark_seen=False, bulk=20):
        if mail.uid is None:
            continue
        good = handle(mail.obj.as_bytes())
        useful, useless = useful + good, useless + (not good)
        session.move([mail.uid], mailbox.done if good else mailbox.ignored)
    return useful, useless
