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

from digest.deliver.bounce import Notice, NoticeKind, kind_of_status
from digest.deliver.links import Links
from digest.deliver.returnpath import Return, ReturnPath

#: Headers in which a mailbox keeps the envelope recipient, the surest first.
_ARRIVED_AT = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
_LIMIT = 5_000_000  # octets; a bounce with our mail in it has a few hundred thousand


@dataclass(frozen=True, slots=True)
class Ignored:
    """A mail that changes nothing, and why."""

    reason: str


def read_notice(data: bytes, return_path: ReturnPath, links: Links, arrived_at: str = "") -> Notice | Ignored:
    """What a returned mail says. `arrived_at` is its envelope recipient where that is known (a pipe's argument)."""
    if len(data) > _LIMIT:
        return Ignored(f"larger than {_LIMIT} octets")
    try:
        mail = message_from_bytes(data)
        returned = _returned(mail)
        proof = _proof(mail, returned, return_path, arrived_at) or _link_proof(returned, links)
        if proof is None:
            return Ignored("nothing in it proves that it is about a mail of ours")
        kind, detail = _kind(mail, proof)
    except (MessageError, LookupError, ValueError, RecursionError, TypeError, AttributeError) as error:
        return Ignored(f"cannot be read: {error}")
    if kind is None:
        return Ignored(detail)
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


def _from_address(found: Return) -> _Proof:
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
            return ("complaint", f"reported as {kind}") if kind != "not-spam" else (None, "a report that it is no spam")
    status = list(_statuses(mail))
    if status:
        failed = [fields for fields in status if str(fields.get("Action", "")).strip().lower() == "failed"]
        if not failed:
            return None, f"no failure: {str(status[0].get('Action', 'no action'))[:60]}"
        code = str(failed[0].get("Status", "5.0.0")).strip()
        words = " ".join(str(failed[0].get("Diagnostic-Code", "")).split())
        return kind_of_status(_status_code(code, words), words), words or code
    return _guess(mail)


def _status_code(code: str, words: str) -> str:
    """The status, or the more exact one that stands in the server's words."""
    found = re.search(r"\b[45]\.\d{1,3}\.\d{1,3}\b", words)
    return found[0] if found and code.endswith(".0.0") else code.split(" ", maxsplit=1)[0]


def _guess(mail: Mail) -> tuple[NoticeKind | None, str]:
    """What a server means that keeps to no standard: flufl.bounce knows dozens of them."""
    if str(mail.get("Auto-Submitted", "")).strip().lower().startswith("auto-replied"):
        return None, "an automatic answer of a person's mail program"
    from flufl.bounce import all_failures

    temporary, permanent = all_failures(mail)
    if permanent:
        return "hard", "a bounce in a form of its server's own"
    return ("soft", "a temporary failure in a form of its server's own") if temporary else (None, "no bounce")


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
            yield from (block for block in blocks if isinstance(block, Mail) and block.get("Action"))


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
