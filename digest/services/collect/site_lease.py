"""The lease of one collector on the sites that it asks, renewed while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from digest.store.leases import IsGone

if TYPE_CHECKING:
    from digest.store.sites import Sites

#: Seconds between two renewals, far below the time after which others take a lease over.
RENEW_EVERY: Final = 60.0


class SiteLease:
    """The sites held by the collector `owner` from `now` on; `ticks` is a monotonic clock in seconds."""

    def __init__(self, sites: Sites, owner: str, is_gone: IsGone, now: datetime, ticks: Callable[[], float]) -> None:
        self._sites, self._owner, self._is_gone = sites, owner, is_gone
        self._now, self._ticks = now, ticks
        self._began = self._last = ticks()
        self._holds = False

    def acquire(self, sites: Iterable[str]) -> frozenset[str]:
        """Hold those of these sites that nobody else holds, instead of the ones held before; return them."""
        requested = set(sites)
        if not requested and not self._holds:
            return frozenset()
        self._holds = True
        return self._sites.acquire(requested, self._owner, now=self._moment(), is_gone=self._is_gone)

    def renew(self) -> None:
        """Renew the lease when it is time. Call this at every step of the work."""
        if self._ticks() - self._last >= RENEW_EVERY:
            self._sites.renew(self._owner, now=self._moment())

    def release(self) -> None:
        """Give back all sites."""
        if self._holds:
            self._sites.release(self._owner)

    def _moment(self) -> datetime:
        self._last = self._ticks()
        return self._now + timedelta(seconds=self._last - self._began)
