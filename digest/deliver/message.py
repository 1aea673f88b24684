"""Message: one subscriber's copy of a variant, as ready bytes. Pure.

A variant is encoded once into pieces with numbered slots between them (`Template.build`); a copy is those pieces with a
few short values in the slots (`Template.fill`), so 100,000 readers cost 100,000 times those values and no more. What
leaves here is safe for SMTP by construction: 7-bit, CRLF only, no line beginning with a dot, none over 998 octets.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import compat32
from itertools import chain
from typing import NamedTuple, Protocol

from digest.deliver import headers, quoted, sheet
from digest.deliver.address import canonical, is_plain
from digest.deliver.links import Links
from digest.deliver.rendered import Rendered
from digest.deliver.returnpath import ReturnPath
from digest.deliver.sheet import Facts, Piece, Slot
from digest.errors import RenderError


class Recipient(NamedTuple):
    """Who gets a copy. `address` is canonical (`address.canonical`), exactly as it is stored."""

    subscriber_id: int
    address: str
    name: str = ""


class Message(NamedTuple):
    """One copy, ready for the wire. `parts` joined are the mail; copies share most of them."""

    edition_id: str
    subscriber_id: int
    envelope_sender: str
    envelope_recipient: str
    message_id: str
    parts: tuple[bytes, ...]
    smtputf8: bool = False
    safe: bool = False  # made by a template, so nothing in it needs looking through before DATA

    @property
    def data(self) -> bytes:
        """The whole mail: headers, blank line, body; CRLF throughout, ending in one."""
        return b"".join(self.parts)


class Filler(Protocol):
    """Whatever turns recipients into messages: a Template, or a signed one (`dkim`)."""

    def fill(self, to: Recipient) -> Message:
        """One copy; raises AddressError for an address that is not canonical."""


@dataclass(frozen=True, slots=True)
class Template:
    """A variant's mail with slots. `header` holds (name, pieces) in order, `body` pieces after the blank line."""

    facts: Facts
    header: tuple[tuple[str, tuple[Piece, ...]], ...]
    body: tuple[Piece, ...]
    links: Links
    return_path: ReturnPath
    _flat: list[bytes]
    _slots: tuple[tuple[int, Slot], ...]
    _groups: tuple[tuple[int, int], ...]
    _id_start: str
    _id_end: str

    @classmethod
    def build(cls, rendered: Rendered, facts: Facts, links: Links, return_path: ReturnPath) -> Template:
        """Encode a variant once. Raises RenderError for text that cannot become a mail, naming what is wrong."""
        boundary = sheet.boundary(rendered, facts)
        header = sheet.header(rendered, facts, links, return_path, boundary)
        body = sheet.multipart(rendered, links, boundary)
        lines = [(name.encode("ascii") + b": ", *pieces, b"\r\n") for name, pieces in header]
        flat, slots = sheet.flatten([*chain.from_iterable(lines), b"\r\n", *body])
        template = cls(facts, header, body, links, return_path, flat, slots, _groups(flat), *sheet.id_ends(facts))
        _check(template)
        return template

    def fill(self, to: Recipient) -> Message:
        """One copy; raises AddressError for an address that is not canonical."""
        values = self.values(to)
        return self.message(to, values, self.parts(values))

    def parts(self, values: Sequence[bytes]) -> tuple[bytes, ...]:
        """The mail with these values in the slots."""
        flat = self._flat.copy()
        for place, slot in self._slots:
            flat[place] = values[slot]
        return tuple([flat[start] if end - start == 1 else b"".join(flat[start:end]) for start, end in self._groups])

    def message(self, to: Recipient, values: Sequence[bytes], parts: tuple[bytes, ...]) -> Message:
        """A Message of these parts, with envelope and Message-ID of the recipient."""
        facts = self.facts
        return Message(
            facts.edition_id,
            to.subscriber_id,
            self.return_path.address_of(values[Slot.BOUNCE_TAG].decode("ascii")),
            to.address,
            f"{self._id_start}{to.subscriber_id:x}{self._id_end}",
            parts,
            not to.address.isascii(),
            True,
        )

    def values(self, to: Recipient) -> tuple[bytes, ...]:
        """What goes into the slots, by `Slot`."""
        address = to.address
        plain = is_plain(address)
        if not plain and canonical(address).text != address:
            raise RenderError(f"'{address}' is not in its canonical form; store addresses by address.canonical")
        encoded = address.encode()
        quick = plain and len(address) <= 75 and not _ESCAPED.search(address)
        number = to.subscriber_id
        bounce, leave = self.return_path.tags(self.facts.edition_id, number)
        return (
            encoded if not to.name else headers.mailbox("To", to.name, address),
            b"%x" % number,
            _token_lines(self.links.token(number, self.facts.newsletter)),
            leave.encode("ascii"),
            encoded if quick else quoted.encode(address),
            encoded if quick else quoted.encode(html.escape(address)),
            bounce.encode("ascii"),
        )


_LONG = 4096  # octets that are worth a place of their own in a scattered write
_ESCAPED = re.compile(r"[=&'\"<>]")


def _token_lines(token: str) -> bytes:
    """A token as quoted-printable lines; base64url has nothing to encode."""
    raw = token.encode("ascii")
    if len(raw) <= 75:
        return raw
    return quoted.SOFT.join(raw[at : at + 75] for at in range(0, len(raw), 75))


def _groups(flat: Sequence[bytes]) -> tuple[tuple[int, int], ...]:
    """Where to join: long pieces stay alone, so that nobody copies them; short ones travel together."""
    groups: list[tuple[int, int]] = []
    for place, piece in enumerate(flat):
        if groups and len(piece) < _LONG and len(flat[groups[-1][0]]) < _LONG:
            groups[-1] = (groups[-1][0], place + 1)
        else:
            groups.append((place, place + 1))
    return tuple(groups)


def _check(template: Template) -> None:
    """Parse a finished copy again: the headers a reader's program finds are exactly those we wrote (CVE-2024-6923)."""
    data = template.fill(Recipient(0, "reader@digest.invalid")).data
    found = [name for name, _ in BytesParser(policy=compat32).parsebytes(data, headersonly=True).items()]
    if found != [name for name, _ in template.header]:
        raise RenderError(f"the mail's headers read back differently: {found}")
    longest = max(map(len, data.split(b"\r\n")))
    if longest > headers.LIMIT or data.count(b"\n") != data.count(b"\r\n") or data.count(b"\r") != data.count(b"\n"):
        raise RenderError(f"the mail has a line of {longest} octets or a bare line end; SMTP allows neither")
