"""DNS look-ups of a sending domain (dnspython). Answers and failures become `findings.Records`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import dns.exception
import dns.nameserver
import dns.resolver
import dns.reversename

from digest.deliver.domain import spf
from digest.deliver.domain.findings import Records, SenderDomain, record_names

#: Seconds for one look-up in all.
PATIENCE: Final = 4.0
_MAX_TIMEOUTS: Final = 2  # timeouts in a row after which no further name is looked up


def look_up(sender: SenderDomain, servers: Sequence[str] = ()) -> Records:
    """The records that `findings.judge` compares.

    `servers` are name servers as ADDRESS or IPV4:PORT; without any, the system's are asked.
    """
    lookup = _Lookup(servers)
    txt_names, mx_names = record_names(sender)
    txt = {name: lookup.ask(name, "TXT") for name in txt_names}
    _add_included(txt, sender.envelope, lookup)
    mx = {name: lookup.ask(name, "MX") for name in mx_names}
    addresses = [*lookup.ask(sender.host, "A"), *lookup.ask(sender.host, "AAAA")] if "." in sender.host else []
    ptr = {address: lookup.ask(str(dns.reversename.from_address(address)), "PTR") for address in addresses}
    names = {name for reverse in ptr.values() for name in reverse}
    forward = {name: (*lookup.ask(name, "A"), *lookup.ask(name, "AAAA")) for name in names}
    return Records(txt, mx, ptr, forward, lookup.failed)


def _add_included(txt: dict[str, tuple[str, ...]], domain: str, lookup: _Lookup) -> None:
    """Look up the policies that a domain's own policy includes, as far as a receiver would."""
    queue = [domain]
    for name in queue:
        for policy in spf.policies(txt.get(name, ()))[:1]:
            for other in spf.included(policy):
                if other not in txt and len(queue) <= spf.LOOK_UPS * 2:
                    records = lookup.ask(other, "TXT")
                    if other not in lookup.failed:
                        txt[other] = records
                        queue.append(other)


class _Lookup:
    """A resolver that notes failures. After `_MAX_TIMEOUTS` look-ups in a row without an answer it stops asking."""

    def __init__(self, servers: Sequence[str]) -> None:
        self.failed: dict[str, str] = {}
        self.timeouts = 0
        self._resolver: dns.resolver.Resolver | None = None
        try:
            self._resolver = dns.resolver.Resolver(configure=not servers)
        except dns.resolver.NoResolverConfiguration:
            return
        self._resolver.lifetime = PATIENCE
        if servers:
            self._resolver.nameservers = [_server(server) for server in servers]

    def ask(self, name: str, kind: str) -> tuple[str, ...]:
        """The answers as text; none when the name or type does not exist."""
        if self._resolver is None:
            self.failed[name] = "this machine has no name server"
            return ()
        if self.timeouts >= _MAX_TIMEOUTS:
            self.failed[name] = "the name servers do not answer"
            return ()
        try:
            answer = self._resolver.resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            self.timeouts = 0
            return ()
        except dns.resolver.LifetimeTimeout:
            self.timeouts += 1
            self.failed[name] = f"the name servers did not answer within {PATIENCE:g} s"
            return ()
        except (dns.exception.DNSException, ValueError, OSError) as error:
            self.failed[name] = (str(error).splitlines() or [type(error).__name__])[0][:200]
            return ()
        self.timeouts = 0
        return tuple(_text(record, kind) for record in answer)


def _server(text: str) -> dns.nameserver.Nameserver:
    address, colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    return dns.nameserver.Do53Nameserver(address, int(port) if colon else 53)


def _text(record: object, kind: str) -> str:
    if kind == "TXT":
        return b"".join(record.strings).decode("utf-8", "replace")  # type: ignore[attr-defined]
    if kind == "MX":
        return str(record.exchange).rstrip(".")  # type: ignore[attr-defined]
    return str(record).rstrip(".").lower()
