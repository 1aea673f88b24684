"""How the CPU time of a function grows with the size of its input, for tests that a function is linear."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

#: The larger input is this many times the smaller one: linear time grows 8 times, quadratic time 64 times.
FACTOR: Final = 8
#: Halfway between the two on a logarithmic scale, so that a loaded machine has a margin of 2.8 on either side.
LIMIT: Final = FACTOR**1.5
#: Seconds that the smaller input should take, far above what a clock or a cache blurs.
_ENOUGH: Final = 0.004


def growth(call: Callable[[int], object], start: int = 200, repeats: int = 5) -> float:
    """Return how many times longer `call` takes for an input of `FACTOR` times the size, by CPU time, best of several.

    The smaller size is `start`, doubled until one call takes a measurable time.
    """
    size = start
    while (small := _seconds(call, size, 1)) < _ENOUGH and size < 1 << 17:
        size *= 2
    small = min(small, _seconds(call, size, repeats))
    return _seconds(call, size * FACTOR, 1 if small > 0.1 else 2) / small


def _seconds(call: Callable[[int], object], size: int, repeats: int) -> float:
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        call(size)
        best = min(best, time.process_time() - start)
    return best
