"""Guard against requests into internal networks (SSRF): the addresses that are never connected to. `http` enforces it.

`ipaddress.is_global` accepts several internal forms (mapped, NAT64, 6to4, site-local, multicast, 192.0.0.0/24), so this
is an explicit list from the IANA special-purpose address registries (RFC 6890 and its updates).

Pure.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import unquote

_REFUSED: Final[tuple[tuple[IPv4Network | IPv6Network, str], ...]] = tuple(
    (ip_network(network), word)
    for network, word in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared (carrier NAT)"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud metadata"),  # Azure's metadata service, the only one on a public address
        ("169.254.0.0/16", "link-local or cloud metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignment"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "AMT relay"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "IPv4-mapped"),
        ("::ffff:0:0:0/96", "IPv4-translated"),
        ("::/96", "IPv4-compatible"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "local NAT64"),
        ("100::/64", "discard-only"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "protocol assignment"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "AS112"),
        ("3ffe::/16", "6bone"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "unique local"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")  # all that IANA has allocated; the rest is reserved


@lru_cache(maxsize=4096)
def refusal(address: str) -> str:
    """Return the reason for not connecting to this address, in any form that `ipaddress` reads; "" when it is allowed.

    A text that is no address is refused too.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return f"{address!r} is not an address"
    for network, word in _REFUSED:
        if found.version == network.version and found in network:
            return f"{found} is not public ({word})"
    if isinstance(found, IPv6Address) and found not in _GLOBAL_UNICAST:
        return f"{found} is not public (reserved)"
    return ""


def literal(host: str) -> str | None:
    """Return the address that a URL's host spells, in its usual notation; None for a name, which must be resolved.

    All notations that some resolver accepts are known: octal, hexadecimal, one to four parts (inet_aton), full-width
    digits, percent-encoding, a final dot. A host that ends in a number and is no address is "" (WHATWG URL, 3.5).
    """
    # IDNA reads the ideographic full stop, which NFKC does not change, as a dot (RFC 3490, 3.1).
    name = unicodedata.normalize("NFKC", unquote(host)).replace("。", ".").strip().strip("[]").rstrip(".").lower()
    if ":" in name:
        try:
            return str(IPv6Address(name))
        except AddressValueError:
            return ""
    parts = name.split(".")
    numbers = [_number(part) for part in parts]
    if numbers[-1] is None and not parts[-1].isdigit():
        return None
    return _joined(numbers)


def _number(part: str) -> int | None:
    """Return one part of an IPv4 address as inet_aton reads it: 0x.. is hexadecimal, 0.. octal."""
    if not part.isascii() or not part.isalnum():
        return None
    try:
        if part.startswith("0x"):
            return int(part[2:] or "0", 16)
        return int(part, 8) if part.startswith("0") and part != "0" else int(part)
    except ValueError:
        return None


def _joined(numbers: list[int | None]) -> str:
    """Return the address of one to four numbers; the last one fills all remaining bytes."""
    *head, last = numbers
    if len(numbers) > 4 or last is None or any(n is None or n > 255 for n in head) or last >= 256 ** (5 - len(numbers)):
        return ""
    value = last
    for place, number in enumerate(head):
        value += (number or 0) << (24 - 8 * place)
    return str(IPv4Address(value))
