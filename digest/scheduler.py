"""The scheduler: APScheduler runs jobs at intervals, the store decides what is due.

APScheduler's four traps (fires twice in autumn, numbers weekdays from Sunday, ignores the scheduler's zone in triggers
built by hand, drops late jobs after a second) are avoided by asking nothing of it but a plain interval in UTC: which
slot is due is a question for `compose.slot`, and who acts is decided by the unique slot row. So two schedulers, a
restart or a clock that jumps can never make two editions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from digest import events

log = structlog.get_logger()

Job = Callable[[], None]


class Scheduler:
    """Runs each job at its interval in a thread of its own, never twice at a time; `stop` waits for what runs.

    A job that raises is logged and run again next time.
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
        def run() -> None:
            if self._stopping.is_set():
                return
            try:
                job()
            except Exception as error:  # the job must run again, whatever went wrong this time
                log.error(events.JOB_FAILED, job=name, error=f"{type(error).__name__}: {error}", exc_info=True)

        return run

    def start(self) -> None:
        """Start; every job runs at once first, so that a restart catches up without waiting."""
        from datetime import UTC, datetime

        self._scheduler.start(paused=True)
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))
        self._scheduler.resume()

    def stop(self) -> None:
        """Start no more jobs and wait until those that run have come to their next safe point."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
