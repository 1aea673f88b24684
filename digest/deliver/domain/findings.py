"""Domain: whether what DNS says about a sending domain agrees with the settings, and what to publish. Pure.

Gmail, Yahoo and Outlook.com want of bulk senders SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489) with alignment,
an MX for returned mail, and reverse names for the sending addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from digest.deliver.domain import spf

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Records:
    """What was looked up. A name that is not there has no records; `failed` names look-ups that got no answer.

    `txt` and `mx` are by name (lower case, no dot at the end); `ptr` maps the sending host's addresses to its reverse
    names, and `forward` those names to the addresses they lead back to.
    """

    txt: Mapping[str, Sequence[str]] = field(default_factory=dict)
    mx: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ptr: Mapping[str, Sequence[str]] = field(default_factory=dict)
    forward: Mapping[str, Sequence[str]] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say: the domain in From, the one in the envelope, our DKIM records by name, the mail host."""

    sender: str
    envelope: str
    dkim: Mapping[str, str] = field(default_factory=dict)  # record name -> what must stand there
    host: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One thing that was compared; `remedy` says what to publish, "" when all is well."""

    level: Level
    message: str
    remedy: str = ""


def names_of(wanted: Wanted) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names to ask TXT of, and those to ask MX of."""
    txt = (wanted.envelope, f"_dmarc.{wanted.sender}", f"_dmarc.{organisation(wanted.sender)}", *wanted.dkim)
    return tuple(dict.fromkeys(txt)), tuple(dict.fromkeys((wanted.envelope, wanted.sender)))


def judge(wanted: Wanted, found: Records) -> Iterator[Judgement]:
    """Compare, in the order in which receivers look."""
    for name, why in found.failed.items():
        yield Judgement("warning", f"DNS gave no answer for {name}: {why}", "run 'digest check' again later")
    yield from _spf(wanted, found)
    yield from _dkim(wanted, found)
    yield from _dmarc(wanted, found)
    yield from _mx(wanted, found)
    yield from _ptr(wanted, found)


#: Second levels under which countries give names away, as in co.uk, com.au, or.jp, gouv.fr.
_SHARED = frozenset("ac asso co com edu gob go gouv gov gv id ltd me mil ne net nom or org plc sch web".split())


def organisation(domain: str) -> str:
    """The organisational domain by the usual rule: two labels, or three under a country's shared second level."""
    labels = domain.lower().rstrip(".").split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED
    return ".".join(labels[-3:] if deep else labels[-2:])


def _spf(wanted: Wanted, found: Records) -> Iterator[Judgement]:
    name = wanted.envelope
    if name in found.failed:
        return
    records = spf.policies(found.txt.get(name, ()))
    if not records:
        sample = f'{name}. IN TXT "v=spf1 {f"a:{wanted.host} " if wanted.host else "mx "}-all"'
        yield Judgement("error", f"SPF: {name} has no record", f"publish: {sample}")
    elif len(records) > 1:
        remedy = "publish one record that holds them all"
        yield Judgement("error", f"SPF: {name} has {len(records)} records, so none counts", remedy)
    else:
        troubles = list(_policy(name, records[0], found))
        yield from troubles
        if organisation(name) != organisation(wanted.sender):
            remedy = f"set deliver.bounce_address to an address at {wanted.sender}"
            yield Judgement("warning", f"SPF: {name} is not aligned with {wanted.sender}", remedy)
        elif not troubles:
            yield Judgement("ok", f"SPF: {name}: {records[0]}")


def _policy(name: str, policy: str, found: Records) -> Iterator[Judgement]:
    """What is wrong with the one policy of a name."""
    for mistake in spf.mistakes(name, found.txt):
        yield Judgement(
            "error", f"SPF: {name}: {mistake}, so the record counts for nothing", "mend or remove that term"
        )
    if (number := spf.look_ups(name, found.txt)) > spf.LOOK_UPS:
        remedy = "leave out includes of services that send nothing for you, or name their addresses with ip4: and ip6:"
        words = f"more than the {spf.LOOK_UPS} that receivers make, so the record counts for nothing"
        yield Judgement("error", f"SPF: {name} takes {number} look-ups, {words}", remedy)
    last = spf.last_word(policy)
    if last == "+":
        yield Judgement("error", f"SPF: {name} lets everybody send in its name", "end the record with -all")
    elif last in ("", "?"):
        yield Judgement("warning", f"SPF: {name} says nothing of servers that it does not name", "end it with -all")


def _dkim(wanted: Wanted, found: Records) -> Iterator[Judgement]:
    if not wanted.dkim:
        yield Judgement("error", f"DKIM: no key for {wanted.sender}", f"digest dkim keygen {wanted.sender}")
    aligned = any(organisation(_signing(name)) == organisation(wanted.sender) for name in wanted.dkim)
    for name, record in wanted.dkim.items():
        if name in found.failed:
            continue
        texts = found.txt.get(name, ())
        if not texts:
            yield Judgement("error", f"DKIM: {name} is not published", f'publish: {name}. IN TXT "{record}"')
        elif trouble := _other_key(_tags(record), [_tags(text) for text in texts]):
            remedy = f'publish: {name}. IN TXT "{record}", or name the key that belongs there'
            yield Judgement("error", f"DKIM: {name} {trouble}", remedy)
        elif not aligned:  # else another signature is, and one is enough
            remedy = f"sign with a key of {wanted.sender}"
            yield Judgement("warning", f"DKIM: {name} is not aligned with {wanted.sender}", remedy)
        elif "y" in _tags(texts[0]).get("t", "").lower().split(":"):
            words = "says that it is only a test (t=y), so signatures may count for nothing"
            yield Judgement("warning", f"DKIM: {name} {words}", "take t=y out of the record")
        else:
            yield Judgement("ok", f"DKIM: {name}")


def _other_key(ours: Mapping[str, str], published: Sequence[Mapping[str, str]]) -> str:
    """Why what is published (RFC 6376 3.6.1) does not verify what we sign; "" when it does."""
    if len(published) > 1:
        return f"has {len(published)} records, and receivers may take any of them"
    theirs = published[0]
    if theirs.get("p") == "":
        return "says that the key was withdrawn (p= is empty)"
    if theirs.get("p") != ours["p"]:
        return "holds another key than ours"
    kinds = theirs.get("k", "rsa").lower(), ours.get("k", "rsa")
    return "" if kinds[0] == kinds[1] else f"calls it a key of the kind {kinds[0]}, and it is {kinds[1]}"


def _tags(record: str) -> dict[str, str]:
    """The tags of a DKIM or DMARC record, without blanks."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): re.sub(r"\s", "", value) for name, _, value in pairs}


def _signing(record_name: str) -> str:
    """The domain that a key signs for."""
    return record_name.partition("._domainkey.")[2]


def _dmarc(wanted: Wanted, found: Records) -> Iterator[Judgement]:
    names = tuple(dict.fromkeys((f"_dmarc.{wanted.sender}", f"_dmarc.{organisation(wanted.sender)}")))
    if any(name in found.failed for name in names):
        return
    by_name = ([text for text in found.txt.get(name, ()) if text.lower().startswith("v=dmarc1")] for name in names)
    records = next((texts for texts in by_name if texts), [])
    if not records:
        sample = f'_dmarc.{wanted.sender}. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@{wanted.sender}"'
        yield Judgement("error", f"DMARC: {wanted.sender} has no record", f"publish: {sample}")
        return
    tags = _tags(records[0])
    if len(records) > 1:
        remedy = "publish one record"
        yield Judgement("error", f"DMARC: {wanted.sender} has {len(records)} records, so none counts", remedy)
    elif tags.get("p", "").lower() not in ("none", "quarantine", "reject"):
        yield Judgement("error", f"DMARC: {wanted.sender}: no policy in '{records[0]}'", "add p=none to begin with")
    elif not _aligned(wanted, tags):
        strict = " strictly" if "s" in (tags.get("adkim"), tags.get("aspf")) else ""
        words = f"neither the signature nor the envelope is{strict} aligned with {wanted.sender}, so its mail fails"
        remedy = f"sign with a key of {wanted.sender}, or set deliver.bounce_address to an address at {wanted.sender}"
        yield Judgement("error", f"DMARC: {words} '{records[0]}'", remedy)
    else:
        yield Judgement("ok", f"DMARC: {wanted.sender}: {records[0]}")


def _aligned(wanted: Wanted, tags: Mapping[str, str]) -> bool:
    """Whether one of the two would do (RFC 7489 3.1): `s` wants the very domain, else the organisation's will do."""

    def same(domain: str, mode: str) -> bool:
        strict = tags.get(mode, "r").lower() == "s"
        return domain == wanted.sender if strict else organisation(domain) == organisation(wanted.sender)

    return same(wanted.envelope, "aspf") or any(same(_signing(name), "adkim") for name in wanted.dkim)


def _mx(wanted: Wanted, found: Records) -> Iterator[Judgement]:
    for domain in dict.fromkeys((wanted.envelope, wanted.sender)):
        if domain in found.failed:
            continue
        hosts = [host for host in found.mx.get(domain, ()) if host.strip(".")]
        if hosts:
            yield Judgement("ok", f"MX: {domain}: {', '.join(hosts)}")
        else:
            remedy = f"publish an MX for {domain}, or use addresses of a domain that has one"
            yield Judgement("warning", f"MX: {domain} takes no mail: bounces and answers are lost", remedy)


def _ptr(wanted: Wanted, found: Records) -> Iterator[Judgement]:
    for address, names in found.ptr.items():
        if not names:
            remedy = f"ask who runs the network to name {address} '{wanted.host}'"
            yield Judgement("warning", f"PTR: {address} ({wanted.host}) has no reverse name", remedy)
        elif not any(address in found.forward.get(name, ()) for name in names):
            remedy = f"let one of them lead to {address}"
            yield Judgement("warning", f"PTR: {address} is called {', '.join(names)}, which lead elsewhere", remedy)
        else:
            yield Judgement("ok", f"PTR: {address}: {', '.join(names)}")
