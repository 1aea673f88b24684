"""Headers and bodies of an edition's mail, encoded, with merge fields for what is personal. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Final

from digest.deliver.links import Links
from digest.deliver.mime import headers, quoted_printable
from digest.deliver.mime.merge_fields import MergeField, TemplatePart
from digest.deliver.mime.message import EditionMetadata
from digest.deliver.render.rendered import (
    ADDRESS,
    PLACEHOLDERS,
    PREFERENCES_URL,
    UNSUBSCRIBE_URL,
    InlinePicture,
    Rendered,
)
from digest.deliver.return_path import ReturnPath, edition_code
from digest.errors import RenderError

_PLACEHOLDER: Final = re.compile("(" + "|".join(map(re.escape, PLACEHOLDERS)) + ")")


def _message_id_name(metadata: EditionMetadata) -> str:
    return headers.safe_id(metadata.edition_id, edition_code(metadata.edition_id))


def message_id_ends(metadata: EditionMetadata) -> tuple[str, str]:
    """Return the text before and after the subscriber's number in a Message-ID."""
    return f"<{_message_id_name(metadata)}.", f"@{metadata.domain}>"


def boundary(rendered: Rendered, metadata: EditionMetadata) -> bytes:
    """Return the boundary, made from the content: a copy sent again has the same bytes.

    `=_` never occurs in quoted-printable (RFC 2045 6.7).
    """
    content = "\0".join((metadata.edition_id, rendered.text, rendered.html))
    return b"=_" + hashlib.sha256(content.encode(errors="replace")).hexdigest()[:28].encode("ascii")


def header(
    rendered: Rendered, metadata: EditionMetadata, links: Links, return_path: ReturnPath, boundary: bytes
) -> tuple[tuple[str, tuple[TemplatePart, ...]], ...]:
    """Return every header of docs/mail.md as (name, parts), in order."""
    if any(placeholder in rendered.subject for placeholder in PLACEHOLDERS):
        raise RenderError("header Subject: it has a personal placeholder; only the bodies may have any")
    domain = headers.raw_address("From", metadata.sender_address).rpartition("@")[2].lower()
    number = headers.safe_id(metadata.newsletter, edition_code(metadata.newsletter))
    list_id = f"<{number}.{domain}>".encode("ascii")
    list_title = (
        headers.phrase("List-ID", metadata.title, len("List-ID: ") + len(list_id)) + b"\r\n " if metadata.title else b""
    )
    feedback = f"{_message_id_name(metadata)}:{number}:digest:{re.sub('[^a-z0-9]', '', domain)[:15]}"
    unsubscribe = headers.uris("List-Unsubscribe", links.unsubscribe_prefix)[:-1]
    id_start, id_end = message_id_ends(metadata)
    mailto = b">,\r\n <mailto:" + return_path.prefix.replace("%", "%25").encode("ascii")
    mail_end = f"@{return_path.domain}?subject=unsubscribe>".encode("ascii")
    fixed: list[tuple[str, TemplatePart | tuple[TemplatePart, ...]]] = [
        ("From", headers.mailbox("From", metadata.sender_name, metadata.sender_address)),
        ("To", MergeField.TO),
        ("Reply-To", headers.raw_address("Reply-To", metadata.reply_to or metadata.sender_address).encode("ascii")),
        ("Subject", headers.unstructured("Subject", rendered.subject)),
        ("Date", MergeField.DATE),
        ("Message-ID", (id_start.encode("ascii"), MergeField.NUMBER, id_end.encode("ascii"))),
        ("List-ID", list_title + list_id),
        ("List-Unsubscribe", (unsubscribe, MergeField.TOKEN, mailto, MergeField.MAIL_TAG, mail_end)),
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


def body(rendered: Rendered, links: Links, boundary: bytes) -> tuple[TemplatePart, ...]:
    """Return text and HTML as quoted-printable UTF-8, the HTML last (RFC 2046 5.1.4: the best comes last)."""
    kind = b"Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    plain = [kind % b"plain", *_text_parts(rendered.text, links, MergeField.TEXT_ADDRESS)]
    page = [kind % b"html", *_text_parts(rendered.html, links, MergeField.HTML_ADDRESS)]
    if rendered.inline:
        page = _related(page, rendered.inline, boundary + b"r")
    start = b"--" + boundary + b"\r\n"
    return (start, *plain, b"\r\n" + start, *page, b"\r\n--" + boundary + b"--\r\n")


def _related(page: list[TemplatePart], pictures: Sequence[InlinePicture], boundary: bytes) -> list[TemplatePart]:
    """Return the HTML together with the pictures it shows by `cid:` (RFC 2387, RFC 2392)."""
    start = b"--" + boundary + b"\r\n"
    opening = b'Content-Type: multipart/related; type="text/html";\r\n boundary="' + boundary + b'"\r\n\r\n'
    parts: list[TemplatePart] = [opening + start, *page]
    for picture in pictures:
        if picture.content_type not in {"image/jpeg", "image/png", "image/gif"}:
            raise RenderError(
                f"picture {picture.cid}: '{picture.content_type}' is not a type that every mail program shows"
            )
        cid = headers.raw_address("Content-ID", picture.cid).encode("ascii")
        lines = f"Content-Type: {picture.content_type}\r\nContent-Transfer-Encoding: base64\r\n".encode("ascii")
        lines += b"Content-Disposition: inline\r\nContent-ID: <" + cid + b">\r\n\r\n"
        body = base64.encodebytes(picture.data).replace(b"\n", b"\r\n")
        parts.append(b"\r\n" + start + lines + body)
    return [*parts, b"--" + boundary + b"--\r\n"]


def _text_parts(text: str, links: Links, address: MergeField) -> list[TemplatePart]:
    """Return quoted-printable lines with merge fields for the placeholders; each field begins a line."""
    fields: dict[str, tuple[str, MergeField]] = {
        UNSUBSCRIBE_URL: (links.unsubscribe_prefix, MergeField.TOKEN),
        PREFERENCES_URL: (links.preferences_prefix, MergeField.TOKEN),
        ADDRESS: ("", address),
    }
    parts: list[TemplatePart] = []
    before, *rest = _PLACEHOLDER.split(text.rstrip("\r\n") + "\n")
    for placeholder, after in zip(rest[::2], rest[1::2], strict=True):
        prefix, field = fields[placeholder]
        parts += [
            quoted_printable.with_soft_break(quoted_printable.encode(before + prefix)),
            field,
            quoted_printable.SOFT_BREAK,
        ]
        before = after
    return [*parts, quoted_printable.encode(before)]
