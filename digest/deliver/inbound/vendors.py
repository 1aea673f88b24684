"""The events of mail services: what each vendor's JSON says about bounces, complaints and unsubscribing.

The server's enhanced code and words count first. Where they are vague or missing, the vendor's own classification does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, get_args

from digest.deliver.bounce import BounceKind, Notice, NoticeKind, kind_of
from digest.deliver.server_words import judge

Vendor = Literal["ses", "postmark", "mailgun", "sendgrid", "generic"]
VENDORS: Final[tuple[Vendor, ...]] = get_args(Vendor)

#: Subtypes of a bounce by SES for addresses that bounced before or do not exist.
_SES_MISSING: Final = ("NoEmail", "Suppressed", "OnAccountSuppressionList")
#: Subtypes that are about the message or are no bounce at all: an absence note is "General".
_SES_KINDS: Final[Mapping[tuple[str, str], BounceKind]] = {
    ("Permanent", "General"): "hard",
    ("Permanent", "NoEmail"): "hard",
    ("Permanent", "Suppressed"): "hard",
    ("Permanent", "OnAccountSuppressionList"): "hard",
    ("Transient", "MailboxFull"): "soft",
}
_NO_COMPLAINT: Final = ("not-spam", "auth-failure", "virus")


def ses(event: Mapping[str, Any]) -> Iterator[Notice]:
    """The notices of an Amazon SES notification or event."""
    kind = str(event.get("notificationType") or event.get("eventType"))
    message_id = str(event["mail"]["messageId"])
    if kind == "Complaint" and event["complaint"].get("complaintFeedbackType") not in _NO_COMPLAINT:
        for person in event["complaint"]["complainedRecipients"]:
            yield _notice("complaint", "ses", message_id, person["emailAddress"], "complaint")
    elif kind == "Bounce":
        bounce = event["bounce"]
        types = str(bounce["bounceType"]), str(bounce["bounceSubType"])
        for person in bounce["bouncedRecipients"]:
            words, status = str(person.get("diagnosticCode", "")), str(person.get("status") or "")
            own = kind_of(judge(words, status), _SES_KINDS.get(types, "refusal"))
            if types[1] in _SES_MISSING:
                own = "hard"
            if types[0] == "Transient" and own == "hard":
                own = "soft"
            yield _notice(own, "ses", message_id, person["emailAddress"], words or status or " ".join(types))


_POSTMARK_KINDS: Final[Mapping[str, NoticeKind]] = {
    "HardBounce": "hard",
    "BadEmailAddress": "hard",
    "SoftBounce": "soft",  # "Transient" is a delay: Postmark still tries
    "DnsError": "soft",
    "SpamNotification": "refusal",
    "Blocked": "refusal",
    "DMARCPolicy": "refusal",
    "VirusNotification": "refusal",
    "SpamComplaint": "complaint",
    "Unsubscribe": "unsubscribe",
}


def postmark(event: Mapping[str, Any]) -> Iterator[Notice]:
    """The notices of a Postmark webhook."""
    kind = _POSTMARK_KINDS.get(str(event.get("Type") or event.get("RecordType")))
    record = event.get("RecordType")
    if record == "SubscriptionChange" and event.get("SuppressSending") and event["Origin"] == "Recipient":
        if event["SuppressionReason"] == "ManualSuppression":  # by Postmark's own link; the others came as bounces
            yield _notice("unsubscribe", "postmark", str(event["ChangedAt"]), event["Recipient"], "unsubscribed")
    elif kind:
        yield _notice(kind, "postmark", str(event["ID"]), event["Email"], str(event.get("Description", "")))


#: Reasons and codes with which Mailgun did not try, because of what happened before. 602: too old.
_MAILGUN_KINDS: Final[Mapping[str, NoticeKind]] = {
    "suppress-bounce": "hard",
    "605": "hard",
    "suppress-unsubscribe": "unsubscribe",
    "606": "unsubscribe",
    "suppress-complaint": "complaint",
    "607": "complaint",
    "old": "soft",
    "602": "soft",
}
_MAILGUN_TYPES: Final[Mapping[str, BounceKind]] = {"hard": "hard", "soft": "soft"}


def mailgun(event: Mapping[str, Any]) -> Iterator[Notice]:
    """The notices of a Mailgun webhook."""
    data = event["event-data"]
    status = data.get("delivery-status") or {}
    words = str(status.get("message") or status.get("description") or "")
    kind: NoticeKind | None = None
    if data["event"] == "complained":
        kind, words = "complaint", "complaint"
    elif data["event"] == "unsubscribed":
        kind, words = "unsubscribe", "unsubscribed"
    elif data["event"] == "failed" and data.get("severity") == "permanent":  # else Mailgun still tries
        code = str(status.get("code") or "")
        kind = _MAILGUN_KINDS.get(str(data.get("reason"))) or _MAILGUN_KINDS.get(code)
        if kind is None:
            vendors = _MAILGUN_TYPES.get(str(status.get("bounce-type")), "refusal")
            enhanced = str(status.get("enhanced-code") or "")
            kind = kind_of(judge(words, enhanced, int(code) if code.isdecimal() else 0), vendors)
    if kind:
        yield _notice(kind, "mailgun", str(data["id"]), data["recipient"], words)


#: Reasons for which SendGrid did not try. Others are faults of the request, or of the account.
_SENDGRID_DROPPED: Final[Mapping[str, NoticeKind]] = {
    "bounced address": "hard",
    "invalid": "hard",
    "spam reporting address": "complaint",
    "unsubscribed address": "unsubscribe",
}
_SENDGRID_CLASSES: Final[Mapping[str, BounceKind]] = {
    "invalid address": "hard",
    "mailbox unavailable": "soft",
    "": "hard",  # without a classification "bounce" is permanent, and "blocked" is not
}


def sendgrid(events: Any) -> Iterator[Notice]:
    """The notices of a SendGrid webhook, which brings a list of events."""
    for event in events:
        kind: NoticeKind | None = None
        words = str(event.get("reason", ""))
        if event["event"] == "spamreport":
            kind = "complaint"
        elif event["event"] in {"unsubscribe", "group_unsubscribe"}:
            kind = "unsubscribe"
        elif event["event"] == "bounce":
            kind = _sendgrid_bounce(event, words)
        elif event["event"] == "dropped":
            kind = _SENDGRID_DROPPED.get(words.strip().lower())
        if kind:
            yield _notice(kind, "sendgrid", str(event["sg_event_id"]), event["email"], words)


def _sendgrid_bounce(event: Mapping[str, Any], words: str) -> BounceKind:
    if event.get("type") == "blocked":
        return "refusal"
    classification = str(event.get("bounce_classification") or "").strip().lower()
    return kind_of(judge(words, str(event.get("status", ""))), _SENDGRID_CLASSES.get(classification, "refusal"))


_GENERIC_KINDS: Final[Mapping[str, NoticeKind]] = {
    "hard": "hard",
    "soft": "soft",
    "complaint": "complaint",
    "unsubscribe": "unsubscribe",
}


def generic(events: Any) -> Iterator[Notice]:
    """The notices of `{"id", "address", "kind", "detail"}`, one or a list; kind: hard, soft, complaint, unsubscribe."""
    for event in events if isinstance(events, list) else [events]:
        kind = _GENERIC_KINDS.get(str(event["kind"]))
        if kind is None:
            raise ValueError(f"generic: the kind {str(event['kind'])[:40]!r} is none of {', '.join(_GENERIC_KINDS)}")
        yield _notice(kind, "generic", str(event["id"]), event["address"], str(event.get("detail", "")))


def _notice(kind: NoticeKind, vendor: str, event_id: str, address: Any, detail: str) -> Notice:
    if not isinstance(address, str) or "@" not in address:
        raise ValueError(f"{vendor}: names no address")
    key = f"{vendor}:{kind}:{event_id}:{hashlib.sha256(address.lower().encode()).hexdigest()[:12]}"
    return Notice(kind, key, address=address.strip().lower(), detail=" ".join(detail.split())[:300])


READERS: Final[Mapping[Vendor, Callable[[Any], Iterator[Notice]]]] = {
    "ses": ses,
    "postmark": postmark,
    "mailgun": mailgun,
    "sendgrid": sendgrid,
    "generic": generic,
}
