"""Notice: reads one returned mail: delivery status notices (RFC 3464), abuse reports (RFC 5965), and what servers send
instead of them. Pure: bytes in, at most one Notice out, or why it is ignored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message as Mail
from email.utils import getaddresses

from digest.deliver.bounce import Notice, NoticeKind, kind_of_status, says_full
from digest.deliver.links import Links
from digest.deliver.return_path import ReturnAddress, ReturnPath

#: Headers in which a mailbox keeps the envelope recipient, the surest first.
_ARRIVED_AT = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
LIMIT = 5_000_000  # octets; a bounce with our mail in it has a few hundred thousand
#: Reports on a mail that are no word of its reader: a scanner's, and a domain's that checks who sends in its name
#: (RFC 6591, which DMARC asks for). Any other type, an unknown one too, is a complaint (RFC 5965 3.1).
_NO_COMPLAINT = ("not-spam", "auth-failure", "dmarc", "virus")
#: The worst first: a notice on several addresses counts as what it says of the one that fares worst.
_GRAVITY: tuple[NoticeKind, ...] = ("hard", "soft", "refusal")


@dataclass(frozen=True, slots=True)
class IgnoredMail:
    """A mail that changes nothing, and why."""

    reason: str


def read_notice(data: bytes, return_path: ReturnPath, links: Links, arrived_at: str = "") -> Notice | IgnoredMail:
    """What a returned mail says. `arrived_at` is its envelope recipient where that is known (a pipe's argument)."""
    if len(data) > LIMIT:
        return IgnoredMail(f"larger than {LIMIT} octets")
    try:
        mail = message_from_bytes(data)
        returned = _returned(mail)
        proof = _proof(mail, returned, return_path, arrived_at) or _link_proof(returned, links)
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
    wants_out: bool = False


def _proof(mail: Mail, returned: list[Mail], return_path: ReturnPath, arrived_at: str) -> _Proof | None:
    """Whose mail it was, by an address that only we can have made."""
    candidates = [arrived_at] if arrived_at else []
    for name in _ARRIVED_AT:
        candidates += [address for _, address in getaddresses([str(value) for value in mail.get_all(name, [])])]
    for part in _report_parts(mail):
        candidates += [str(value).partition(";")[2] or str(value) for value in part.get_all("Original-Mail-From", [])]
    for part in returned:
        candidates += [str(value) for value in part.get_all("Return-Path", [])]
    for address in candidates:
        if found := return_path.read(address.strip()):
            return _from_address(found)
    return None


def _from_address(found: ReturnAddress) -> _Proof:
    return _Proof(found.subscriber_id, found.code, wants_out=found.kind == "u")


def _link_proof(returned: list[Mail], links: Links) -> _Proof | None:
    """Whose mail it was, by the signed link in the headers of the mail that came back."""
    pattern = re.compile(re.escape(links.unsubscribe_prefix) + r"([A-Za-z0-9_.-]+)")
    for part in returned:
        match = pattern.search(re.sub(r"\s", "", str(part.get("List-Unsubscribe", ""))))
        if match and (found := links.read_token(match[1])):
            return _Proof(found[0], newsletter=found[1])
    return None


def _kind(mail: Mail, proof: _Proof) -> tuple[NoticeKind | None, str]:
    if proof.wants_out:
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
    """`Action: failed`, with remarks after it or not; without an action the status tells (RFC 3463: 5 is for good)."""
    words = re.split(r"[\s(;]", str(fields.get("Action", "")).strip().lower(), maxsplit=1)
    return words[0] == "failed" or (not words[0] and str(fields["Status"]).strip().startswith("5"))


def _failure(fields: Mail) -> tuple[NoticeKind, str]:
    code = str(fields.get("Status", "5.0.0")).strip()
    words = " ".join(str(fields.get("Diagnostic-Code", "")).split())
    return kind_of_status(_status_code(code, words), words), words or code


def _status_code(code: str, words: str) -> str:
    """The status, or the more exact one that stands in the server's words."""
    found = re.search(r"\b[45]\.\d{1,3}\.\d{1,3}\b", words)
    return found[0] if found and code.endswith(".0.0") else code.split(" ", maxsplit=1)[0]


def _guess(mail: Mail) -> tuple[NoticeKind | None, str]:
    """What a server means that keeps to no standard: flufl.bounce knows dozens of them."""
    if str(mail.get("Auto-Submitted", "")).strip().lower().startswith("auto-replied") and not _of_a_server(mail):
        return None, "an automatic answer of a person's mail program"
    from flufl.bounce import all_failures

    temporary, permanent = all_failures(mail)
    if permanent:
        return ("soft" if says_full(_prose(mail)) else "hard"), "a bounce in a form of its server's own"
    return None, "no failure: its server still tries" if temporary else "no bounce"


def _of_a_server(mail: Mail) -> bool:
    """Servers call their returned mail 'auto-replied' as people's programs do their answers: Exim, for one."""
    senders = [address.partition("@")[0].lower() for _, address in getaddresses([str(mail.get("From", ""))])]
    return "X-Failed-Recipients" in mail or "mailer-daemon" in senders


def _prose(mail: Mail) -> str:
    """What a server says in words of its own, above the mail that it returns."""
    part = next((part for part in mail.walk() if part.get_content_type() == "text/plain"), mail)
    payload = part.get_payload(decode=True)
    text = payload.decode("latin-1") if isinstance(payload, bytes) else ""
    return re.split(r"^-{3,}", text, maxsplit=1, flags=re.MULTILINE)[0]


def _report_parts(mail: Mail) -> Iterator[Mail]:
    """The header blocks of a feedback report. The parser keeps them as text, or as a message of its own."""
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
        if part.get_content_type() in {"message/delivery-status", "message/global-delivery-status"}:
            payload = part.get_payload()
            blocks = payload if isinstance(payload, list) else []
            yield from (
                block for block in blocks if isinstance(block, Mail) and (block.get("Action") or block.get("Status"))
            )


def _returned(mail: Mail) -> list[Mail]:
    """The mail that came back, or its headers."""
    found: list[Mail] = []
    for part in mail.walk():
        kind = part.get_content_type()
        if kind in {"message/rfc822", "message/global"} and isinstance(part.get_payload(), list):
            found += [inner for inner in part.get_payload() if isinstance(inner, Mail)]
        elif kind in {"text/rfc822-headers", "message/global-headers"}:
            payload = part.get_payload(decode=True)
            found.append(message_from_bytes(payload if isinstance(payload, bytes) else b""))
    return found


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:20]
