"""Domain: compares the DNS records of a sending domain with the settings, and says what to publish. Pure.

Gmail, Yahoo and Outlook.com require of bulk senders SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 9989) with
alignment, an MX for returned mail, and reverse names for the sending addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from digest.deliver.domain import dmarc, spf
from digest.errors import Finding


@dataclass(frozen=True, slots=True)
class Records:
    """The DNS answers. A name that does not exist has no records; `failed` names look-ups without an answer.

    `txt` and `mx` are by name (lower case, no dot at the end); `ptr` maps the sending host's addresses to its reverse
    names, and `forward` those names to the addresses that they resolve to.
    """

    txt: Mapping[str, Sequence[str]] = field(default_factory=dict)
    mx: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ptr: Mapping[str, Sequence[str]] = field(default_factory=dict)
    forward: Mapping[str, Sequence[str]] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SenderDomain:
    """The settings: the domain in From, the domain in the envelope, our DKIM records by name, the mail host."""

    sender: str
    envelope: str
    dkim: Mapping[str, str] = field(default_factory=dict)  # record name -> expected text
    host: str = ""


def record_names(domain: SenderDomain) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names whose TXT records are needed, and those whose MX records are."""
    txt = [domain.envelope, *dmarc.record_names(domain.sender), *domain.dkim]
    for name in (domain.envelope, *map(_signing_domain, domain.dkim)):
        txt += dmarc.record_names(name)
    return tuple(dict.fromkeys(txt)), tuple(dict.fromkeys((domain.envelope, domain.sender)))


def judge(domain: SenderDomain, records: Records) -> Iterator[Finding]:
    """Compare everything, in the order in which receivers look it up."""
    for name, why in records.failed.items():
        yield Finding("dns", f"DNS gave no answer for {name}: {why}", "run 'digest check' again later", "warning")
    alignment = Alignment(domain.sender, records)
    yield from _spf(domain, records, alignment)
    yield from _dkim(domain, records, alignment)
    yield from _dmarc(domain, records, alignment)
    yield from _mx(domain, records)
    yield from _ptr(domain, records)


class Alignment:
    """Whether other domains belong to the organisation of the sender's (RFC 9989 4.10).

    Where the sender has no DMARC record, the one is assumed that we advise to publish. A look-up that failed is no
    evidence against alignment.
    """

    def __init__(self, sender: str, records: Records) -> None:
        self._sender, self._failed = sender, records.failed
        txt = records.txt
        if not dmarc.applicable(sender, txt):
            txt = {**txt, f"_dmarc.{sender}": ("v=DMARC1; p=none",)}
        self._txt = txt

    def holds(self, domain: str, *, strict: bool = False) -> bool:
        """True when a domain in envelope or signature is aligned with the sender's; `strict` requires the same one."""
        if strict or domain == self._sender:
            return domain == self._sender
        if any(name in self._failed for each in (domain, self._sender) for name in dmarc.record_names(each)):
            return True
        return dmarc.organisation(domain, self._txt) == dmarc.organisation(self._sender, self._txt)


def _spf(domain: SenderDomain, records: Records, alignment: Alignment) -> Iterator[Finding]:
    name = domain.envelope
    if name in records.failed:
        return
    policies = spf.policies(records.txt.get(name, ()))
    if not policies:
        sample = f'{name}. IN TXT "v=spf1 {f"a:{domain.host} " if domain.host else "mx "}-all"'
        yield Finding("dns", f"SPF: {name} has no record", f"publish: {sample}")
    elif len(policies) > 1:
        remedy = "publish one record that holds them all"
        yield Finding("dns", f"SPF: {name} has {len(policies)} records, so none counts", remedy)
    else:
        problems = list(_policy_problems(name, policies[0], records))
        yield from problems
        if not alignment.holds(name):
            remedy = f"set deliver.bounce_address to an address at {domain.sender}"
            yield Finding("dns", f"SPF: {name} is not aligned with {domain.sender}", remedy, "warning")
        elif not problems:
            yield Finding("dns", f"SPF: {name}: {policies[0]}", severity="ok")


def _policy_problems(name: str, policy: str, records: Records) -> Iterator[Finding]:
    for mistake in spf.mistakes(name, records.txt):
        yield Finding("dns", f"SPF: {name}: {mistake}, so the record counts for nothing", "mend or remove that term")
    if (count := spf.look_ups(name, records.txt)) > spf.LOOK_UPS:
        remedy = "leave out includes of services that send nothing for you, or name their addresses with ip4: and ip6:"
        why = f"more than the {spf.LOOK_UPS} that receivers make, so the record counts for nothing"
        yield Finding("dns", f"SPF: {name} takes {count} look-ups, {why}", remedy)
    qualifier = spf.all_qualifier(policy)
    if qualifier == "+":
        yield Finding("dns", f"SPF: {name} lets everybody send in its name", "end the record with -all")
    elif qualifier in ("", "?"):
        yield Finding(
            "dns", f"SPF: {name} says nothing of servers that it does not name", "end it with -all", "warning"
        )


def _dkim(domain: SenderDomain, records: Records, alignment: Alignment) -> Iterator[Finding]:
    if not domain.dkim:
        yield Finding("dns", f"DKIM: no key for {domain.sender}", f"digest dkim keygen {domain.sender}")
    aligned = any(alignment.holds(_signing_domain(name)) for name in domain.dkim)
    for name, record in domain.dkim.items():
        if name in records.failed:
            continue
        texts = records.txt.get(name, ())
        if not texts:
            yield Finding("dns", f"DKIM: {name} is not published", f'publish: {name}. IN TXT "{record}"')
        elif problem := _key_problem(dmarc.tags(record), [dmarc.tags(text) for text in texts]):
            remedy = f'publish: {name}. IN TXT "{record}", or name the key that belongs there'
            yield Finding("dns", f"DKIM: {name} {problem}", remedy)
        elif not aligned:  # one aligned signature is enough
            remedy = f"sign with a key of {domain.sender}"
            yield Finding("dns", f"DKIM: {name} is not aligned with {domain.sender}", remedy, "warning")
        elif "y" in dmarc.tags(texts[0]).get("t", "").lower().split(":"):
            why = "says that it is only a test (t=y), so signatures may count for nothing"
            yield Finding("dns", f"DKIM: {name} {why}", "take t=y out of the record", "warning")
        else:
            yield Finding("dns", f"DKIM: {name}", severity="ok")


def _key_problem(ours: Mapping[str, str], published: Sequence[Mapping[str, str]]) -> str:
    """Why the published key (RFC 6376 3.6.1) does not verify our signatures; "" when it does."""
    if len(published) > 1:
        return f"has {len(published)} records, and receivers may take any of them"
    theirs = published[0]
    if theirs.get("p") == "":
        return "says that the key was withdrawn (p= is empty)"
    if theirs.get("p") != ours["p"]:
        return "holds another key than ours"
    kinds = theirs.get("k", "rsa").lower(), ours.get("k", "rsa")
    return "" if kinds[0] == kinds[1] else f"calls it a key of the kind {kinds[0]}, and it is {kinds[1]}"


def _signing_domain(record_name: str) -> str:
    """The domain that a DKIM key signs for."""
    return record_name.partition("._domainkey.")[2]


def _dmarc(domain: SenderDomain, records: Records, alignment: Alignment) -> Iterator[Finding]:
    if any(name in records.failed for name in dmarc.record_names(domain.sender)):
        return
    texts = dmarc.applicable(domain.sender, records.txt)
    if not texts:
        sample = f'_dmarc.{domain.sender}. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@{domain.sender}"'
        yield Finding("dns", f"DMARC: {domain.sender} has no record", f"publish: {sample}")
        return
    tags = dmarc.tags(texts[0])
    if len(texts) > 1:
        remedy = "publish one record"
        yield Finding("dns", f"DMARC: {domain.sender} has {len(texts)} records, so none counts", remedy)
    elif tags.get("p", "").lower() not in ("none", "quarantine", "reject"):
        yield Finding("dns", f"DMARC: {domain.sender}: no policy in '{texts[0]}'", "add p=none to begin with")
    elif not _any_aligned(domain, tags, alignment):
        strict = " strictly" if "s" in (tags.get("adkim"), tags.get("aspf")) else ""
        why = f"neither the signature nor the envelope is{strict} aligned with {domain.sender}, so its mail fails"
        remedy = f"sign with a key of {domain.sender}, or set deliver.bounce_address to an address at {domain.sender}"
        yield Finding("dns", f"DMARC: {why} '{texts[0]}'", remedy)
    else:
        yield Finding("dns", f"DMARC: {domain.sender}: {texts[0]}", severity="ok")


def _any_aligned(domain: SenderDomain, tags: Mapping[str, str], alignment: Alignment) -> bool:
    """Whether envelope or signature is aligned: mode `s` requires the same domain, else the same organisation."""

    def strict(mode: str) -> bool:
        return tags.get(mode, "r").lower() == "s"

    if alignment.holds(domain.envelope, strict=strict("aspf")):
        return True
    return any(alignment.holds(_signing_domain(name), strict=strict("adkim")) for name in domain.dkim)


def _mx(domain: SenderDomain, records: Records) -> Iterator[Finding]:
    for name in dict.fromkeys((domain.envelope, domain.sender)):
        if name in records.failed:
            continue
        hosts = [host for host in records.mx.get(name, ()) if host.strip(".")]
        if hosts:
            yield Finding("dns", f"MX: {name}: {', '.join(hosts)}", severity="ok")
        else:
            remedy = f"publish an MX for {name}, or use addresses of a domain that has one"
            yield Finding("dns", f"MX: {name} takes no mail: bounces and answers are lost", remedy, "warning")


def _ptr(domain: SenderDomain, records: Records) -> Iterator[Finding]:
    for address, names in records.ptr.items():
        if not names:
            remedy = f"ask who runs the network to name {address} '{domain.host}'"
            yield Finding("dns", f"PTR: {address} ({domain.host}) has no reverse name", remedy, "warning")
        elif not any(address in records.forward.get(name, ()) for name in names):
            remedy = f"let one of them lead to {address}"
            yield Finding(
                "dns", f"PTR: {address} is called {', '.join(names)}, which lead elsewhere", remedy, "warning"
            )
        else:
            yield Finding("dns", f"PTR: {address}: {', '.join(names)}", severity="ok")
