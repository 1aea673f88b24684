"""One judge for a server's refusal, as a reply at RCPT and in a notice."""

from __future__ import annotations

import pytest

from digest.deliver.bounce import kind_of_status
from digest.deliver.reply import Reply, outcome
from digest.deliver.server_words import Verdict, blames_sender, judge

#: Replies at RCPT as servers write them, and how they count: hard, soft, or "" for not against the address.
REPLIES = [
    (550, "5.1.1 <ida@north.example>: Recipient address rejected: User unknown in virtual mailbox table", "hard"),
    (550, "5.1.0 <ida@north.example> User unknown", "hard"),
    (550, "Recipient address rejected: User unknown", "hard"),
    (550, "<ida@accurate.example>: No such user", "hard"),
    (550, "<spam@blocklist.example> user unknown", "hard"),
    (550, "Requested action not taken: mailbox unavailable", "hard"),
    (554, "delivery error: dd This user doesn't have an north.example account [0] - mta1.north.example", "hard"),
    (550, "5.4.1 Recipient address rejected: Access denied. [north.prod.protection.example]", "hard"),
    (550, "5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", "hard"),
    (511, "no such address", "hard"),
    (550, "#5.1.0 unknown recipient", "hard"),
    (550, "5.2.1 The email account that you tried to reach is disabled", "hard"),
    (556, "5.1.10 Recipient address has a null MX", "hard"),
    (550, "5.4.4 Host or domain name not found", "hard"),
    (553, "sorry, no mailbox here by that name", "hard"),
    (550, "Unrouteable address", "hard"),
    (550, "Utilisateur inconnu", "hard"),
    (550, "Der Empfänger ist hier nicht bekannt: Empfänger unbekannt", "hard"),
    (550, "User ida (ida@north.example) not listed in Domino Directory", "hard"),
    (550, "the account ida has been disabled", "hard"),
    (550, "Mailbox quota exceeded", "soft"),
    (552, "5.2.2 The email account that you tried to reach is over quota", "soft"),
    (552, "Mailbox full", "soft"),
    (452, "4.2.2 mailbox full", "soft"),
    (550, "sorry, the mailbox of ida is currently full", "soft"),
    (550, "Le quota de la boîte est dépassé: boîte pleine", "soft"),
    (554, "5.7.1 <ida@north.example>: Relay access denied", ""),
    (550, "5.7.606 Access denied, banned sending IP [192.0.2.1]", ""),
    (550, "5.7.26 Unauthenticated email from press.org is not accepted due to domain's DMARC policy", ""),
    (550, "5.7.1 Mailbox disabled, user no longer at this company", ""),
    (550, "mailbox unavailable: your IP is on a blocklist", ""),
    (550, "user unknown, or blocked by our spam policy", ""),
    (550, "Sender domain does not exist", ""),
    (550, "5.1.8 the sender's domain does not exist", ""),
    (554, "Message rate limit exceeded: mailbox not available", ""),
    (452, "too many recipients", ""),
    (550, "quota exceeded: too many messages from your server", ""),
    (450, "4.2.0 Greylisted, try again in 300 seconds", ""),
    (451, "4.7.1 Greylisting in action, please come back later", ""),
    (550, "no", ""),
]


@pytest.mark.parametrize(("code", "text", "bounce"), REPLIES)
def test_reply_at_rcpt_counts_as_the_same_words_in_a_notice(code: int, text: str, bounce: str) -> None:
    assert outcome(Reply("rcpt", code, text)).bounce == bounce
    if code >= 500:  # a notice with a temporary code means that the server gave up, which is a soft bounce
        kind = kind_of_status("", f"smtp; {code} {text}")
        assert ("" if kind == "refusal" else kind) == bounce


@pytest.mark.parametrize(
    ("text", "status", "verdict"),
    [
        ("", "5.1.1", Verdict("mailbox", True)),
        ("smtp; 550 5.1.1 gone", "5.0.0", Verdict("mailbox", True)),
        ("no such user", "4.0.0", Verdict("mailbox", False)),
        ("is listed on a blocklist", "5.4.1", Verdict("policy", True)),
        ("Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)", "", Verdict("route", False)),
        ("retry timeout exceeded", "", Verdict("route", True)),
        ("", "5.3.0", Verdict("server", True)),
        ("connected to 192.0.2.55.1 at 550 Main Street", "", Verdict("unknown", True)),
        ("", "", Verdict("unknown", True)),
        ("x" * 5000 + " user unknown", "", Verdict("unknown", True)),
    ],
)
def test_judge_reads_code_before_words(text: str, status: str, verdict: Verdict) -> None:
    assert judge(text, status) == verdict


def test_judge_takes_linear_time_on_hostile_text() -> None:
    for text in ("@" * 2000, "a." * 1000, "<" * 2000, "user " * 400, "mailbox a " * 200, "-" * 2000 + "@"):
        assert judge(text + "!").permanent  # the suite's time limit would end a search that runs away


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4.7.1 too many messages from your IP", True),
        ("4.7.0 [192.0.2.1] blocked by our policy", True),
        ("4.7.1 Greylisted by policy, see postgrey", False),
        ("4.2.0 try again later", False),
    ],
)
def test_blames_sender_excludes_greylisting(text: str, expected: bool) -> None:
    assert blames_sender(text) is expected
