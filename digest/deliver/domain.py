"""Domain: whether what DNS says about a sending domain agrees with the settings, and what to publish. Pure.

Gmail, Yahoo and Outlook.com want of bulk senders SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489) with alignment,
an MX for returned mail, and reverse names for the sending addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

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


def organisation(domain: str) -> str:
    """The organisational domain by the usual rule: two labels, or three under a country's short second level."""
    labels = domain.lower().rstrip(".").split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3:] if deep else labels[-2:])


def _spf(wanted: Wanted, found: Records) -> Iterator[Judgement]:
    if wanted.envelope in found.failed:
        return
    records = [text for text in found.txt.get(wanted.envelope, ()) if re.match(r"v=spf1(\s|$)", text, re.IGNORECASE)]
    if not records:
        sample = f'{wanted.envelope}. IN TXT "v=spf1 {f"a:{wanted.host} " if wanted.host else "mx "}-all"'
        yield Judgement("error", f"SPF: {wanted.envelope} has no record", f"publish: {sample}")
    elif len(records) > 1:
        remedy = "publish one record that holds them all"
        yield Judgement("error", f"SPF: {wanted.envelope} has {len(records)} records, so none counts", remedy)
    elif re.search(r"\+?\ball\s*$", records[0]) and not re.search(r"[-~?]all\s*$", records[0]):
        yield Judgement("error", f"SPF: {wanted.envelope} lets everybody send in its name", "end the record with -all")
    elif organisation(wanted.envelope) != organisation(wanted.sender):
        remedy = f"set deliver.bounce_address to an address at {wanted.sender}"
        yield Judgement("warning", f"SPF: {wanted.envelope} is not aligned with {wanted.sender}", remedy)
    else:
        yield Judgement("ok", f"SPF: {wanted.envelope}: {records[0]}")


def _dkim(wanted: Wanted, found: Records) -> Iterator[Judgement]:
    if not wanted.dkim:
        yield Judgement("error", f"DKIM: no key for {wanted.sender}", f"digest dkim keygen {wanted.sender}")
    for name, record in wanted.dkim.items():
        if name in found.failed:
            continue
        texts = found.txt.get(name, ())
        if not texts:
            yield Judgement("error", f"DKIM: {name} is not published", f'publish: {name}. IN TXT "{record}"')
        elif _key(record) not in {_key(text) for text in texts}:
            remedy = f'publish: {name}. IN TXT "{record}", or name the key that belongs there'
            yield Judgement("error", f"DKIM: {name} holds another key than ours", remedy)
        elif organisation(name.partition("._domainkey.")[2]) != organisation(wanted.sender):
            remedy = f"sign with a key of {wanted.sender}"
            yield Judgement("warning", f"DKIM: {name} is not aligned with {wanted.sender}", remedy)
        else:
            yield Judgement("ok", f"DKIM: {name}")


def _key(record: str) -> str:
    match = re.search(r"(?:^|;)\s*p=([^;]*)", record)
    return re.sub(r"\s", "", match[1]) if match else ""


def _dmarc(wanted: Wanted, found: Records) -> Iterator[Judgement]:
    names = (f"_dmarc.{wanted.sender}", f"_dmarc.{organisation(wanted.sender)}")
    if any(name in found.failed for name in names):
        return
    records = [text for name in names for text in found.txt.get(name, ()) if text.lower().startswith("v=dmarc1")]
    if not records:
        sample = f'_dmarc.{wanted.sender}. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@{wanted.sender}"'
        yield Judgement("error", f"DMARC: {wanted.sender} has no record", f"publish: {sample}")
    elif not re.search(r"\bp\s*=\s*(none|quarantine|reject)\b", records[0], re.IGNORECASE):
        yield Judgement("error", f"DMARC: {wanted.sender}: no policy in '{records[0]}'", "add p=none to begin with")
    else:
        yield Judgement("ok", f"DMARC: {wanted.sender}: {records[0]}")


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
