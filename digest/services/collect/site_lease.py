"""Turn: the sites that one collector may ask, for as long as it shows that it lives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from digest.store.records import IsGone

if TYPE_CHECKING:
    from digest.store.sites import Sites

#: Seconds after which a collector says again that it lives; far below what the others wait for.
PULSE: Final = 60.0


class Turn:
    """The turn of the collector `owner`, begun at `now`; `ticks` is a clock that only goes forward, in seconds."""

    def __init__(self, sites: Sites, owner: str, is_gone: IsGone, now: datetime, ticks: Callable[[], float]) -> None:
        self._sites, self._owner, self._is_gone = sites, owner, is_gone
        self._now, self._ticks = now, ticks
        self._began = self._last = ticks()
        self._holds = False

    def take(self, wanted: Iterable[str]) -> frozenset[str]:
        """Those of these sites that nobody else asks now. They are ours, and those of before are not any more."""
        asked = set(wanted)
        if not asked and not self._holds:
            return frozenset()
        self._holds = True
        return self._sites.take(asked, self._owner, now=self._moment(), is_gone=self._is_gone)

    def alive(self) -> None:
        """To be called at every step of the work."""
        if self._ticks() - self._last >= PULSE:
            self._sites.renew(self._owner, now=self._moment())

    def end(self) -> None:
        """Give back all sites."""
        if self._holds:
            self._sites.let_go(self._owner)

    def _moment(self) -> datetime:
        self._last = self._ticks()
        return self._now + timedelta(seconds=self._last - self._began)
