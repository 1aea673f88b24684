"""The pause of the garbage collector ends with its block."""

from __future__ import annotations

import gc

import pytest

from digest.gc_pause import paused_collection


def test_gc_is_restored_after_broken_stream() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    with pytest.raises(KeyError), paused_collection():
        _break_off(frozen=gc.get_freeze_count())
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_gc_pause_may_be_nested() -> None:
    before = gc.get_threshold()
    with paused_collection():
        with paused_collection():
            pass
        assert gc.get_threshold() == before  # the outer one then costs what it would have
    assert gc.get_threshold() == before


def _break_off(*, frozen: int) -> None:
    assert frozen > 0
    raise KeyError("broken off")
