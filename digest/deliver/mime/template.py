"""MessageTemplate: an edition's mail encoded once, with merge fields for what is personal. Pure.

A variant is encoded once into parts with merge fields between them (`MessageTemplate.build`); a copy is those parts
with a few short values filled in (`MessageTemplate.fill`), so 100,000 subscribers cost 100,000 times those values and
no more. Every copy is safe for SMTP by construction: 7-bit, CRLF only, no line beginning with a dot, none over 998
octets.
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
from typing import Final

from digest.deliver.address import canonical, is_plain
from digest.deliver.links import Links
from digest.deliver.mime import headers, multipart, quoted_printable
from digest.deliver.mime.merge_fields import MergeField, TemplatePart, join_parts
from digest.deliver.mime.message import EditionMetadata, Message, Recipient
from digest.deliver.render.rendered import Rendered
from digest.deliver.return_path import ReturnPath
from digest.errors import RenderError

#: One value for each `MergeField`, in their order.
Values = tuple[bytes, ...]

#: Octets from which a part is handed over alone, in a scattered write, instead of being copied into another.
_SEPARATE_OCTETS: Final = 4096
#: Addresses as most are, of at most 64 characters: canonical, and the same in a header, in text and in HTML.
_PLAIN_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+@[a-z0-9]++(?:-[a-z0-9]++)*+(?:\.[a-z0-9]++(?:-[a-z0-9]++)*+)++"
).fullmatch


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A variant's mail. `header` holds (name, parts) in order; `body` the parts after the blank line."""

    metadata: EditionMetadata
    header: tuple[tuple[str, tuple[TemplatePart, ...]], ...]
    body: tuple[TemplatePart, ...]
    parts: Callable[[Values], tuple[bytes, ...]]  # the mail with these values filled in
    _token: Callable[[int], bytes]
    _stamp: Callable[[int], tuple[str, str]]
    _id_start: str
    _id_end: str

    @classmethod
    def build(
        cls, rendered: Rendered, metadata: EditionMetadata, links: Links, return_path: ReturnPath
    ) -> MessageTemplate:
        """Encode a variant once. Raises RenderError for text that cannot become a mail, naming what is wrong."""
        boundary = multipart.boundary(rendered, metadata)
        header = multipart.header(rendered, metadata, links, return_path, boundary)
        body = multipart.body(rendered, links, boundary)
        lines = [(name.encode("ascii") + b": ", *value, b"\r\n") for name, value in header]
        fixed, merge_fields = join_parts([*chain.from_iterable(lines), b"\r\n", *body])
        token, stamp = links.tokens(metadata.newsletter), return_path.addresses(metadata.edition_id)
        fill = _fill_function(fixed, merge_fields)
        template = cls(metadata, header, body, fill, token, stamp, *multipart.message_id_ends(metadata))
        _check(template)
        return template

    def fill(self, to: Recipient, sent_at: int | None = None) -> Message:
        """Return one copy, with the same octets for the same recipient and time of handing over (since 1970).

        Raises AddressError for an address that is not canonical.
        """
        values, sender = self.values(to, self.default_date if sent_at is None else sent_at)
        return self.message(to, sender, self.parts(values))

    def message(self, to: Recipient, sender: str, parts: tuple[bytes, ...]) -> Message:
        """Return a Message of these parts, with the recipient's envelope and Message-ID."""
        number, address, _ = to
        message_id = f"{self._id_start}{number:x}{self._id_end}"
        edition_id = self.metadata.edition_id
        return Message(edition_id, number, sender, address, message_id, parts, not address.isascii(), True)

    @property
    def default_date(self) -> int:
        """The date of copies that are given no other, in seconds since 1970."""
        return int(self.metadata.date.timestamp())

    def values(self, to: Recipient, sent_at: int) -> tuple[Values, str]:
        """Return the recipient's values by `MergeField`, and the envelope sender."""
        number, address, name = to
        plain = len(address) <= 64 and _PLAIN_ADDRESS(address)
        if not (plain or is_plain(address)) and canonical(address).text != address:
            raise RenderError(f"'{address}' is not in its canonical form", "store addresses by address.canonical")
        encoded = in_text = in_html = address.encode()
        if not plain:
            in_text, in_html = quoted_printable.encode(address), quoted_printable.encode(html.escape(address))
        if name:
            encoded = headers.mailbox("To", name, address)
        token = self._token(number)
        if len(token) > 75:
            token = quoted_printable.SOFT_BREAK.join(token[at : at + 75] for at in range(0, len(token), 75))
        sender, mail_tag = self._stamp(number)
        date = headers.date_of(sent_at)
        return (encoded, b"%x" % number, token, mail_tag.encode("ascii"), in_text, in_html, date), sender


def _fill_function(
    fixed: Sequence[bytes], merge_fields: Sequence[tuple[int, MergeField]]
) -> Callable[[Values], tuple[bytes, ...]]:
    """Return the function that fills in values; it joins short parts and passes long ones on without copying."""
    field_at = dict(merge_fields)
    parts: list[bytes] = []
    joins: list[tuple[int, Callable[[Values], tuple[bytes, ...]]]] = []
    empty = len(MergeField) + len(fixed)
    for start, end in _groups(fixed):
        if end - start > 1 or start in field_at:
            # Indexes into values followed by the fixed parts. The empty one makes itemgetter always return a tuple.
            indexes = [field_at.get(n, len(MergeField) + n) for n in range(start, end) if n in field_at or fixed[n]]
            joins.append((len(parts), itemgetter(*indexes, empty)))
        parts.append(fixed[start])
    after_values = (*fixed, b"")

    def fill(values: Values) -> tuple[bytes, ...]:
        row = values + after_values
        filled = parts.copy()
        for index, pick in joins:
            filled[index] = b"".join(pick(row))
        return tuple(filled)

    return fill


def _groups(parts: Sequence[bytes]) -> tuple[tuple[int, int], ...]:
    """Return (start, end) of the runs to join: a long part stays alone, neighbouring short ones are one run."""
    groups: list[tuple[int, int]] = []
    for index, part in enumerate(parts):
        if groups and len(part) < _SEPARATE_OCTETS and len(parts[groups[-1][0]]) < _SEPARATE_OCTETS:
            groups[-1] = (groups[-1][0], index + 1)
        else:
            groups.append((index, index + 1))
    return tuple(groups)


def _check(template: MessageTemplate) -> None:
    """Parse a finished copy: the headers a mail program reads must be exactly those we wrote (CVE-2024-6923)."""
    data = template.fill(Recipient(0, "reader@digest.invalid")).data
    names = [name for name, _ in BytesParser(policy=compat32).parsebytes(data, headersonly=True).items()]
    if names != [name for name, _ in template.header]:
        raise RenderError(f"the mail's headers read back differently: {names}")
    longest = max(map(len, data.split(b"\r\n")))
    if longest > headers.LIMIT or data.count(b"\n") != data.count(b"\r\n") or data.count(b"\r") != data.count(b"\n"):
        raise RenderError(f"the mail has a line of {longest} octets or a bare line end; SMTP allows neither")
