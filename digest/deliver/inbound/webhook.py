"""Webhooks of mail services on bounces and complaints, accepted only with their signature or our secret.

Amazon SES comes over SNS and is signed; the others carry `bounces.webhook_secret` (as the last part of the URL's path,
as the password of basic authentication, or as the key of Mailgun's or SendGrid's own signature).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from digest.deliver.bounce import Notice
from digest.deliver.inbound.vendors import READERS, VENDORS, Vendor

__all__ = ["VENDORS", "Trust", "Untrusted", "Vendor", "WebhookContent", "read_webhook"]

_SNS_HOST = re.compile(r"sns\.[a-z0-9-]{1,30}\.amazonaws\.com(?:\.cn)?")
_MAILGUN_AGE = 900  # seconds for which a signature is valid


class Untrusted(Exception):
    """The request has no valid proof: answer 403 and change nothing. The text is for the log."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Secrets and certificates that prove a webhook. `fetch` gets Amazon's certificate (PEM) from its pinned host."""

    secret: str = ""
    ses_topics: Collection[str] = ()
    fetch: Callable[[str], bytes] = lambda url: b""


@dataclass(frozen=True, slots=True)
class WebhookContent:
    """The content of a webhook. `confirm` is a URL that has to be fetched once before Amazon sends notifications."""

    notices: tuple[Notice, ...] = ()
    confirm: str = ""


def read_webhook(
    vendor: Vendor, body: bytes, headers: Mapping[str, str], trust: Trust, *, secret: str = "", now: float = 0.0
) -> WebhookContent:
    """Read the notices in a webhook's body.

    `headers` have lower-case names; `secret` is the one in the URL; `now` is seconds since 1970. Raises Untrusted for a
    request without proof, ValueError for a body that is not the vendor's.
    """
    if vendor == "ses":
        return _ses(body, trust)
    payload = _payload(body, headers)
    if not _proven(vendor, body, payload, headers, trust.secret, secret, now):
        raise Untrusted(f"{vendor}: neither the secret nor a signature")
    try:
        return WebhookContent(tuple(READERS[vendor](payload)))
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
    if given and _equal(given, ours):
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


def _equal(left: str, right: str) -> bool:
    """Compare in constant time; text from a request may hold any character, lone surrogates included."""
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def _mailgun_signed(payload: Any, key: str, now: float) -> bool:
    signature = payload.get("signature") if isinstance(payload, dict) else None
    if not isinstance(signature, dict):
        return False
    stamp, token = str(signature.get("timestamp", "")), str(signature.get("token", ""))
    expected = hmac.new(key.encode(), (stamp + token).encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    fresh = stamp.isascii() and stamp.isdecimal() and len(stamp) < 12 and abs(now - int(stamp)) <= _MAILGUN_AGE
    return fresh and _equal(expected, str(signature.get("signature", "")))


def _sendgrid_signed(body: bytes, headers: Mapping[str, str], key: str) -> bool:
    """ECDSA over timestamp and body; the key is the public one that SendGrid displays."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    stamp = headers.get("x-twilio-email-event-webhook-timestamp", "")
    try:
        public = serialization.load_der_public_key(base64.b64decode(key))
        signature = base64.b64decode(headers.get("x-twilio-email-event-webhook-signature", ""))
        if not isinstance(public, ec.EllipticCurvePublicKey):
            return False
        public.verify(signature, stamp.encode("utf-8", "replace") + body, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


# --- Amazon SES over SNS


def _ses(body: bytes, trust: Trust) -> WebhookContent:
    """Check the topic, the certificate's host and the signature, in this order; only then read the content."""
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
        return WebhookContent(tuple(READERS["ses"](json.loads(envelope["Message"]))))
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
    except (ValueError, TypeError, InvalidSignature):
        raise Untrusted("ses: the signature is not Amazon's") from None
