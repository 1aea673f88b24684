"""Returned mail as servers write it, made here in the forms of RFC 3464 and RFC 5965."""

from __future__ import annotations

import base64

from digest.deliver.mime.message import Message, Recipient
from tests.deliver.samples import template

SENT: Message = template().fill(Recipient(42, "ada@example.org"))


def notice(
    status: str = "5.1.1",
    action: str = "failed",
    words: str = "smtp; 550 5.1.1 no such user",
    to: str = SENT.envelope_sender,
    original: bytes = b"",
) -> bytes:
    """A delivery status notice that came to `to`."""
    back = f"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{original.decode('latin-1')}\r\n" if original else "\r\n"
    return (
        f"Return-Path: <>\r\nDelivered-To: {to}\r\nFrom: MAILER-DAEMON@mx.example.org\r\nTo: {to}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <dsn1@mx.example.org>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; victim@example.org\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: {words}\r\n{back}--b--\r\n"
    ).encode("latin-1")


def abuse_report(kind: str = "abuse", to: str = "fbl@news.example.org", original: bytes = SENT.data) -> bytes:
    """A feedback report (ARF) with our mail in it."""
    head = (
        f"From: fbl@isp.example\r\nTo: {to}\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"Feedback-Type: {kind}\r\nUser-Agent: ISP/1.0\r\nVersion: 1\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
    ).encode()
    return head + original + b"\r\n--b--\r\n"


#: Postfix before it knew of any standard, and qmail, which never wanted to: prose only.
QMAIL = (
    f"Return-Path: <>\r\nDelivered-To: {SENT.envelope_sender}\r\nFrom: MAILER-DAEMON@example.org\r\n"
    f"To: {SENT.envelope_sender}\r\nSubject: failure notice\r\n\r\n"
    "Hi. This is the qmail-send program at example.org.\r\n"
    "I'm afraid I wasn't able to deliver your message to the following addresses.\r\n"
    "This is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n"
    "<ada@example.org>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n"
    "--- Below this line is a copy of the message.\r\n\r\nReturn-Path: <x@example.org>\r\n"
).encode()

VACATION = (
    f"Delivered-To: {SENT.envelope_sender}\r\nFrom: ada@example.org\r\nTo: {SENT.envelope_sender}\r\n"
    "Subject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday.\r\n"
).encode()


def report(*recipients: str, heads: str = "Auto-Submitted: auto-replied", prose: str = "It failed.") -> bytes:
    """A delivery status notice with these blocks of fields, one for each recipient."""
    return (
        f"Return-Path: <>\r\nDelivered-To: {SENT.envelope_sender}\r\n{heads}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{prose}\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        + "\r\n\r\n".join(recipients)
        + "\r\n\r\n--b--\r\n"
    ).encode()


def plain(heads: str, prose: str) -> bytes:
    """Bounces as prose alone."""
    return f"Return-Path: <>\r\nDelivered-To: {SENT.envelope_sender}\r\n{heads}\r\n\r\n{prose}".encode()


EXIM = plain(
    "From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nAuto-Submitted: auto-replied\r\n"
    "X-Failed-Recipients: ada@example.org\r\nSubject: Mail delivery failed: returning message to sender",
    "This message was created automatically by mail delivery software.\r\n\r\n"
    "A message that you sent could not be delivered to one or more of its\r\n"
    "recipients. This is a permanent error. The following address(es) failed:\r\n\r\n"
    "  ada@example.org\r\n    Unrouteable address\r\n\r\n"
    "------ This is a copy of the message, including all the headers. ------\r\n\r\n",
)
EXIM_STILL_TRIES = plain(
    "From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nAuto-Submitted: auto-replied\r\n"
    "Subject: Warning: message 1abc-000-0 delayed 24 hours",
    "This message was created automatically by mail delivery software.\r\n"
    "A message that you sent has not yet been delivered to one or more of its\r\n"
    "recipients after more than 24 hours on the queue on mx.example.\r\n\r\n"
    "The address to which the message has not yet been delivered is:\r\n\r\n  ada@example.org\r\n",
)
QMAIL_FULL = plain(
    "From: MAILER-DAEMON@example.org\r\nSubject: failure notice",
    "Hi. This is the qmail-send program at example.org.\r\n"
    "I'm afraid I wasn't able to deliver your message to the following addresses.\r\n\r\n"
    "<ada@example.org>:\r\nUser is over quota\r\n",
)
LEFT = plain(
    "From: ada@example.org\r\nAuto-Submitted: auto-replied\r\nSubject: I left", "This mailbox does not exist any more."
)


def qmail(*lines: str) -> bytes:
    """A failure notice of qmail with these lines about the address."""
    return plain(
        "From: MAILER-DAEMON@north.example\r\nSubject: failure notice",
        "Hi. This is the qmail-send program at north.example.\r\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\r\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n"
        "<ada@example.org>:\r\n" + "\r\n".join(lines) + "\r\n\r\n"
        "--- Below this line is a copy of the message.\r\n\r\nSubject: No such user in the story\r\n",
    )


def exim(*lines: str) -> bytes:
    """A failure notice of Exim with these lines about the address."""
    return plain(
        "From: Mail Delivery System <Mailer-Daemon@north.example>\r\nAuto-Submitted: auto-replied\r\n"
        "X-Failed-Recipients: ada@example.org\r\nSubject: Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\r\n\r\n"
        "A message that you sent could not be delivered to one or more of its\r\n"
        "recipients. This is a permanent error. The following address(es) failed:\r\n\r\n"
        "  ada@example.org\r\n" + "\r\n".join("    " + line for line in lines) + "\r\n\r\n"
        "------ This is a copy of the message, including all the headers. ------\r\n\r\n",
    )


def international(status: str, words: str, *, encoding: str = "8bit") -> bytes:
    """A notice on a mail to an address beyond ASCII (RFC 6533), as Postfix writes it."""
    fields = (
        "Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: utf-8; müller@north.example\r\n"
        f"Action: failed\r\nStatus: {status}\r\nDiagnostic-Code: {words}\r\n"
    ).encode()
    if encoding == "base64":
        fields = base64.encodebytes(fields).replace(b"\n", b"\r\n")
    return (
        (
            f"Return-Path: <>\r\nDelivered-To: {SENT.envelope_sender}\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIt failed.\r\n"
            "--b\r\nContent-Type: message/global-delivery-status\r\n"
            f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
        ).encode()
        + fields
        + b"\r\n--b\r\nContent-Type: message/global\r\n\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    )
