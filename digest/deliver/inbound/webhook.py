"""Webhooks: what mail services tell about bounces and complaints, believed only with their signature or our secret.

Amazon SES comes over SNS and is signed; the others carry `bounces.webhook_secret` (as the last part of the URL's path,
as the password of basic authentication, or as the key of Mailgun's or SendGrid's own signature).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from urllib.parse import parse_qs, urlsplit

from digest.deliver.bounce import Notice, NoticeKind, kind_of_status

Vendor = Literal["ses", "postmark", "mailgun", "sendgrid", "generic"]
VENDORS: Final[tuple[Vendor, ...]] = get_args(Vendor)
_SNS_HOST = re.compile(r"sns\.[a-z0-9-]{1,30}\.amazonaws\.com(?:\.cn)?")
_MAILGUN_AGE = 900  # seconds that a signature stays good


class Untrusted(Exception):
    """The request proves nothing; answer 403 and change nothing. The text is for the log."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What proves that a webhook is the vendor's. `fetch` gets Amazon's certificate (PEM) from its pinned host."""

    secret: str = ""
    ses_topics: Collection[str] = ()
    fetch: Callable[[str], bytes] = lambda url: b""


@dataclass(frozen=True, slots=True)
class WebhookContent:
    """What a webhook said. `confirm` is an address that Amazon wants fetched once, to begin sending."""

    notices: tuple[Notice, ...] = ()
    confirm: str = ""


def read_webhook(
    vendor: Vendor, body: bytes, headers: Mapping[str, str], trust: Trust, *, secret: str = "", now: float = 0.0
) -> WebhookContent:
    """The notices in a webhook's body. `headers` have lower-case names; `secret` is what the URL carried; `now` is
    seconds since 1970. Raises Untrusted for a request without proof, ValueError for a body that is not the vendor's.
    """
    if vendor == "ses":
        return _ses(body, trust)
    payload = _payload(body, headers)
    if not _proven(vendor, body, payload, headers, trust.secret, secret, now):
        raise Untrusted(f"{vendor}: neither the secret nor a signature")
    reader = {"postmark": _postmark, "mailgun": _mailgun, "sendgrid": _sendgrid, "generic": _generic}[vendor]
    try:
        return WebhookContent(tuple(reader(payload)))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{vendor}: the body has not the expected form ({error})") from None


def _payload(body: bytes, headers: Mapping[str, str]) -> Any:
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("the body is no JSON") from None


def _proven(
    vendor: Vendor, body: bytes, payload: Any, headers: Mapping[str, str], ours: str, given: str, now: float
) -> bool:
    if not ours:
        return False
    if given and hmac.compare_digest(given.encode(), ours.encode()):
        return True
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            password = base64.b64decode(value).partition(b":")[2]
        except ValueError:
            return False
        return hmac.compare_digest(password, ours.encode())
    if vendor == "mailgun":
        return _mailgun_signed(payload, ours, now)
    return vendor == "sendgrid" and _sendgrid_signed(body, headers, ours)


def _mailgun_signed(payload: Any, key: str, now: float) -> bool:
    signature = payload.get("signature") if isinstance(payload, dict) else None
    if not isinstance(signature, dict):
        return False
    stamp, token = str(signature.get("timestamp", "")), str(signature.get("token", ""))
    expected = hmac.new(key.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
    fresh = stamp.isdecimal() and abs(now - int(stamp)) <= _MAILGUN_AGE
    return fresh and hmac.compare_digest(expected, str(signature.get("signature", "")))


def _sendgrid_signed(body: bytes, headers: Mapping[str, str], key: str) -> bool:
    """ECDSA over timestamp and body; the key is the public one that SendGrid shows."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    stamp = headers.get("x-twilio-email-event-webhook-timestamp", "")
    try:
        public = serialization.load_der_public_key(base64.b64decode(key))
        signature = base64.b64decode(headers.get("x-twilio-email-event-webhook-signature", ""))
        if not isinstance(public, ec.EllipticCurvePublicKey):
            return False
        public.verify(signature, stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


# --- Amazon SES over SNS


def _ses(body: bytes, trust: Trust) -> WebhookContent:
    """The topic first, then the certificate's host, then the signature; only then what it says."""
    try:
        envelope = json.loads(body)
        topic, kind = str(envelope["TopicArn"]), str(envelope["Type"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("ses: the body is no SNS message") from None
    if topic not in trust.ses_topics:
        raise Untrusted(f"ses: the topic {topic[:100]!r} is not in bounces.ses_topics")
    _check_sns(envelope, kind, trust)
    if kind in {"SubscriptionConfirmation", "UnsubscribeConfirmation"}:
        url = str(envelope.get("SubscribeURL", ""))
        return WebhookContent(confirm=url if kind.startswith("Sub") and _is_sns(url) else "")
    try:
        said = json.loads(envelope["Message"])
        return WebhookContent(tuple(_ses_notices(said)))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("ses: the notification has not the expected form") from None


def _is_sns(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and not parts.port and _SNS_HOST.fullmatch(parts.netloc) is not None


def _check_sns(envelope: Mapping[str, Any], kind: str, trust: Trust) -> None:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    url = str(envelope.get("SigningCertURL", ""))
    if not _is_sns(url) or not urlsplit(url).path.endswith(".pem"):
        raise Untrusted("ses: the certificate is not at Amazon's")
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    if kind != "Notification":
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    signed = "".join(f"{name}\n{envelope[name]}\n" for name in names if envelope.get(name) is not None)
    version: hashes.HashAlgorithm = hashes.SHA256()
    if str(envelope.get("SignatureVersion")) == "1":
        version = hashes.SHA1()  # noqa: S303  # what SNS signs with unless told otherwise
    try:
        public = x509.load_pem_x509_certificate(trust.fetch(url)).public_key()
        if not isinstance(public, rsa.RSAPublicKey):
            raise Untrusted("ses: the certificate has no RSA key")
        public.verify(
            base64.b64decode(str(envelope.get("Signature", ""))), signed.encode(), padding.PKCS1v15(), version
        )
    except (ValueError, InvalidSignature):
        raise Untrusted("ses: the signature is not Amazon's") from None


#: Amazon's words for a mailbox that is not there, or was not there when others wrote to it.
_GONE: Final = ("NoEmail", "Suppressed", "OnAccountSuppressionList")
_NO_COMPLAINT: Final = ("not-spam", "auth-failure", "virus")


def _ses_notices(said: Mapping[str, Any]) -> Iterator[Notice]:
    kind = str(said.get("notificationType") or said.get("eventType"))
    number = str(said["mail"]["messageId"])
    if kind == "Complaint" and said["complaint"].get("complaintFeedbackType") not in _NO_COMPLAINT:
        for person in said["complaint"]["complainedRecipients"]:
            yield _notice("complaint", "ses", number, person["emailAddress"], "complaint")
    elif kind == "Bounce":
        bounce = said["bounce"]
        for person in bounce["bouncedRecipients"]:
            words = str(person.get("diagnosticCode", ""))
            status = str(person.get("status") or ("5.1.1" if bounce["bounceSubType"] in _GONE else "5.0.0"))
            found = kind_of_status(status, words)
            if bounce["bounceType"] == "Transient" and found == "hard":
                found = "soft"
            yield _notice(found, "ses", number, person["emailAddress"], words or status)


# --- the others


def _postmark(said: Mapping[str, Any]) -> Iterator[Notice]:
    kinds: dict[str, NoticeKind] = {
        "HardBounce": "hard",
        "BadEmailAddress": "hard",
        "SoftBounce": "soft",  # "Transient" is a delay: it still tries
        "DnsError": "soft",
        "SpamNotification": "refusal",
        "Blocked": "refusal",
        "SpamComplaint": "complaint",
    }
    kind = kinds.get(str(said.get("Type") or said.get("RecordType")))
    if said.get("RecordType") == "SubscriptionChange" and said.get("SuppressSending") and said["Origin"] == "Recipient":
        if said["SuppressionReason"] == "ManualSuppression":  # by its own link; the others came as bounces
            yield _notice("unsubscribe", "postmark", str(said["ChangedAt"]), said["Recipient"], "unsubscribed")
    elif kind:
        yield _notice(kind, "postmark", str(said["ID"]), said["Email"], str(said.get("Description", "")))


def _mailgun(said: Mapping[str, Any]) -> Iterator[Notice]:
    event = said["event-data"]
    status = event.get("delivery-status") or {}
    words = str(status.get("message") or status.get("description") or "")
    if event["event"] == "complained":
        yield _notice("complaint", "mailgun", str(event["id"]), event["recipient"], "complaint")
    elif event["event"] == "unsubscribed":
        yield _notice("unsubscribe", "mailgun", str(event["id"]), event["recipient"], "unsubscribed")
    elif event["event"] == "failed" and event.get("severity") == "permanent":  # else it still tries
        kind = kind_of_status(str(status.get("enhanced-code") or "5.0.0"), words)
        if event.get("reason") == "bounce" and kind == "refusal" and int(status.get("code") or 0) == 605:
            kind = "hard"  # 605: it bounced before, and Mailgun did not try
        yield _notice(kind, "mailgun", str(event["id"]), event["recipient"], words)


def _sendgrid(said: Any) -> Iterator[Notice]:
    for event in said:
        kind: NoticeKind | None = None
        words = str(event.get("reason", ""))
        if event["event"] == "spamreport":
            kind = "complaint"
        elif event["event"] in {"unsubscribe", "group_unsubscribe"}:
            kind = "unsubscribe"
        elif event["event"] == "bounce":
            kind = "refusal" if event.get("type") == "blocked" else kind_of_status(str(event.get("status", "")), words)
        elif event["event"] == "dropped" and "Bounced" in words:
            kind = "hard"
        if kind:
            yield _notice(kind, "sendgrid", str(event["sg_event_id"]), event["email"], words)


def _generic(said: Any) -> Iterator[Notice]:
    """`{"id", "address", "kind": "hard" | "soft" | "complaint" | "unsubscribe", "detail"}`, one or a list of them."""
    kinds: dict[str, NoticeKind] = {
        "hard": "hard",
        "soft": "soft",
        "complaint": "complaint",
        "unsubscribe": "unsubscribe",
    }
    for event in said if isinstance(said, list) else [said]:
        kind = kinds.get(str(event["kind"]))
        if kind is None:
            raise ValueError(f"generic: the kind {str(event['kind'])[:40]!r} is none of {', '.join(kinds)}")
        yield _notice(kind, "generic", str(event["id"]), event["address"], str(event.get("detail", "")))


def _notice(kind: NoticeKind, vendor: str, number: str, address: Any, detail: str) -> Notice:
    if not isinstance(address, str) or "@" not in address:
        raise ValueError(f"{vendor}: names no address")
    key = f"{vendor}:{kind}:{number}:{hashlib.sha256(address.lower().encode()).hexdigest()[:12]}"
    return Notice(kind, key, address=address.strip().lower(), detail=" ".join(detail.split())[:300])
