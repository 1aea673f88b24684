"""Webhooks of mail services: believed with proof, refused without, whatever they contain."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from digest.deliver.inbound.webhook import Trust, Untrusted, Vendor, WebhookContent, read_webhook

SECRET = "a webhook secret"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
KEY = rsa.generate_private_key(65537, 2048)


def certificate() -> bytes:
    """A certificate like Amazon's, of our own."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1)
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


CERTIFICATE = certificate()


def sns(message: Any, version: str = "2", **changes: str) -> bytes:
    """A signed SNS notification."""
    envelope = {
        "Type": "Notification",
        "MessageId": "m1",
        "TopicArn": TOPIC,
        "Message": json.dumps(message),
        "Timestamp": "2026-11-23T07:00:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    }
    subscribing = changes.get("Type") == "SubscriptionConfirmation"
    envelope |= {name: value for name, value in changes.items() if name in {"Type", "SubscribeURL", "Token"}}
    names = ["Message", "MessageId", "Timestamp", "TopicArn", "Type"]
    if subscribing:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names)
    algorithm: hashes.HashAlgorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
    envelope["Signature"] = base64.b64encode(KEY.sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()
    return json.dumps(envelope | changes).encode()


BOUNCE = {
    "notificationType": "Bounce",
    "mail": {"messageId": "ses-1"},
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {"emailAddress": "Ada@example.org", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 unknown"}
        ],
    },
}
COMPLAINT = {
    "notificationType": "Complaint",
    "mail": {"messageId": "ses-2"},
    "complaint": {"complainedRecipients": [{"emailAddress": "bob@example.org"}]},
}


def trust(fetched: list[str] | None = None) -> Trust:
    """Our topic, our certificate; remembers what was fetched."""

    def fetch(url: str) -> bytes:
        if fetched is not None:
            fetched.append(url)
        return CERTIFICATE

    return Trust(SECRET, (TOPIC,), fetch)


@pytest.mark.parametrize("version", ["1", "2"])
def test_ses_signed_notification_is_read(version: str) -> None:
    (bounce,) = read_webhook("ses", sns(BOUNCE, version), {}, trust()).notices
    assert (bounce.kind, bounce.address) == ("hard", "ada@example.org")
    (complaint,) = read_webhook("ses", sns(COMPLAINT, version), {}, trust()).notices
    assert (complaint.kind, complaint.address) == ("complaint", "bob@example.org")


def test_ses_suppressed_is_hard_and_not_spam_is_no_complaint() -> None:
    suppressed = {"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"}
    again = BOUNCE | {"bounce": suppressed | {"bouncedRecipients": [{"emailAddress": "ada@example.org"}]}}
    (bounce,) = read_webhook("ses", sns(again), {}, trust()).notices
    assert bounce.kind == "hard"
    liked = {"complainedRecipients": [{"emailAddress": "bob@example.org"}], "complaintFeedbackType": "not-spam"}
    assert read_webhook("ses", sns(COMPLAINT | {"complaint": liked}), {}, trust()) == WebhookContent()


@pytest.mark.parametrize(
    ("changes", "fetches"),
    [
        ({"TopicArn": "arn:aws:sns:eu-west-1:999:evil"}, 0),
        ({"SigningCertURL": "https://evil.example/SimpleNotificationService-1.pem"}, 0),
        ({"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem"}, 0),
        ({"SigningCertURL": "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem"}, 0),
        ({"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/x.pem"}, 0),
        ({"SigningCertURL": "https://sns.eu-west-1.amazonaws.com:8443/x.pem"}, 0),
        ({"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/x.html"}, 0),
        ({"Message": json.dumps(BOUNCE).replace("Ada", "eve")}, 1),
        ({"Signature": "AAAA"}, 1),
        ({"Signature": ""}, 1),
    ],
)
def test_ses_forged_notification_is_refused(changes: dict[str, str], fetches: int) -> None:
    fetched: list[str] = []
    with pytest.raises(Untrusted):
        read_webhook("ses", sns(BOUNCE, **changes), {}, trust(fetched))
    assert fetched == [CERTIFICATE_URL] * fetches


def test_sns_subscription_is_confirmed_at_amazon_only() -> None:
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    body = sns({}, Type="SubscriptionConfirmation", SubscribeURL=url, Token="t")
    assert read_webhook("ses", body, {}, trust()) == WebhookContent(confirm=url)
    evil = sns({}, Type="SubscriptionConfirmation", SubscribeURL="https://evil.example/", Token="t")
    assert read_webhook("ses", evil, {}, trust()) == WebhookContent()


POSTMARK = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "Email": "ada@example.org", "Description": "gone"}
MAILGUN: dict[str, Any] = {
    "event-data": {
        "event": "failed",
        "severity": "permanent",
        "id": "mg1",
        "recipient": "ada@example.org",
        "delivery-status": {"code": 550, "message": "5.1.1 no such user", "enhanced-code": "5.1.1"},
    }
}
SENDGRID = [
    {"event": "bounce", "type": "bounce", "status": "5.1.1", "email": "ada@example.org", "sg_event_id": "sg1"},
    {"event": "delivered", "email": "bob@example.org", "sg_event_id": "sg2"},
    {"event": "spamreport", "email": "eve@example.org", "sg_event_id": "sg3"},
    {"event": "bounce", "type": "blocked", "email": "ida@example.org", "sg_event_id": "sg4"},
]
LEFT = {
    "RecordType": "SubscriptionChange",
    "Recipient": "ada@example.org",
    "Origin": "Recipient",
    "SuppressSending": True,
    "SuppressionReason": "ManualSuppression",
    "ChangedAt": "2026-11-23T07:00:00Z",
}
GENERIC = [{"id": "1", "address": "ada@example.org", "kind": "hard"}]


@pytest.mark.parametrize(
    ("vendor", "said", "expected"),
    [
        ("postmark", POSTMARK, [("hard", "ada@example.org")]),
        ("postmark", POSTMARK | {"Type": "SpamComplaint"}, [("complaint", "ada@example.org")]),
        ("postmark", POSTMARK | {"Type": "AutoResponder"}, []),
        ("postmark", POSTMARK | {"Type": "Transient"}, []),
        ("postmark", LEFT, [("unsubscribe", "ada@example.org")]),
        ("postmark", LEFT | {"SuppressSending": False, "SuppressionReason": None}, []),
        ("postmark", LEFT | {"SuppressionReason": "HardBounce"}, []),
        ("mailgun", {"event-data": MAILGUN["event-data"] | {"severity": "temporary"}}, []),
        (
            "mailgun",
            {"event-data": MAILGUN["event-data"] | {"event": "unsubscribed"}},
            [("unsubscribe", "ada@example.org")],
        ),
        ("sendgrid", [SENDGRID[0] | {"event": "group_unsubscribe"}], [("unsubscribe", "ada@example.org")]),
        ("sendgrid", [SENDGRID[0] | {"event": "deferred"}], []),
        ("generic", GENERIC[0] | {"kind": "unsubscribe"}, [("unsubscribe", "ada@example.org")]),
        ("mailgun", MAILGUN, [("hard", "ada@example.org")]),
        (
            "sendgrid",
            SENDGRID,
            [("hard", "ada@example.org"), ("complaint", "eve@example.org"), ("refusal", "ida@example.org")],
        ),
        ("generic", GENERIC, [("hard", "ada@example.org")]),
        ("generic", GENERIC[0] | {"kind": "complaint"}, [("complaint", "ada@example.org")]),
    ],
)
def test_webhook_events_of_each_vendor_are_read(vendor: Vendor, said: Any, expected: list[tuple[str, str]]) -> None:
    told = read_webhook(vendor, json.dumps(said).encode(), {}, trust(), secret=SECRET)
    assert [(n.kind, n.address) for n in told.notices] == expected
    again = read_webhook(vendor, json.dumps(said).encode(), {}, trust(), secret=SECRET)
    assert [n.key for n in again.notices] == [n.key for n in told.notices]


def ses_bounce(kind: str, subtype: str, **person: str) -> dict[str, Any]:
    """A bounce by SES for one recipient."""
    recipients = [{"emailAddress": "ada@example.org", **person}]
    return BOUNCE | {"bounce": {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": recipients}}


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (ses_bounce("Permanent", "General"), "hard"),
        (ses_bounce("Permanent", "General", status="5.0.0", diagnosticCode="smtp; 550 refused"), "hard"),
        (ses_bounce("Permanent", "General", status="5.7.1", diagnosticCode="smtp; 550 5.7.1 blocked"), "refusal"),
        (ses_bounce("Permanent", "General", status="5.0.0", diagnosticCode="smtp; 550 poor reputation"), "refusal"),
        (ses_bounce("Permanent", "Suppressed", status="5.7.1"), "hard"),
        (ses_bounce("Transient", "MailboxFull"), "soft"),
        (ses_bounce("Transient", "General"), "refusal"),
        (ses_bounce("Transient", "General", diagnosticCode="smtp; 550 5.1.1 unknown"), "soft"),
        (ses_bounce("Transient", "ContentRejected", status="5.6.1"), "refusal"),
        (ses_bounce("Undetermined", "Undetermined"), "refusal"),
    ],
)
def test_ses_own_verdict_decides_where_the_status_is_vague(event: dict[str, Any], kind: str) -> None:
    (notice,) = read_webhook("ses", sns(event), {}, trust()).notices
    assert notice.kind == kind


def mailgun_failure(reason: str, code: int, **status: str) -> dict[str, Any]:
    """A permanent failure by Mailgun."""
    event: dict[str, Any] = MAILGUN["event-data"]
    return {"event-data": event | {"reason": reason, "delivery-status": {"code": code, **status}}}


@pytest.mark.parametrize(
    ("vendor", "event", "kinds"),
    [
        ("mailgun", mailgun_failure("suppress-bounce", 605), ["hard"]),
        ("mailgun", mailgun_failure("bounce", 605), ["hard"]),
        ("mailgun", mailgun_failure("suppress-unsubscribe", 606), ["unsubscribe"]),
        ("mailgun", mailgun_failure("suppress-complaint", 607), ["complaint"]),
        ("mailgun", mailgun_failure("old", 602, message="Too old"), ["soft"]),
        ("mailgun", mailgun_failure("bounce", 550, message="rejected", **{"bounce-type": "hard"}), ["hard"]),
        ("mailgun", mailgun_failure("bounce", 550, message="blocked", **{"bounce-type": "hard"}), ["refusal"]),
        ("mailgun", mailgun_failure("bounce", 550, message="rejected"), ["refusal"]),
        ("sendgrid", [SENDGRID[0] | {"event": "dropped", "reason": "Bounced Address"}], ["hard"]),
        ("sendgrid", [SENDGRID[0] | {"event": "dropped", "reason": "Spam Reporting Address"}], ["complaint"]),
        ("sendgrid", [SENDGRID[0] | {"event": "dropped", "reason": "Unsubscribed Address"}], ["unsubscribe"]),
        ("sendgrid", [SENDGRID[0] | {"event": "dropped", "reason": "Invalid SMTPAPI header"}], []),
        ("sendgrid", [SENDGRID[0] | {"status": "5.0.0", "bounce_classification": "Invalid Address"}], ["hard"]),
        ("sendgrid", [SENDGRID[0] | {"status": "5.0.0", "bounce_classification": "Mailbox Unavailable"}], ["soft"]),
        ("sendgrid", [SENDGRID[0] | {"status": "5.0.0", "bounce_classification": "Reputation"}], ["refusal"]),
        ("sendgrid", [SENDGRID[0] | {"status": "5.7.1", "bounce_classification": "Invalid Address"}], ["refusal"]),
        ("postmark", POSTMARK | {"Type": "DMARCPolicy"}, ["refusal"]),
        ("postmark", POSTMARK | {"Type": "Unsubscribe"}, ["unsubscribe"]),
    ],
)
def test_webhook_vendor_verdict_is_kept(vendor: Vendor, event: Any, kinds: list[str]) -> None:
    content = read_webhook(vendor, json.dumps(event).encode(), {}, trust(), secret=SECRET)
    assert [notice.kind for notice in content.notices] == kinds


@pytest.mark.parametrize("text", ["\u00e9", "\ud800", "\u4e2d\u6587", "\u0664" * 10, "9" * 5000, "", "\0"])
@pytest.mark.parametrize("part", ["timestamp", "token", "signature"])
def test_mailgun_signature_of_any_characters_is_refused(part: str, text: str) -> None:
    signature = {"timestamp": "1763881200", "token": "t", "signature": "s"} | {part: text}
    with pytest.raises(Untrusted):
        read_webhook("mailgun", json.dumps(MAILGUN | {"signature": signature}).encode(), {}, trust(), now=1_763_881_200)


@pytest.mark.parametrize("text", ["\u00e9", "\ud800", "=", "A", "\xff"])
def test_forged_secret_or_signature_of_any_characters_is_refused(text: str) -> None:
    signature = {"x-twilio-email-event-webhook-signature": text, "x-twilio-email-event-webhook-timestamp": text}
    for vendor in ("postmark", "mailgun", "sendgrid", "generic"):
        for headers in (signature, {"authorization": f"Basic {text}"}):
            with pytest.raises(Untrusted):
                read_webhook(vendor, b"{}", headers, trust(), secret=text)
    with pytest.raises(Untrusted):
        read_webhook("ses", sns(BOUNCE, Signature=text), {}, trust())
    with pytest.raises(Untrusted):
        read_webhook("ses", sns(BOUNCE, Message=text), {}, trust())


@pytest.mark.parametrize("vendor", ["postmark", "mailgun", "sendgrid", "generic"])
@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x"])
def test_webhook_wrong_secret_is_refused(vendor: Vendor, secret: str) -> None:
    for headers in ({}, {"authorization": "Basic !!"}, {"authorization": "Basic " + base64.b64encode(b"x:y").decode()}):
        with pytest.raises(Untrusted):
            read_webhook(vendor, b"{}", headers, trust(), secret=secret)


def test_webhook_without_configured_secret_is_refused() -> None:
    with pytest.raises(Untrusted):
        read_webhook("generic", b"[]", {}, Trust(), secret="")


def test_webhook_basic_authentication_is_accepted() -> None:
    value = "Basic " + base64.b64encode(f"digest:{SECRET}".encode()).decode()
    told = read_webhook("postmark", json.dumps(POSTMARK).encode(), {"authorization": value}, trust())
    assert len(told.notices) == 1


@pytest.mark.parametrize(("age", "good"), [(0, True), (600, True), (3600, False), (-3600, False)])
def test_mailgun_signature_expires(age: int, good: bool) -> None:
    stamp, token = str(1_763_881_200 - age), "t" * 50
    signature = hmac.new(SECRET.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
    said = MAILGUN | {"signature": {"timestamp": stamp, "token": token, "signature": signature}}
    if good:
        assert read_webhook("mailgun", json.dumps(said).encode(), {}, trust(), now=1_763_881_200).notices
    else:
        with pytest.raises(Untrusted):
            read_webhook("mailgun", json.dumps(said).encode(), {}, trust(), now=1_763_881_200)


def test_sendgrid_signature_is_verified() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    ours = Trust(base64.b64encode(key.public_key().public_bytes(*form)).decode())
    body = json.dumps(SENDGRID).encode()
    headers = {
        "x-twilio-email-event-webhook-timestamp": "1763881200",
        "x-twilio-email-event-webhook-signature": base64.b64encode(
            key.sign(b"1763881200" + body, ec.ECDSA(hashes.SHA256()))
        ).decode(),
    }
    assert len(read_webhook("sendgrid", body, headers, ours).notices) == 3
    with pytest.raises(Untrusted):
        read_webhook("sendgrid", body + b" ", headers, ours)


@pytest.mark.parametrize("vendor", ["postmark", "mailgun", "sendgrid", "generic"])
@pytest.mark.parametrize("body", [b"", b"x", b"[1]", b"null", b"{}", b'{"event-data": 3}', b"[" * 100_000])
def test_webhook_foreign_body_raises_value_error(vendor: Vendor, body: bytes) -> None:
    try:
        told = read_webhook(vendor, body, {}, trust(), secret=SECRET)
    except ValueError:
        return
    assert told.notices == ()
