"""Context of every service: settings, store, clock and the signal to stop; and the interface for progress."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from digest.settings import Settings

if TYPE_CHECKING:
    from digest.store import Store

#: Returns the present time, aware.
Clock = Callable[[], datetime]

#: Reports how far a stage is: (stage, done, total). It never decides anything.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of one program on one settings file. `stopping` set: work ends at its next safe point."""

    settings: Settings
    store: Store
    clock: Clock
    stopping: threading.Event


def now_utc() -> datetime:
    """Return the real time."""
    return datetime.now(UTC)


def silent(stage: str, done: int, total: int) -> None:
    """Ignore progress."""
