"""Looking a sending domain up in DNS (dnspython). Edge: answers become `domain.Records`, failures facts in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import dns.exception
import dns.nameserver
import dns.resolver
import dns.reversename

from digest.deliver.domain import spf
from digest.deliver.domain.findings import Records, Wanted, names_of

#: Seconds for one look-up in all.
PATIENCE: Final = 4.0
_SILENCES: Final = 2


def look_up(wanted: Wanted, servers: Sequence[str] = ()) -> Records:
    """Everything `domain.judge` compares. `servers` are name servers, ADDRESS or IPV4:PORT; else the machine's own."""
    asker = _Asker(servers)
    txt_names, mx_names = names_of(wanted)
    txt = {name: asker.ask(name, "TXT") for name in txt_names}
    _add_included(txt, wanted.envelope, asker)
    mx = {name: asker.ask(name, "MX") for name in mx_names}
    addresses = [*asker.ask(wanted.host, "A"), *asker.ask(wanted.host, "AAAA")] if "." in wanted.host else []
    ptr = {address: asker.ask(str(dns.reversename.from_address(address)), "PTR") for address in addresses}
    names = {name for reverse in ptr.values() for name in reverse}
    forward = {name: (*asker.ask(name, "A"), *asker.ask(name, "AAAA")) for name in names}
    return Records(txt, mx, ptr, forward, asker.failed)


def _add_included(txt: dict[str, tuple[str, ...]], domain: str, asker: _Asker) -> None:
    """Look up the policies that a domain's own includes, as far as a receiver would."""
    ahead = [domain]
    for name in ahead:
        for policy in spf.policies(txt.get(name, ()))[:1]:
            for other in spf.included(policy):
                if other not in txt and len(ahead) <= spf.LOOK_UPS * 2:
                    found = asker.ask(other, "TXT")
                    if other not in asker.failed:
                        txt[other] = found
                        ahead.append(other)


class _Asker:
    """`silences` counts look-ups in a row that nobody answered; after a few nobody is asked any more."""

    def __init__(self, servers: Sequence[str]) -> None:
        self.failed: dict[str, str] = {}
        self.silences = 0
        self._resolver: dns.resolver.Resolver | None = None
        try:
            self._resolver = dns.resolver.Resolver(configure=not servers)
        except dns.resolver.NoResolverConfiguration:
            return
        self._resolver.lifetime = PATIENCE
        if servers:
            self._resolver.nameservers = [_server(server) for server in servers]

    def ask(self, name: str, kind: str) -> tuple[str, ...]:
        """The answers as text; none for a name or type that is not there."""
        if self._resolver is None:
            self.failed[name] = "this machine has no name server"
            return ()
        if self.silences >= _SILENCES:
            self.failed[name] = "the name servers do not answer"
            return ()
        try:
            answer = self._resolver.resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            self.silences = 0
            return ()
        except dns.resolver.LifetimeTimeout:
            self.silences += 1
            self.failed[name] = f"the name servers did not answer within {PATIENCE:g} s"
            return ()
        except (dns.exception.DNSException, ValueError, OSError) as error:
            self.failed[name] = (str(error).splitlines() or [type(error).__name__])[0][:200]
            return ()
        self.silences = 0
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
