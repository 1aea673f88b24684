"""What is still to be sent, and who may have the next of it: by weight, by rate, by domain."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import itemgetter

from digest.deliver.mime.message import Message
from digest.deliver.smtp.pool import Connection, Pool, Server
from digest.deliver.smtp.session import Job

_PARKED = 500  # messages held back for their domain's sake
_NAP = 0.02  # seconds until one that could not be given anything asks again


class Stock:
    """The messages of a run that no connection has. Read lazily: memory does not grow with their number."""

    def __init__(self, messages: Iterable[Message], pool: Pool) -> None:
        self._source: Iterator[Message] | None = iter(messages)
        self._pool = pool
        self._by_domain = any(server.pace.by_domain for server in pool.servers)
        self._plain = len(pool.servers) == 1 and not pool.servers[0].paced
        self._again: deque[Job] = deque()  # their intent stands, their connection does not
        self._parked: deque[Job] = deque()  # their domain has enough under way
        self.ask_at = 0.0  # before this it is of no use to ask
        self.failed: Exception | None = None  # what the source raised; what is under way comes to its end first

    def __bool__(self) -> bool:
        """True while there may be more."""
        return self._source is not None or bool(self._again or self._parked)

    @property
    def known(self) -> int:
        """How many there are for certain; a source that is not at its end counts as very many."""
        return len(self._again) + len(self._parked) + (1_000_000 if self._source is not None else 0)

    def look_ahead(self, count: int) -> None:
        """Have so many at hand, if there are, so that three messages open three connections and not eight."""
        while len(self._parked) < count and (job := self._pull()):
            self._parked.append(job)

    def give_back(self, job: Job) -> None:
        """Its connection is gone and no server has it."""
        job.intended = True
        self._again.append(job)
        self.ask_at = 0.0

    def close(self) -> list[Job]:
        """Take no more. Returns those whose intent is on record."""
        self._source = None
        self._parked.clear()
        promised = list(self._again)
        self._again.clear()
        return promised

    def stop_reading(self) -> None:
        """Take no more from the source; what was promised still goes."""
        self._source = None
        self._parked.clear()

    def share_out(self, now: float) -> list[tuple[Connection, list[Job]]]:
        """Fill every connection up to what it may have under way, in turn."""
        needy = sorted([(c, c.room) for c in self._pool.connections if c.room > 0], key=itemgetter(1))
        jobs = self._take(sum(room for _, room in needy)) if needy else []
        if jobs is None:
            return self._share_one_by_one([c for c, _ in needy], now)
        given: list[tuple[Connection, list[Job]]] = []
        for number, (connection, room) in enumerate(needy):
            # When there are few, everybody has a few. The least room comes first, so nothing is left over at the end.
            share = min(room, -(-len(jobs) // (len(needy) - number)))
            mine, jobs = jobs[:share], jobs[share:]
            connection.held += len(mine)
            connection.left -= len(mine)
            connection.server.given += len(mine)
            given.append((connection, mine))
        return given

    def _share_one_by_one(self, needy: list[Connection], now: float) -> list[tuple[Connection, list[Job]]]:
        """The same where rates, domains, weights, or a connection that broke have a say."""
        given: dict[Connection, list[Job]] = {connection: [] for connection in needy}
        while needy:
            served: list[Connection] = []
            for connection in needy:
                server = connection.server
                if job := self._next_job(server, now):
                    connection.held += 1
                    connection.left -= 1
                    server.given += not job.intended
                    if server.paced:
                        server.pace.take(job.domain)
                    given[connection].append(job)
                    served.append(connection)
            needy = [c for c in (needy if served else ()) if c.room > 0]
        return list(given.items())

    def _take(self, count: int) -> list[Job] | None:
        """So many at once, fewer only at the end; None where it is not all the same who gets which."""
        if not self._plain or self._again or self._parked or self._pool.servers[0].fault:
            return None
        jobs: list[Job] = []
        try:
            for message in islice(self._source or (), count):
                jobs.append(Job(message))  # one by one: what was read before an error is not to be lost
        except Exception as error:
            self._source, self.failed = None, error
        if len(jobs) < count:
            self._source = None
        return jobs

    def _next_job(self, server: Server, now: float) -> Job | None:
        """The next message that this server may be given now, None with `ask_at` set when there is none."""
        job = None if server.fault else self._choose(server, now)
        if job is None and self.ask_at <= now:
            self.ask_at = now + _NAP
        return job

    def _choose(self, server: Server, now: float) -> Job | None:
        if self._again:
            return self._again.popleft()
        if not self._pool.may_take(server):
            return None
        if wait := server.pace.wait(now):
            self.ask_at = now + wait
            return None
        for _ in range(len(self._parked)):
            job = self._parked.popleft()
            if not server.pace.domain_wait(job.domain, now):
                return job
            self._parked.append(job)
        while len(self._parked) < _PARKED and (fresh := self._pull()):
            if not server.pace.domain_wait(fresh.domain, now):
                return fresh
            self._parked.append(fresh)
        return None

    def _pull(self) -> Job | None:
        if self._source is None:
            return None
        try:
            message = next(self._source, None)
        except Exception as error:
            message, self.failed = None, error
        if message is None:
            self._source = None
            return None
        return Job(message, message.envelope_recipient.rpartition("@")[2] if self._by_domain else "")
