"""The sending domain: what DNS says is compared with the settings, and each difference says what to publish."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from digest.deliver.domain.dmarc import organisation, walk
from digest.deliver.domain.dns import look_up
from digest.deliver.domain.findings import Records, SenderDomain, judge
from digest.deliver.mime.dkim import generate, load_key

KEY = load_key("press.org", "digest", generate("ed25519"))
SENDER = SenderDomain("press.org", "bounces.press.org", {KEY.record_name: KEY.record}, "mail.press.org")
ZONE: dict[tuple[str, str], list[str]] = {
    ("bounces.press.org", "TXT"): ['"v=spf1 a:mail.press.org -all"', '"unrelated"'],
    ("bounces.press.org", "MX"): ["10 mail.press.org."],
    ("press.org", "MX"): ["10 mail.press.org."],
    (KEY.record_name, "TXT"): [f'"{KEY.record[:20]}" "{KEY.record[20:]}"'],
    ("_dmarc.press.org", "TXT"): ['"v=DMARC1; p=none; rua=mailto:dmarc@press.org"'],
    ("mail.press.org", "A"): ["192.0.2.25"],
    ("25.2.0.192.in-addr.arpa", "PTR"): ["mail.press.org."],
}


class _Zone(socketserver.BaseRequestHandler):
    """A name server for one zone; 'broken.' names get SERVFAIL."""

    zone: Mapping[tuple[str, str], list[str]] = ZONE

    def handle(self) -> None:
        query = dns.message.from_wire(self.request[0])
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA | dns.flags.AA
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        found = self.zone.get((name, dns.rdatatype.to_text(question.rdtype)))
        if name.startswith("broken."):
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif found:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", question.rdtype, *found))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.request[1].sendto(answer.to_wire(), self.client_address)


@pytest.fixture
def server() -> Iterator[str]:
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Zone) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def levels(wanted: SenderDomain, found: Records) -> dict[str, str]:
    """The worst level of each kind of record."""
    worst: dict[str, str] = {}
    for judgement in judge(wanted, found):
        kind = judgement.problem.split(":")[0]
        order = ["ok", "warning", "error"]
        worst[kind] = max(worst.get(kind, "ok"), judgement.severity, key=order.index)
        assert (judgement.severity == "ok") == (judgement.remedy == ""), judgement
    return worst


def test_judge_complete_domain_passes(server: str) -> None:
    assert levels(SENDER, look_up(SENDER, [server])) == dict.fromkeys(("SPF", "DKIM", "DMARC", "MX", "PTR"), "ok")


def test_judge_empty_domain_gets_remedies(server: str) -> None:
    bare = SenderDomain("empty.org", "empty.org", {"digest._domainkey.empty.org": KEY.record}, "mail.empty.org")
    found = list(judge(bare, look_up(bare, [server])))
    assert {j.problem.split(":")[0]: j.severity for j in found} == {
        "SPF": "error",
        "DKIM": "error",
        "DMARC": "error",
        "MX": "warning",
    }
    remedies = " ".join(j.remedy for j in found)
    assert "v=spf1 a:mail.empty.org -all" in remedies
    assert KEY.record in remedies
    assert "v=DMARC1; p=none" in remedies


def test_judge_failed_lookup_is_a_warning(server: str) -> None:
    broken = SenderDomain("broken.org", "broken.org")
    found = look_up(broken, [server])
    assert "broken.org" in found.failed
    assert "SPF" not in levels(broken, found)


TXT = {
    "bounces.press.org": ("v=spf1 a:mail.press.org -all",),
    KEY.record_name: (KEY.record,),
    "_dmarc.press.org": ("v=DMARC1; p=none",),
}
GOOD = Records(TXT, {"press.org": ("mail.press.org",), "bounces.press.org": ("mail.press.org",)})


@pytest.mark.parametrize(
    ("name", "text", "kind", "level"),
    [
        ("bounces.press.org", ("v=spf1 +all",), "SPF", "error"),
        ("bounces.press.org", ("v=spf1 mx -all", "v=spf1 a -all"), "SPF", "error"),
        (KEY.record_name, ("v=DKIM1; k=ed25519; p=AAAA",), "DKIM", "error"),
        ("bounces.press.org", ("v=spf1 mx",), "SPF", "warning"),
        ("bounces.press.org", ("v=spf1 mx ?all",), "SPF", "warning"),
        ("bounces.press.org", ("v=spf1 ip4:192.0.2.1 ipv4:192.0.2.2 -all",), "SPF", "error"),
        ("bounces.press.org", ("v=spf1 " + "a:mail.press.org " * 11 + "-all",), "SPF", "error"),
        ("bounces.press.org", ("v=spf1 " + "a:mail.press.org " * 10 + "-all",), "SPF", "ok"),
        (KEY.record_name, (KEY.record.replace("k=ed25519", "k=rsa"),), "DKIM", "error"),
        (KEY.record_name, (KEY.record.replace("k=ed25519; ", ""),), "DKIM", "error"),
        (KEY.record_name, ("v=DKIM1; k=ed25519; p=",), "DKIM", "error"),
        (KEY.record_name, (KEY.record, "v=DKIM1; k=ed25519; p=AAAA"), "DKIM", "error"),
        (KEY.record_name, (KEY.record + "; t=y",), "DKIM", "warning"),
        ("_dmarc.press.org", ("v=DMARC1; p=none", "v=DMARC1; p=reject"), "DMARC", "error"),
        ("_dmarc.press.org", ("v=DMARC1; p=reject; aspf=s",), "DMARC", "ok"),  # the key's domain is the sender's
        ("_dmarc.press.org", ("v=DMARC1; sp=none",), "DMARC", "error"),
        (KEY.record_name, (KEY.record.replace("p=", "p= ").replace("; ", ";"),), "DKIM", "ok"),
        ("_dmarc.press.org", ("v=DMARC1; rua=mailto:x@press.org",), "DMARC", "error"),
        ("_dmarc.press.org", ("v=DMARC1; p=reject",), "DMARC", "ok"),
    ],
)
def test_judge_reads_records_as_receivers_do(name: str, text: tuple[str, ...], kind: str, level: str) -> None:
    assert levels(SENDER, replace(GOOD, txt={**TXT, name: text}))[kind] == level


def test_alignment_foreign_domains_are_not_aligned() -> None:
    other = SenderDomain("paper.org", "bounces.press.org", {KEY.record_name: KEY.record})
    found = levels(other, replace(GOOD, txt={**TXT, "_dmarc.paper.org": ("v=DMARC1; p=none",)}))
    assert (found["SPF"], found["DKIM"], found["DMARC"]) == ("warning", "warning", "error")


def test_dkim_one_aligned_signature_is_enough() -> None:
    other = load_key("paper.org", "digest", generate("ed25519"))
    both = replace(SENDER, dkim={KEY.record_name: KEY.record, other.record_name: other.record})
    assert levels(both, replace(GOOD, txt={**TXT, other.record_name: (other.record,)}))["DKIM"] == "ok"


def test_alignment_strict_requires_the_same_domain() -> None:
    strict = replace(GOOD, txt={**TXT, "_dmarc.news.press.org": ("v=DMARC1; p=reject; aspf=s; adkim=s",)})
    below = SenderDomain("news.press.org", "bounces.press.org", {KEY.record_name: KEY.record})
    assert levels(below, strict)["DMARC"] == "error"
    relaxed = replace(GOOD, txt={**TXT, "_dmarc.news.press.org": ("v=DMARC1; p=reject",)})
    assert levels(below, relaxed)["DMARC"] == "ok"


def policy(server: str, **records: str) -> list[str]:
    """Return the findings on the SPF of `one.org`, which has these policies, by their first label."""
    for name, text in records.items():
        ZONE[(f"{name}.org", "TXT")] = [f'"{text}"']
    wanted = SenderDomain("one.org", "one.org")
    return [f"{j.severity} {j.problem}" for j in judge(wanted, look_up(wanted, [server])) if "SPF" in j.problem]


def test_spf_includes_count_with_the_policy(server: str) -> None:
    assert policy(server, one="v=spf1 include:two.org -all", two="v=spf1 mx -all")[0].startswith("ok ")
    (much,) = policy(server, one="v=spf1 a include:two.org -all", two="v=spf1 " + "mx " * 9 + "-all")
    assert much.startswith("error SPF: one.org takes 11 look-ups")
    (circle,) = policy(server, one="v=spf1 include:two.org -all", two="v=spf1 include:one.org -all")
    assert "look-ups" in circle
    (handed,) = policy(server, one="v=spf1 redirect=two.org", two="v=spf1 mx -all")
    assert handed.startswith("ok ")


def test_spf_include_without_policy_is_an_error(server: str) -> None:
    (lost,) = policy(server, one="v=spf1 include:nowhere.org -all")
    assert "error SPF: one.org: it includes nowhere.org, which has not one SPF record" in lost
    assert policy(server, one="v=spf1 include:broken.org -all")[0].startswith("ok ")  # no answer is no verdict


def test_look_up_stops_after_repeated_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.deliver.domain.dns.PATIENCE", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        found = look_up(SENDER, [f"127.0.0.1:{mute.getsockname()[1]}"])
    assert "did not answer within" in found.failed["_dmarc.press.org"]
    assert found.failed["press.org"] == "the name servers do not answer"
    assert all(j.severity == "warning" for j in judge(SENDER, found))


def test_ptr_must_resolve_back() -> None:
    lost = replace(GOOD, ptr={"192.0.2.25": ("other.org",)}, forward={"other.org": ("192.0.2.99",)})
    assert levels(SENDER, lost)["PTR"] == "warning"
    assert levels(SENDER, replace(GOOD, ptr={"192.0.2.25": ()}))["PTR"] == "warning"


RECORD = ("v=DMARC1; p=none",)


@pytest.mark.parametrize(
    ("domain", "records", "expected"),
    [
        ("a.b.press.org", {"press.org": RECORD}, "press.org"),
        ("mail.paper.co.uk", {"paper.co.uk": RECORD}, "paper.co.uk"),
        ("press.fr", {"press.fr": RECORD}, "press.fr"),
        ("news.abc.fr", {"abc.fr": RECORD}, "abc.fr"),
        ("mail.trust.nhs.example", {"trust.nhs.example": RECORD}, "trust.nhs.example"),  # no suffix list is needed
        ("a.example.qc.test", {"example.qc.test": RECORD}, "example.qc.test"),
        ("a.b.press.org", {}, "a.b.press.org"),
        ("a.b.press.org", {"b.press.org": RECORD, "press.org": RECORD}, "press.org"),
        ("a.b.press.org", {"b.press.org": ("v=DMARC1; p=none; psd=n",), "press.org": RECORD}, "b.press.org"),
        ("a.b.shared.org", {"shared.org": ("v=DMARC1; p=none; psd=y",)}, "b.shared.org"),
        ("a.b.shared.org", {"b.shared.org": RECORD, "shared.org": ("v=DMARC1; psd=y; p=none",)}, "b.shared.org"),
        ("shared.org", {"shared.org": ("v=DMARC1; p=none; psd=y",)}, "shared.org"),
        ("a.press.org", {"press.org": ("v=DMARC1; p=none", "v=DMARC1; p=reject")}, "a.press.org"),  # two are none
        ("a.press.org", {"press.org": ("v=DMARC11; p=none",)}, "a.press.org"),
        ("1.2.3.4.5.6.7.8.press.org", {"press.org": RECORD}, "press.org"),
    ],
)
def test_organisation_by_tree_walk(domain: str, records: Mapping[str, tuple[str, ...]], expected: str) -> None:
    assert organisation(domain, {f"_dmarc.{name}": texts for name, texts in records.items()}) == expected


def test_walk_has_eight_names_at_most() -> None:
    assert walk("a.b.c.press.org") == ("a.b.c.press.org", "b.c.press.org", "c.press.org", "press.org", "org")
    names = walk("1.2.3.4.5.6.7.8.9.press.org")
    assert (len(names), names[0], names[1]) == (8, "1.2.3.4.5.6.7.8.9.press.org", "5.6.7.8.9.press.org")


def test_alignment_follows_the_tree_walk() -> None:
    school = SenderDomain("high.k12.example", "high.k12.example", {"d._domainkey.low.k12.example": KEY.record})
    txt = {
        "high.k12.example": ("v=spf1 -all",),
        "d._domainkey.low.k12.example": (KEY.record,),
        "_dmarc.high.k12.example": RECORD,
        "_dmarc.low.k12.example": RECORD,
    }
    assert levels(school, Records(txt))["DKIM"] == "warning"  # two schools are two organisations
    assert levels(school, Records({**txt, "_dmarc.k12.example": RECORD}))["DKIM"] == "ok"  # one with two offices
    suffix = {**txt, "_dmarc.k12.example": ("v=DMARC1; p=none; psd=y",)}
    assert levels(school, Records(suffix))["DKIM"] == "warning"


def test_record_of_a_public_suffix_applies_to_domains_without_their_own() -> None:
    below = replace(SENDER, sender="news.press.org", envelope="news.press.org")
    txt = {KEY.record_name: (KEY.record,), "_dmarc.org": ("v=DMARC1; p=reject; psd=y",)}
    assert levels(below, Records(txt))["DMARC"] == "ok"
