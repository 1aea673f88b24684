"""The event loop behind `send`: one thread, all connections, one commit for everything that they have ready."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Iterable, Sequence

from digest.deliver.mime.message import Message
from digest.deliver.outcome import Outcome
from digest.deliver.result import Interrupted, Record, Report, Result
from digest.deliver.smtp.bdat import BdatSession
from digest.deliver.smtp.connect import Relay
from digest.deliver.smtp.connection import Connection
from digest.deliver.smtp.journal import Journal, RecordFailed
from digest.deliver.smtp.pool import Pool
from digest.deliver.smtp.queue import SendQueue
from digest.deliver.smtp.server import Server
from digest.deliver.smtp.session import ConnectionBroken, Job
from digest.failpoint import fault_point

_MAX_TRIES = 3  # connections that a message may lose before it is deferred: it may be what the server fails on
_READ_SIZE = 8192  # octets to read at a time; replies are short
_TICK = 0.2  # seconds between two checks of time limits
_GATHER = 0.0005  # seconds to wait for replies of other connections, so that one commit serves them all
_GATHER_FROM = 6  # busy connections from which such a wait pays
_GATHER_MAX = 0.002  # seconds; a wait for a commit lasts as long as a commit takes, at most this
_LAST_REPLIES = 10.0  # seconds to wait for replies when nothing may be sent any more


class Loop:
    """One run. Sessions speak the protocol, the queue supplies messages, the pool opens connections.

    `_touched` connections may have bytes to write, `_blocked` ones cannot go on without a commit, `_hungry` ones could
    take another message. `_now` is read once in each iteration.
    """

    def __init__(
        self,
        messages: Iterable[Message],
        relays: Sequence[Relay],
        record: Record,
        lease: float,
        patience: float,
        should_stop: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        if not relays or any(relay.pipeline < 1 for relay in relays):
            raise ValueError("sending needs a pipeline of 1 or more, and a relay")
        margin = max(relay.answer_timeout for relay in relays)
        if lease <= margin:
            raise ValueError("the lease must be longer than the longest wait for an answer")
        self._should_stop, self._clock = should_stop, clock
        self._now = clock()
        self._journal = Journal(record, lease, margin, clock)
        self._pool = Pool(relays, patience, clock)
        self._queue = SendQueue(messages, self._pool)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pool.wake, selectors.EVENT_READ)
        self._touched: set[Connection] = set()
        self._blocked: set[Connection] = set()
        self._hungry: set[Connection] = set()
        self._next_check = 0.0
        self._waiting_since = 0.0
        self._report = Report()

    def run(self) -> Report:
        """See `send`."""
        try:
            self._queue.prefetch(sum(server.connection_limit for server in self._pool.servers))
            while self._queue or any(connection.job_count for connection in self._pool.connections):
                self._iterate()
            if self._journal.results:
                self._commit([])
            if self._queue.source_error:
                raise self._queue.source_error
        except RecordFailed as failed:
            self._await_last_replies()
            raise Interrupted(self._journal.results) from failed.__cause__
        finally:
            self._selector.close()
            self._pool.close()
        return self._report

    def _iterate(self) -> None:
        self._now = self._clock()
        if self._now > self._journal.send_until:
            self._commit([])
        if self._now >= self._next_check:
            self._check()
        if self._should_stop():
            self._queue.stop_reading()
        if self._blocked or self._hungry or self._journal.results:
            self._assign()
        if self._touched and self._clock() <= self._journal.send_until:
            self._advance()
        self._wait()

    # --- the commit between two steps on the wire

    def _assign(self) -> None:
        """Give connections work. The first that cannot go on causes one commit: of all results and all intents."""
        if self._commit_at() > self._now:
            return
        self._waiting_since = 0.0
        assigned = self._queue.assign(self._now)
        intents = [job.message for _, jobs in assigned for job in jobs if not job.intended]
        denied: frozenset[int] = frozenset()
        if intents or self._journal.results:
            denied = self._commit(intents)
        for connection, jobs in assigned:
            permitted = jobs if not denied else self._without(denied, connection, jobs)
            if permitted:
                connection.session.queue.extend(permitted)
                self._touched.add(connection)
                if connection.full or connection.quota <= 0:
                    self._hungry.discard(connection)
        self._touched |= self._blocked
        self._blocked.clear()

    def _commit_at(self) -> float:
        """When to commit: at once when half of the connections wait for it, soon when some do, else within a second."""
        hungry = len(self._hungry) if self._hungry and self._queue and self._now >= self._queue.retry_at else 0
        waiting = hungry + len(self._blocked)
        if not waiting:
            return self._journal.flush_at
        if 2 * waiting >= len(self._pool.connections):
            return 0.0
        self._waiting_since = self._waiting_since or self._now
        gather = min(_GATHER_MAX, max(_GATHER, self._journal.commit_time))
        return min(self._journal.flush_at, self._waiting_since + gather)

    def _without(self, denied: frozenset[int], connection: Connection, jobs: list[Job]) -> list[Job]:
        """The jobs whose subscribers may be mailed. Jobs recorded earlier were checked then."""
        permitted = [job for job in jobs if job.intended or job.message.subscriber_id not in denied]
        for job in jobs:
            if job not in permitted:
                connection.job_count -= 1
                connection.quota += 1
                connection.server.assigned -= 1
                self._release(connection.server, job)
        return permitted

    def _release(self, server: Server, job: Job) -> None:
        """Free the place of a job in its domain's limit."""
        server.rate_limit.finish(job.domain)
        self._queue.retry_at = 0.0

    def _commit(self, intents: Sequence[Message]) -> frozenset[int]:
        """Record durably, and let connections continue that waited for their results to be recorded."""
        had_results = bool(self._journal.results)
        denied = self._journal.commit(intents)
        if had_results:
            for connection in self._pool.connections:
                if connection.uncommitted:
                    connection.uncommitted = 0
                    self._touched.add(connection)
        return denied

    # --- the wire

    def _advance(self) -> None:
        """Write what every changed session may send."""
        while self._touched:
            connection = self._touched.pop()
            if connection.closed or connection.writing:
                continue
            session = connection.session
            if session.advance(connection.uncommitted < connection.uncommitted_limit):
                self._write(connection)
            if session.ended:  # outcomes known without asking the server
                self._collect(connection)
                self._classify(connection)

    def _classify(self, connection: Connection) -> None:
        """Note whether the connection is blocked by a commit, could take another message, or is finished."""
        if connection.session.content_ready and connection.uncommitted >= connection.uncommitted_limit:
            self._blocked.add(connection)
        elif not connection.full:
            if connection.quota > 0 and not connection.server.fault:
                self._hungry.add(connection)
            elif connection.job_count == 0:
                self._retire(connection)

    def _write(self, connection: Connection) -> None:
        fault_point("smtp.before_write")
        try:
            done = connection.write()
        except OSError as error:
            self._connection_lost(connection, f"the connection broke: {error}")
            return
        fault_point("smtp.after_write")
        connection.last_progress = self._now
        if done == connection.writing:
            connection.writing = not done
            events = selectors.EVENT_READ | (0 if done else selectors.EVENT_WRITE)
            self._selector.modify(connection.sock, events, connection)

    def _wait(self) -> None:
        timeout = self._timeout()
        if timeout and len(self._pool.connections) - len(self._hungry) >= _GATHER_FROM:
            time.sleep(_GATHER)  # before select, not between two of them: each costs a context switch
        events = self._selector.select(timeout)
        self._now = self._clock()
        for key, mask in events:
            connection = key.data
            if connection is None:
                self._register_opened()
            elif mask & selectors.EVENT_READ:
                self._read(connection)
            elif self._now <= self._journal.send_until:
                self._write(connection)
                self._touched.add(connection)

    def _timeout(self) -> float:
        if self._touched:
            return 0.0
        if self._blocked or (self._hungry and self._queue):
            return min(_TICK, max(0.0, min(self._commit_at(), max(self._now, self._queue.retry_at)) - self._now))
        return _TICK

    def _register_opened(self) -> None:
        for connection in self._pool.take_opened():
            self._selector.register(connection.sock, selectors.EVENT_READ, connection)
            self._hungry.add(connection)

    def _read(self, connection: Connection) -> None:
        try:
            data = connection.read(_READ_SIZE)
            fault_point("smtp.after_read")
            if not data:
                raise ConnectionBroken("the server closed the connection", announced=True)
            connection.last_progress = self._now
            connection.session.feed(data)
        except BlockingIOError:
            return
        except OSError as error:
            self._connection_lost(connection, f"the connection broke: {error}")
        except ConnectionBroken as broken:
            self._connection_lost(connection, f"{broken}", broken)  # later replies may belong to other commands
        else:
            if connection.session.ended:
                self._collect(connection)
            self._touched.add(connection)
            self._classify(connection)

    def _await_last_replies(self) -> None:
        """Nothing may be sent any more; but messages answered within a moment need not stay in doubt."""
        end = self._clock() + _LAST_REPLIES
        self._selector.unregister(self._pool.wake)
        for connection in self._pool.connections:
            if not connection.session.awaits_verdict:
                self._selector.unregister(connection.sock)
        while self._clock() < end and any(c.session.awaits_verdict for c in self._pool.connections):
            for key, _ in self._selector.select(_TICK):
                self._read(key.data)

    # --- outcomes

    def _collect(self, connection: Connection) -> None:
        """Take over the outcomes of a session."""
        ended, server, results = connection.session.ended, connection.server, self._journal.results
        self._journal.start_batch(self._now)
        before = len(results)
        for job, outcome in ended:
            if server.limited:
                self._release(server, job)
            if outcome.state != "planned":
                results.append(Result(job.message, outcome, server.name))
                continue
            job.tries += not outcome.stops
            if outcome.stops:
                server.fault = outcome
                server.last_error = f"{server.name}: {outcome.reason}"
            self._requeue(job, outcome)
        connection.job_count -= len(ended)
        connection.uncommitted += len(results) - before
        ended.clear()

    def _requeue(self, job: Job, outcome: Outcome) -> None:
        """Let another connection send a job that no server has, unless several failed with it."""
        job.rejection = None
        if job.tries >= _MAX_TRIES:
            self._journal.add(job.message, outcome._replace(state="deferred"), "", self._now)
        else:
            self._queue.requeue(job)

    def _connection_lost(self, connection: Connection, why: str, broken: ConnectionBroken | None = None) -> None:
        """Settle the jobs of a lost connection. Replies already received count, unless one made no sense."""
        session, server = connection.session, connection.server
        try:
            while not broken and (data := connection.read(_READ_SIZE)):
                session.feed(data)
        except OSError:
            pass
        except ConnectionBroken as error:
            broken = error
        out_of_step = broken is not None and not broken.announced
        if isinstance(session, BdatSession) and (out_of_step or session.on_trial):
            self._pool.disable_chunking(server)
            self._hungry = {other for other in self._hungry if other.quota > 0}
        unsent = session.abandon(why, trust_replies=not out_of_step)
        self._collect(connection)
        for job in unsent:
            connection.job_count -= 1
            self._release(server, job)
            self._requeue(job, Outcome("planned", why, "line", "line"))
        server.last_error = f"{server.name}: {why}"
        self._selector.unregister(connection.sock)
        self._remove(connection, failed=True)

    def _retire(self, connection: Connection) -> None:
        """Close a connection that has sent its quota, or whose server is faulty; another one follows if needed."""
        self._selector.unregister(connection.sock)
        self._pool.quit([connection])
        self._remove(connection, failed=False)
        self._next_check = 0.0

    def _remove(self, connection: Connection, failed: bool) -> None:
        self._pool.remove(connection, failed)
        for group in (self._touched, self._blocked, self._hungry):
            group.discard(connection)

    # --- time

    def _check(self) -> None:
        """Drop silent connections, dial where some are missing, and stop when no server is left."""
        self._next_check = self._now + _TICK
        for connection in list(self._pool.connections):
            silent = self._now - connection.last_progress
            if connection.session.awaited_phase and silent > connection.time_limit:
                self._connection_lost(connection, f"the server was silent for {silent:.0f} seconds")
            elif connection.job_count == 0 and (connection.server.fault or connection.quota <= 0):
                self._retire(connection)
        self._pool.dial(self._queue.size_hint + sum(connection.job_count for connection in self._pool.connections))
        if self._queue and (why := self._pool.unusable_reason()):
            self._stop(why)

    def _stop(self, why: str) -> None:
        """End the run because no server accepts anything; jobs with a recorded intent get a result."""
        fault = next((server.fault for server in self._pool.servers if server.fault), None)
        self._report = Report(why, fault)
        for job in self._queue.close():
            self._journal.add(job.message, fault or Outcome("planned", why, "line", "line"), "", self._now)
