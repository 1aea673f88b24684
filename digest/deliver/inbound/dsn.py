"""Returned mail: reads delivery status notices (RFC 3464, RFC 6533), abuse reports (RFC 5965), and servers' own forms.

Bytes in, at most one Notice out, or the reason why the mail is ignored.
"""

from __future__ import annotations

import hashlib
import quopri
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.errors import MessageError
from email.message import Message as Mail
from email.utils import getaddresses

from digest.deliver.bounce import BounceKind, Notice, NoticeKind, kind_of, kind_of_status
from digest.deliver.links import Links
from digest.deliver.return_path import ReturnAddress, ReturnPath
from digest.deliver.server_words import judge

#: Headers in which a mail server notes the envelope recipient, the most reliable first.
_RECIPIENT_HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
LIMIT = 5_000_000  # octets; a bounce with our mail in it has a few hundred thousand
#: Types of feedback that no subscriber gave: by a scanner, or by a domain that checks who sends in its name (RFC 6591,
#: for DMARC). Any other type, also an unknown one, is a complaint (RFC 5965 3.1).
_NO_COMPLAINT = ("not-spam", "auth-failure", "dmarc", "virus")
#: The worst first: a notice on several recipients counts as the worst of them.
_GRAVITY: tuple[BounceKind, ...] = ("hard", "soft", "refusal")


@dataclass(frozen=True, slots=True)
class IgnoredMail:
    """A mail that changes nothing, and the reason."""

    reason: str


def read_notice(data: bytes, return_path: ReturnPath, links: Links, arrived_at: str = "") -> Notice | IgnoredMail:
    """Read one returned mail. `arrived_at` is its envelope recipient where that is known (the argument of a pipe)."""
    if len(data) > LIMIT:
        return IgnoredMail(f"larger than {LIMIT} octets")
    try:
        mail = message_from_bytes(data)
        originals = _returned(mail)
        proof = _proof(mail, originals, return_path, arrived_at) or _link_proof(originals, links)
        if proof is None:
            return IgnoredMail("nothing in it proves that it is about a mail of ours")
        kind, detail = _kind(mail, proof)
    except (MessageError, LookupError, ValueError, RecursionError, TypeError, AttributeError) as error:
        return IgnoredMail(f"cannot be read: {error}")
    if kind is None:
        return IgnoredMail(detail)
    key = f"{kind}:{proof.subscriber_id}:{proof.code or _digest(data)}"
    return Notice(kind, key, proof.subscriber_id, proof.code, "", detail[:300], proof.newsletter)


@dataclass(frozen=True, slots=True)
class _Proof:
    subscriber_id: int
    code: str = ""
    newsletter: str = ""
    unsubscribes: bool = False


def _proof(mail: Mail, originals: list[Mail], return_path: ReturnPath, arrived_at: str) -> _Proof | None:
    """The subscriber, by an address that only we can have made."""
    candidates = [arrived_at] if arrived_at else []
    for name in _RECIPIENT_HEADERS:
        candidates += [address for _, address in getaddresses([str(value) for value in mail.get_all(name, [])])]
    for part in _report_parts(mail):
        candidates += [str(value).partition(";")[2] or str(value) for value in part.get_all("Original-Mail-From", [])]
    for part in originals:
        candidates += [str(value) for value in part.get_all("Return-Path", [])]
    addresses = (return_path.read(address.strip()) for address in candidates)
    return next((_from_address(address) for address in addresses if address), None)


def _from_address(address: ReturnAddress) -> _Proof:
    return _Proof(address.subscriber_id, address.code, unsubscribes=address.kind == "u")


def _link_proof(originals: list[Mail], links: Links) -> _Proof | None:
    """The subscriber, by the signed link in the headers of the mail that came back."""
    pattern = re.compile(re.escape(links.unsubscribe_prefix) + r"([A-Za-z0-9_.-]+)")
    for part in originals:
        match = pattern.search(re.sub(r"\s", "", str(part.get("List-Unsubscribe", ""))))
        if match and (token := links.read_token(match[1])):
            return _Proof(token[0], newsletter=token[1])
    return None


def _kind(mail: Mail, proof: _Proof) -> tuple[NoticeKind | None, str]:
    if proof.unsubscribes:
        return "unsubscribe", "asked by mail"
    for part in _report_parts(mail):
        if part.get("Feedback-Type"):
            kind = str(part["Feedback-Type"]).strip().lower()
            return (None if kind in _NO_COMPLAINT else "complaint"), f"reported as {kind}"
    status = list(_statuses(mail))
    if status:
        failed = [_failure(fields) for fields in status if _failed(fields)]
        if not failed:
            return None, f"no failure: {str(status[0].get('Action', 'no action'))[:60]}"
        return min(failed, key=lambda failure: _GRAVITY.index(failure[0]))
    return _guess(mail)


def _failed(fields: Mail) -> bool:
    """True for `Action: failed`, with or without a comment; without an action, for a permanent status (RFC 3463)."""
    action = re.split(r"[\s(;]", str(fields.get("Action", "")).strip().lower(), maxsplit=1)[0]
    return action == "failed" or (not action and str(fields["Status"]).strip().startswith("5"))


def _failure(fields: Mail) -> tuple[BounceKind, str]:
    status = re.split(r"[\s(;]", str(fields.get("Status", "")).strip(), maxsplit=1)[0]
    words = " ".join(str(fields.get("Diagnostic-Code", "")).split())
    return kind_of_status(status, words), words or status


def _guess(mail: Mail) -> tuple[NoticeKind | None, str]:
    """The meaning of a mail in no standard form: flufl.bounce knows dozens of servers' own."""
    if str(mail.get("Auto-Submitted", "")).strip().lower().startswith("auto-replied") and not _of_a_server(mail):
        return None, "an automatic answer of a person's mail program"
    from flufl.bounce import all_failures

    temporary, permanent = all_failures(mail)
    if permanent:
        prose = _prose(mail)
        return kind_of(judge(prose)), _summary(prose)
    return None, "no failure: its server still tries" if temporary else "no bounce"


def _of_a_server(mail: Mail) -> bool:
    """True for mail of a server. Some mark it 'auto-replied' as people's programs do their answers: Exim, for one."""
    senders = [address.partition("@")[0].lower() for _, address in getaddresses([str(mail.get("From", ""))])]
    return "X-Failed-Recipients" in mail or "mailer-daemon" in senders


def _prose(mail: Mail) -> str:
    """The server's own words, above the mail that it returns and without what every such notice says."""
    part = next((part for part in mail.walk() if part.get_content_type() == "text/plain"), mail)
    payload = part.get_payload(decode=True)
    text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    own = re.split(r"^(?:-{3,}|>? ?Return-Path:|_{10,})", text, maxsplit=1, flags=re.MULTILINE)[0]
    return _STOCK_PHRASES.sub(" ", own)


#: Sentences of notices in which words such as 'sender' and 'content' mean nothing.
_STOCK_PHRASES = re.compile(
    r"return(?:ed|ing)?\s+(?:message\s+|mail\s+)?to\s+(?:the\s+)?sender|the\s+original\s+message\s+(?:was|content)"
    r"|message\s+headers?\s+follow|including\s+all\s+the\s+headers",
    re.IGNORECASE,
)


def _summary(prose: str) -> str:
    """The part of a notice that says why: from the line of the first address or code on."""
    lines = [" ".join(line.split()) for line in prose.splitlines() if line.strip()]
    first = next((at for at, line in enumerate(lines) if re.search(r"^\W*\S+@\S+|\b[45]\d\d\b", line)), 0)
    return " ".join(lines[first:])[:300] or "a bounce in a form of its server's own"


def _report_parts(mail: Mail) -> Iterator[Mail]:
    """The header blocks of a feedback report. The parser keeps them as text, or as a message of their own."""
    for part in mail.walk():
        if part.get_content_type() == "message/feedback-report":
            payload = part.get_payload()
            if isinstance(payload, list):
                yield from (inner for inner in payload if isinstance(inner, Mail))
            else:
                yield message_from_bytes(str(payload).encode("utf-8", "replace"))


def _statuses(mail: Mail) -> Iterator[Mail]:
    """The blocks of fields of a delivery status notice, one for each recipient."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind in {"message/delivery-status", "message/global-delivery-status"}:
            yield from (block for block in _blocks(part, kind) if block.get("Action") or block.get("Status"))


def _blocks(part: Mail, kind: str) -> list[Mail]:
    """The blocks of a status part. Of the international form (RFC 6533) the parser makes one message, or text."""
    payload = part.get_payload()
    if kind == "message/delivery-status" and isinstance(payload, list):
        return [block for block in payload if isinstance(block, Mail)]
    inner = payload[0] if isinstance(payload, list) and payload else payload
    text = _decoded(part, inner.as_string() if isinstance(inner, Mail) else str(inner))
    return [message_from_string(block) for block in re.split(r"\r?\n[ \t]*\r?\n", text) if block.strip()]


def _decoded(part: Mail, text: str) -> str:
    """The text of a part in a transfer encoding, which RFC 6533 allows and the parser leaves alone in message/*."""
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding not in {"base64", "quoted-printable"}:
        return text
    raw = text.encode("ascii", "replace")
    data = b64decode(raw) if encoding == "base64" else quopri.decodestring(raw)
    return data.decode("utf-8", "replace")


def _returned(mail: Mail) -> list[Mail]:
    """The mails that came back, or their headers."""
    originals: list[Mail] = []
    for part in mail.walk():
        kind = part.get_content_type()
        if kind in {"message/rfc822", "message/global"} and isinstance(part.get_payload(), list):
            originals += [inner for inner in part.get_payload() if isinstance(inner, Mail)]
        elif kind in {"text/rfc822-headers", "message/global-headers"}:
            payload = part.get_payload(decode=True)
            originals.append(message_from_bytes(payload if isinstance(payload, bytes) else b""))
    return originals


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:20]
