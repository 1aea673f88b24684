"""Nothing that foreign bytes make a worker do stops the others, the caller or the day."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.collect.sandbox import Failure, Sandbox
from tests.collect import sandbox_tasks as tasks
from tests.paths import PROJECT


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(2, seconds=1, megabytes=200) as sandbox:
        yield sandbox


def kind(result: object) -> str:
    assert isinstance(result, Failure)
    assert "\n" not in result.reason
    return result.kind


def test_every_item_comes_back_with_its_result(sandbox: Sandbox) -> None:
    assert dict(sandbox.map(tasks.double, range(300))) == {n: n * 2 for n in range(300)}
    assert list(sandbox.map(tasks.double, [])) == []
    assert sandbox.run(tasks.double, 0) == 0


def test_items_are_drawn_as_there_is_room(sandbox: Sandbox) -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            drawn.append(number)
            yield number

    results = sandbox.map(tasks.double, items())
    next(results)
    assert len(drawn) <= 10
    assert len(list(results)) == 99


def test_an_exception_is_a_failure_in_one_line(sandbox: Sandbox) -> None:
    assert sandbox.run(tasks.fail, "two") == Failure("error", "ValueError: no two")
    assert kind(sandbox.run(tasks.fail_stubbornly, 1)) == "error"
    assert kind(sandbox.run(tasks.unsendable, 1)) == "error"
    assert sandbox.run(tasks.nest, 0) == Failure("error", "nested too deeply to be read")


def test_a_loop_inside_a_c_call_ends_by_processor_time(sandbox: Sandbox) -> None:
    failure = sandbox.run(tasks.backtrack, 50)
    assert kind(failure) == "time"
    assert "processor time" in str(failure)


def test_memory_is_limited_and_a_worker_goes_on_after_it(sandbox: Sandbox) -> None:
    assert sandbox.run(tasks.hoard, 50) == 50_000_000
    assert kind(sandbox.run(tasks.hoard, 1000)) == "memory"
    assert sandbox.run(tasks.hoard, 50) == 50_000_000


def test_what_only_sleeps_ends_by_the_clock() -> None:
    with Sandbox(1, seconds=0.2) as sandbox:
        assert kind(sandbox.run(tasks.wait_for_ever, 1)) == "time"


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_worker_that_dies_is_a_failure_and_is_replaced(sandbox: Sandbox, number: int) -> None:
    assert kind(sandbox.run(tasks.die, int(number))) == "crash"
    assert sandbox.run(tasks.double, 2) == 4


def test_a_worker_killed_from_outside_gives_its_item_a_second_chance(sandbox: Sandbox, tmp_path: Path) -> None:
    assert sandbox.run(tasks.die_once, str(tmp_path / "mark")) == "done"


def test_an_idle_worker_killed_from_outside_is_replaced_too(sandbox: Sandbox) -> None:
    victim = sandbox.run(tasks.worker_id, 0)
    assert isinstance(victim, int)
    os.kill(victim, signal.SIGKILL)
    for number in range(20):
        assert sandbox.run(tasks.double, number) == number * 2


def test_good_items_among_bad_ones_are_all_done(sandbox: Sandbox) -> None:
    found = dict(sandbox.map(tasks.die, [signal.SIGSEGV, 0, signal.SIGABRT, 0, 0, signal.SIGSEGV]))
    assert found[0] == 0
    assert kind(found[signal.SIGSEGV]) == "crash"


def test_a_caller_that_stops_early_can_go_on_with_other_work(sandbox: Sandbox) -> None:
    results = sandbox.map(tasks.double, range(1000))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert sandbox.run(tasks.double, 4) == 8


def test_workers_die_with_the_program_that_started_them(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import os, signal
            from digest.collect.sandbox import Sandbox
            from tests.collect.sandbox_tasks import worker_id

            if __name__ == "__main__":
                print(Sandbox(1).run(worker_id, 0), flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            """
        )
    )
    root = PROJECT
    done = subprocess.run(
        [sys.executable, str(program)], env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, check=False
    )
    worker = int(done.stdout)
    for _ in range(200):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{worker}/stat").exists() and " Z " in Path(f"/proc/{worker}/stat").read_text():
            return
        time.sleep(0.02)
    pytest.fail("the worker outlived its program")
