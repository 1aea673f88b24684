"""Message: one subscriber's copy of an edition, as ready bytes with its envelope. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


class Recipient(NamedTuple):
    """The subscriber a copy is for. `address` is canonical (`address.canonical`), exactly as it is stored."""

    subscriber_id: int
    address: str
    name: str = ""


class Message(NamedTuple):
    """One copy, ready for SMTP. `parts` joined are the mail; copies share most of them."""

    edition_id: str
    subscriber_id: int
    envelope_sender: str
    envelope_recipient: str
    message_id: str
    parts: tuple[bytes, ...]
    smtputf8: bool = False
    safe: bool = False  # built from a template, so DATA needs no check of its line ends and dots

    @property
    def data(self) -> bytes:
        """The whole mail: headers, blank line, body; CRLF throughout, ending in one."""
        return b"".join(self.parts)


class MessageFactory(Protocol):
    """Builds messages for recipients: a MessageTemplate, or a signed one (`dkim`)."""

    def fill(self, to: Recipient, sent_at: int | None = None) -> Message:
        """Return one copy, dated `sent_at` (seconds since 1970); raises AddressError for an address not canonical."""


@dataclass(frozen=True, slots=True)
class EditionMetadata:
    """The header values that all copies of an edition share. `date` (aware) is for copies that are given no other.

    A test send needs an `edition_id` of its own, or the mail program drops the second test as a duplicate.
    """

    edition_id: str
    newsletter: str
    title: str  # of the newsletter, shown with List-ID
    sender_name: str
    sender_address: str
    date: datetime
    reply_to: str = ""

    @property
    def domain(self) -> str:
        """The domain of Message-ID and List-ID: the sender's own."""
        return self.sender_address.rpartition("@")[2].lower()
