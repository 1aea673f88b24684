"""Sheet: a variant's mail before anybody is named in it: headers and body as bytes, with slots where the reader goes.
Pure.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from digest.deliver.links import Links
from digest.deliver.mime import headers, quoted_printable
from digest.deliver.render.rendered import ADDRESS, PLACEHOLDERS, PREFERENCES_URL, UNSUBSCRIBE_URL, Inline, Rendered
from digest.deliver.return_path import ReturnPath, edition_code
from digest.errors import RenderError


class Slot(IntEnum):
    """What is personal; a value's place in the tuple that fills a template."""

    TO = 0
    NUMBER = 1  # the subscriber in the Message-ID
    TOKEN = 2
    MAIL_TAG = 3  # in the mailto: of List-Unsubscribe
    TEXT_ADDRESS = 4
    HTML_ADDRESS = 5


Piece = bytes | Slot


@dataclass(frozen=True, slots=True)
class Facts:
    """What all copies of one edition share besides the rendered text. `date` is frozen (aware); `postal` is not used
    here. For a test send give an `edition_id` of its own, or the reader's mail program drops the second test as a copy.
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


_PLACEHOLDER = re.compile("(" + "|".join(map(re.escape, PLACEHOLDERS)) + ")")


def _id_name(facts: Facts) -> str:
    return headers.safe_id(facts.edition_id, edition_code(facts.edition_id))


def id_ends(facts: Facts) -> tuple[str, str]:
    """What stands before and after the subscriber in a Message-ID."""
    return f"<{_id_name(facts)}.", f"@{facts.domain}>"


def boundary(rendered: Rendered, facts: Facts) -> bytes:
    """The same for the same content, so a copy sent again is the same copy. `=_` never occurs in quoted-printable."""
    content = "\0".join((facts.edition_id, rendered.text, rendered.html))
    return b"=_" + hashlib.sha256(content.encode(errors="replace")).hexdigest()[:28].encode("ascii")


def header(
    rendered: Rendered, facts: Facts, links: Links, return_path: ReturnPath, boundary: bytes
) -> tuple[tuple[str, tuple[Piece, ...]], ...]:
    """Every header of docs/mail.md; what is personal is a slot."""
    if any(placeholder in rendered.subject for placeholder in PLACEHOLDERS):
        raise RenderError("header Subject: a personal placeholder stands in it; only the bodies may have any")
    domain = headers.raw_address("From", facts.sender_address).rpartition("@")[2].lower()
    number = headers.safe_id(facts.newsletter, edition_code(facts.newsletter))
    list_id = f"<{number}.{domain}>".encode("ascii")
    list_title = (
        headers.phrase("List-ID", facts.title, len("List-ID: ") + len(list_id)) + b"\r\n " if facts.title else b""
    )
    feedback = f"{_id_name(facts)}:{number}:digest:{re.sub('[^a-z0-9]', '', domain)[:15]}"
    unsubscribe = headers.uris("List-Unsubscribe", links.unsubscribe_prefix)[:-1]
    id_start, id_end = id_ends(facts)
    mailto = b">,\r\n <mailto:" + return_path.prefix.replace("%", "%25").encode("ascii")
    mail_end = f"@{return_path.domain}?subject=unsubscribe>".encode("ascii")
    fixed: list[tuple[str, Piece | tuple[Piece, ...]]] = [
        ("From", headers.mailbox("From", facts.sender_name, facts.sender_address)),
        ("To", Slot.TO),
        ("Reply-To", headers.raw_address("Reply-To", facts.reply_to or facts.sender_address).encode("ascii")),
        ("Subject", headers.unstructured("Subject", rendered.subject)),
        ("Date", headers.date(facts.date)),
        ("Message-ID", (id_start.encode("ascii"), Slot.NUMBER, id_end.encode("ascii"))),
        ("List-ID", list_title + list_id),
        ("List-Unsubscribe", (unsubscribe, Slot.TOKEN, mailto, Slot.MAIL_TAG, mail_end)),
        ("List-Unsubscribe-Post", b"List-Unsubscribe=One-Click"),
        ("List-Archive", headers.uris("List-Archive", links.archive_url())),
        ("List-Help", headers.uris("List-Help", links.help_url)),
        ("List-Post", b"NO"),
        ("Feedback-ID", headers.token("Feedback-ID", feedback)),
        ("Content-Language", headers.token("Content-Language", rendered.language)),
        ("MIME-Version", b"1.0"),
        ("Content-Type", b'multipart/alternative;\r\n boundary="' + boundary + b'"'),
    ]
    return tuple((name, value if isinstance(value, tuple) else (value,)) for name, value in fixed)


def multipart(rendered: Rendered, links: Links, boundary: bytes) -> tuple[Piece, ...]:
    """Text first, HTML last (RFC 2046 5.1.4: the best comes last), both quoted-printable UTF-8."""
    kind = b"Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    plain = [kind % b"plain", *_pieces(rendered.text, links, Slot.TEXT_ADDRESS)]
    page = [kind % b"html", *_pieces(rendered.html, links, Slot.HTML_ADDRESS)]
    if rendered.inline:
        page = _related(page, rendered.inline, boundary + b"r")
    start = b"--" + boundary + b"\r\n"
    return (start, *plain, b"\r\n" + start, *page, b"\r\n--" + boundary + b"--\r\n")


def _related(page: list[Piece], pictures: Sequence[Inline], boundary: bytes) -> list[Piece]:
    """The HTML with the pictures that it shows by `cid:` (RFC 2387, RFC 2392)."""
    start = b"--" + boundary + b"\r\n"
    opening = b'Content-Type: multipart/related; type="text/html";\r\n boundary="' + boundary + b'"\r\n\r\n'
    pieces: list[Piece] = [opening + start, *page]
    for picture in pictures:
        if picture.content_type not in {"image/jpeg", "image/png", "image/gif"}:
            raise RenderError(
                f"picture {picture.cid}: '{picture.content_type}' is no kind that every mail program shows"
            )
        cid = headers.raw_address("Content-ID", picture.cid).encode("ascii")
        lines = f"Content-Type: {picture.content_type}\r\nContent-Transfer-Encoding: base64\r\n".encode("ascii")
        lines += b"Content-Disposition: inline\r\nContent-ID: <" + cid + b">\r\n\r\n"
        body = base64.encodebytes(picture.data).replace(b"\n", b"\r\n")
        pieces.append(b"\r\n" + start + lines + body)
    return [*pieces, b"--" + boundary + b"--\r\n"]


def _pieces(text: str, links: Links, address: Slot) -> list[Piece]:
    """Quoted-printable lines with slots where the placeholders stood; a joint is always the start of a line."""
    slots: dict[str, tuple[str, Slot]] = {
        UNSUBSCRIBE_URL: (links.unsubscribe_prefix, Slot.TOKEN),
        PREFERENCES_URL: (links.preferences_prefix, Slot.TOKEN),
        ADDRESS: ("", address),
    }
    pieces: list[Piece] = []
    before, *rest = _PLACEHOLDER.split(text.rstrip("\r\n") + "\n")
    for placeholder, after in zip(rest[::2], rest[1::2], strict=True):
        prefix, slot = slots[placeholder]
        pieces += [quoted_printable.joint(quoted_printable.encode(before + prefix)), slot, quoted_printable.SOFT]
        before = after
    return [*pieces, quoted_printable.encode(before)]


def flatten(pieces: Iterable[Piece]) -> tuple[list[bytes], tuple[tuple[int, Slot], ...]]:
    """Neighbouring bytes joined; the places of the slots among what is left."""
    flat: list[bytes] = [b""]
    slots: list[tuple[int, Slot]] = []
    for piece in pieces:
        if isinstance(piece, Slot):
            slots.append((len(flat), piece))
            flat += [b"", b""]
        else:
            flat[-1] += piece
    return flat, tuple(slots)
