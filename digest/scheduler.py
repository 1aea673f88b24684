"""The bell: APScheduler rings, the store decides.

APScheduler's four traps (fires twice in autumn, numbers weekdays from Sunday, ignores the scheduler's zone in triggers
built by hand, drops late jobs after a second) are avoided by asking nothing of it but a plain interval in UTC: which
slot is due is a question for `compose.slot`, and who acts is decided by the unique slot row. So two schedulers, a
restart or a clock that jumps can never make two editions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

log = structlog.get_logger("schedule")

#: How often we look whether something is due. A look costs one query.
LOOK: Final = timedelta(seconds=20)

Job = Callable[[], None]


class Bell:
    """Rings each job at its interval in a thread of its own, never twice at a time; `stop` waits for what runs.

    A job that raises is logged and rung again next time: nothing stops the day.
    """

    def __init__(self, jobs: dict[str, tuple[timedelta, Job]]) -> None:
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(max_workers=max(1, len(jobs)))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )
        for name, (every, job) in jobs.items():
            trigger = IntervalTrigger(seconds=max(1, int(every.total_seconds())), timezone="UTC")
            self._scheduler.add_job(self._guarded(name, job), trigger, id=name, name=name)

    def _guarded(self, name: str, job: Job) -> Job:
        def ring() -> None:
            if self._stopping.is_set():
                return
            try:
                job()
            except Exception as error:  # the bell must ring tomorrow, whatever a job did today
                log.error("job failed", job=name, error=f"{type(error).__name__}: {error}", exc_info=True)

        return ring

    def start(self) -> None:
        """Start ringing; every job is rung at once first, so that a restart catches up without waiting."""
        from datetime import UTC, datetime

        self._scheduler.start(paused=True)
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))
        self._scheduler.resume()

    def stop(self) -> None:
        """Ring no more and wait until what runs has come to its next safe point."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
