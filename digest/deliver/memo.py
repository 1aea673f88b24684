"""Memo: a plain mail from the program to an editor; not part of any edition's books. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from digest.deliver.headers import checked
from digest.deliver.message import Message


@dataclass(frozen=True, slots=True)
class Memo:
    """What is told. `key` names it: the same memo to the same person is the same message."""

    key: str
    subject: str
    text: str
    sender_name: str
    sender_address: str
    date: datetime


def memo(what: Memo, number: int, address: str) -> Message:
    """One copy, for the person who is `number`th. Raises RenderError for a text that cannot stand in a header.

    `Auto-Submitted` (RFC 3834) keeps holiday answers from coming back.
    """
    mail = EmailMessage(policy=SMTP.clone(max_line_length=76))
    domain = what.sender_address.rpartition("@")[2]
    code = hashlib.blake2b(f"{what.key}\n{address}".encode(), digest_size=12).hexdigest()
    mail["From"] = Address(checked("From", what.sender_name), addr_spec=what.sender_address)
    mail["To"] = Address(addr_spec=address)
    mail["Subject"] = checked("Subject", what.subject)
    mail["Date"] = what.date
    mail["Message-ID"] = f"<{code}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(what.text, cte="quoted-printable")
    return Message(what.key, number, what.sender_address, address, str(mail["Message-ID"]), (mail.as_bytes(),))


def reminder(preview: str, reason: str, stories: Sequence[str], warnings: Sequence[str]) -> str:
    """The text of a reminder: why, what is in the edition, what its sources do otherwise, what to type."""
    parts = [reason[:1].upper() + reason[1:] + "."]
    parts.append("\n".join(f"{number:2}. {title}" for number, title in enumerate(stories, 1)) or "It has no story.")
    if warnings:
        parts.append("Sources to look at:\n" + "\n".join(f"- {line}" for line in warnings))
    parts.append(
        f"Look:     digest preview {preview}\nChange:   digest edit {preview}\nApprove:  digest approve {preview}"
    )
    return "\n\n".join(parts) + "\n"


def warning(slot: str, warnings: Sequence[str]) -> str:
    """The text of a warning of sources, before the edition of a slot is composed."""
    listed = "\n".join(f"- {line}" for line in warnings)
    head = f"The edition of {slot} will be composed soon. Its sources do otherwise than they used to:"
    return f"{head}\n\n{listed}\n\nLook:     digest feeds list\nTry:      digest feeds test\n"
