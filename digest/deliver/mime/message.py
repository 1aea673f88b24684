"""Message: one subscriber's copy of a variant, as ready bytes. Pure.

A variant is encoded once into pieces with numbered slots between them (`Template.build`); a copy is those pieces with a
few short values in the slots (`Template.fill`), so 100,000 readers cost 100,000 times those values and no more. What
leaves here is safe for SMTP by construction: 7-bit, CRLF only, no line beginning with a dot, none over 998 octets.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import compat32
from itertools import chain
from operator import itemgetter
from typing import NamedTuple, Protocol

from digest.deliver.address import canonical, is_plain
from digest.deliver.links import Links
from digest.deliver.mime import headers, pieces, quoted_printable
from digest.deliver.mime.pieces import Facts, Piece, Slot
from digest.deliver.render.rendered import Rendered
from digest.deliver.return_path import ReturnPath
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


#: One of each `Slot`, in their order.
Values = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A variant's mail with slots. `header` holds (name, pieces) in order, `body` pieces after the blank line."""

    facts: Facts
    header: tuple[tuple[str, tuple[Piece, ...]], ...]
    body: tuple[Piece, ...]
    parts: Callable[[Values], tuple[bytes, ...]]  # the mail with these values in the slots
    _token: Callable[[int], bytes]
    _stamp: Callable[[int], tuple[str, str]]
    _id_start: str
    _id_end: str

    @classmethod
    def build(cls, rendered: Rendered, facts: Facts, links: Links, return_path: ReturnPath) -> Template:
        """Encode a variant once. Raises RenderError for text that cannot become a mail, naming what is wrong."""
        boundary = pieces.boundary(rendered, facts)
        header = pieces.header(rendered, facts, links, return_path, boundary)
        body = pieces.multipart(rendered, links, boundary)
        lines = [(name.encode("ascii") + b": ", *pieces, b"\r\n") for name, pieces in header]
        flat, slots = pieces.flatten([*chain.from_iterable(lines), b"\r\n", *body])
        token, stamp = links.tokens(facts.newsletter), return_path.addresses(facts.edition_id)
        template = cls(facts, header, body, _weaver(flat, slots), token, stamp, *pieces.id_ends(facts))
        _check(template)
        return template

    def fill(self, to: Recipient) -> Message:
        """One copy; raises AddressError for an address that is not canonical."""
        values, sender = self.values(to)
        return self.message(to, sender, self.parts(values))

    def message(self, to: Recipient, sender: str, parts: tuple[bytes, ...]) -> Message:
        """A Message of these parts, with envelope and Message-ID of the recipient."""
        number, address, _ = to
        message_id = f"{self._id_start}{number:x}{self._id_end}"
        edition_id = self.facts.edition_id
        return Message(edition_id, number, sender, address, message_id, parts, not address.isascii(), True)

    def values(self, to: Recipient) -> tuple[Values, str]:
        """What goes into the slots, by `Slot`, and the envelope's sender."""
        number, address, name = to
        quick = len(address) <= 64 and _QUICK(address)
        if not (quick or is_plain(address)) and canonical(address).text != address:
            raise RenderError(f"'{address}' is not in its canonical form; store addresses by address.canonical")
        encoded = in_text = in_html = address.encode()
        if not quick:
            in_text, in_html = quoted_printable.encode(address), quoted_printable.encode(html.escape(address))
        if name:
            encoded = headers.mailbox("To", name, address)
        token = self._token(number)
        if len(token) > 75:
            token = quoted_printable.SOFT.join(token[at : at + 75] for at in range(0, len(token), 75))
        sender, leave = self._stamp(number)
        return (encoded, b"%x" % number, token, leave.encode("ascii"), in_text, in_html), sender


_LONG = 4096  # octets that are worth a place of their own in a scattered write
#: Addresses as most are, of at most 64 characters: canonical, and the same in a header, in text and in HTML.
_QUICK = re.compile(
    r"[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+@[a-z0-9]++(?:-[a-z0-9]++)*+(?:\.[a-z0-9]++(?:-[a-z0-9]++)*+)++"
).fullmatch


def _weaver(flat: Sequence[bytes], slots: Sequence[tuple[int, Slot]]) -> Callable[[Values], tuple[bytes, ...]]:
    """Puts values into their slots, and joins what is short."""
    slot_at = dict(slots)
    parts: list[bytes] = []
    joins: list[tuple[int, Callable[[Values], tuple[bytes, ...]]]] = []
    nothing = len(Slot) + len(flat)
    for start, end in _groups(flat):
        if end - start > 1 or start in slot_at:
            # Where each piece is found when the fixed ones stand behind the values; of two or more, so it is a tuple.
            places = [slot_at.get(n, len(Slot) + n) for n in range(start, end) if n in slot_at or flat[n]]
            joins.append((len(parts), itemgetter(*places, nothing)))
        parts.append(flat[start])
    fixed = (*flat, b"")

    def weave(values: Values) -> tuple[bytes, ...]:
        row = values + fixed
        woven = parts.copy()
        for place, pick in joins:
            woven[place] = b"".join(pick(row))
        return tuple(woven)

    return weave


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
