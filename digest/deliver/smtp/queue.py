"""Send queue: the messages still to be sent, and which connection gets the next one: by weight, by rate, by domain."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import itemgetter

from digest.deliver.mime.message import Message
from digest.deliver.smtp.connection import Connection
from digest.deliver.smtp.pool import Pool
from digest.deliver.smtp.server import Server
from digest.deliver.smtp.session import Job

_MAX_DELAYED = 500  # messages read ahead because their domain is at its limit
_RETRY_AFTER = 0.02  # seconds until a connection that got no message asks again


class SendQueue:
    """The messages of a run that no connection has. Read lazily: memory does not grow with their number."""

    def __init__(self, messages: Iterable[Message], pool: Pool) -> None:
        self._source: Iterator[Message] | None = iter(messages)
        self._pool = pool
        self._by_domain = any(server.rate_limit.by_domain for server in pool.servers)
        self._unlimited = len(pool.servers) == 1 and not pool.servers[0].limited
        self._requeued: deque[Job] = deque()  # their intent is recorded, their connection was lost
        self._delayed: deque[Job] = deque()  # their domain has enough in flight
        self.retry_at = 0.0  # before this time no message can be assigned
        self.source_error: Exception | None = None  # raised by the source; messages in flight are finished first

    def __bool__(self) -> bool:
        """True while there may be more."""
        return self._source is not None or bool(self._requeued or self._delayed)

    @property
    def size_hint(self) -> int:
        """A lower bound of the number of messages; a million while the source has not ended."""
        return len(self._requeued) + len(self._delayed) + (1_000_000 if self._source is not None else 0)

    def prefetch(self, count: int) -> None:
        """Read up to that many messages ahead, so that three messages open three connections and not eight."""
        while len(self._delayed) < count and (job := self._pull()):
            self._delayed.append(job)

    def requeue(self, job: Job) -> None:
        """Put back a job whose connection was lost and that no server has."""
        job.intended = True
        self._requeued.append(job)
        self.retry_at = 0.0

    def close(self) -> list[Job]:
        """End the queue. Returns the jobs whose intent is recorded."""
        self._source = None
        self._delayed.clear()
        intended = list(self._requeued)
        self._requeued.clear()
        return intended

    def stop_reading(self) -> None:
        """Take no more from the source; jobs with a recorded intent are still sent."""
        self._source = None
        self._delayed.clear()

    def assign(self, now: float) -> list[tuple[Connection, list[Job]]]:
        """Fill every connection up to its pipeline depth, evenly."""
        needy = sorted([(c, c.room) for c in self._pool.connections if c.room > 0], key=itemgetter(1))
        jobs = self._take(sum(room for _, room in needy)) if needy else []
        if jobs is None:
            return self._assign_one_by_one([c for c, _ in needy], now)
        assigned: list[tuple[Connection, list[Job]]] = []
        for number, (connection, room) in enumerate(needy):
            # Few jobs are spread over all connections. The smallest room comes first, so none is left over at the end.
            share = min(room, -(-len(jobs) // (len(needy) - number)))
            own, jobs = jobs[:share], jobs[share:]
            connection.job_count += len(own)
            connection.quota -= len(own)
            connection.server.assigned += len(own)
            assigned.append((connection, own))
        return assigned

    def _assign_one_by_one(self, needy: list[Connection], now: float) -> list[tuple[Connection, list[Job]]]:
        """The same where rates, domains, weights or requeued jobs decide which connection gets which message."""
        assigned: dict[Connection, list[Job]] = {connection: [] for connection in needy}
        while needy:
            served: list[Connection] = []
            for connection in needy:
                server = connection.server
                if job := self._next_job(server, now):
                    connection.job_count += 1
                    connection.quota -= 1
                    server.assigned += not job.intended
                    if server.limited:
                        server.rate_limit.start(job.domain)
                    assigned[connection].append(job)
                    served.append(connection)
            needy = [c for c in (needy if served else ()) if c.room > 0]
        return list(assigned.items())

    def _take(self, count: int) -> list[Job] | None:
        """That many jobs, fewer only at the end; None where limits or requeued jobs have to be looked at one by one."""
        if not self._unlimited or self._requeued or self._delayed or self._pool.servers[0].fault:
            return None
        jobs: list[Job] = []
        try:
            for message in islice(self._source or (), count):
                jobs.append(Job(message))  # one by one, so that messages read before an error are not lost
        except Exception as error:
            self._source, self.source_error = None, error
        if len(jobs) < count:
            self._source = None
        return jobs

    def _next_job(self, server: Server, now: float) -> Job | None:
        """The next message that this server may be given now; None, with `retry_at` set, when there is none."""
        job = None if server.fault else self._choose(server, now)
        if job is None and self.retry_at <= now:
            self.retry_at = now + _RETRY_AFTER
        return job

    def _choose(self, server: Server, now: float) -> Job | None:
        if self._requeued:
            return self._requeued.popleft()
        if not self._pool.may_assign(server):
            return None
        if wait := server.rate_limit.wait(now):
            self.retry_at = now + wait
            return None
        for _ in range(len(self._delayed)):
            job = self._delayed.popleft()
            if not server.rate_limit.domain_wait(job.domain, now):
                return job
            self._delayed.append(job)
        while len(self._delayed) < _MAX_DELAYED and (fresh := self._pull()):
            if not server.rate_limit.domain_wait(fresh.domain, now):
                return fresh
            self._delayed.append(fresh)
        return None

    def _pull(self) -> Job | None:
        if self._source is None:
            return None
        try:
            message = next(self._source, None)
        except Exception as error:
            message, self.source_error = None, error
        if message is None:
            self._source = None
            return None
        return Job(message, message.envelope_recipient.rpartition("@")[2] if self._by_domain else "")
