"""Leases: how long an owner's hold lasts by itself, and when it may be ended earlier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

#: How long a claimed slot may stay without an edition before another scheduler takes it over.
SLOT_LEASE: Final = timedelta(minutes=15)
#: A collector that has not renewed for this long holds no sites any more.
SITES_LEASE: Final = timedelta(minutes=10)

#: Whether the process of an owner's name has certainly ended.
IsGone = Callable[[str], bool]


def nobody_is_gone(owner: str) -> bool:
    """The `IsGone` where processes cannot be looked at: False."""
    return False
