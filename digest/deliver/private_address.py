"""Links that lead into a private network or to one machine, which no mail shows to strangers. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from digest.collect.http.guard import literal, refusal

#: Top-level names that never lead to a public host (RFC 6761, RFC 6762, RFC 8375, and what routers and companies use).
_PRIVATE_NAMES: Final = frozenset("localhost local localdomain internal intranet lan home corp private arpa".split())


@lru_cache(maxsize=5000)
def is_private(url: str) -> bool:
    """Return whether a URL names a host that is not public: an address of a private network, or a local name.

    Names are not resolved: what a public name leads to is the business of the guard when its page is fetched.
    """
    try:
        return is_private_host(urlsplit(url).hostname or "")
    except ValueError:
        return True


def is_private_host(host: str) -> bool:
    """Return whether a host is an address that is not public, a local name, or a name without a dot."""
    address = literal(host)
    if address is not None:
        return bool(refusal(address)) if address else True
    labels = host.rstrip(".").lower().split(".")
    return len(labels) < 2 or labels[-1] in _PRIVATE_NAMES
