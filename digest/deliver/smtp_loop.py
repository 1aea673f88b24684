"""The loop behind `smtp.send`: one thread, all connections, one commit for whatever they have ready."""

from __future__ import annotations

import selectors
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from digest.deliver.fault import fault_point
from digest.deliver.message import Message
from digest.deliver.reply import Outcome
from digest.deliver.smtp import Interrupted, Record, Report, Result
from digest.deliver.smtp_connect import Relay
from digest.deliver.smtp_line import Broken, Job
from digest.deliver.smtp_pool import Connection, Pool, Server

_TRIES = 3  # connections a message may lose before it is deferred: it may be what the server dies of
_TICK = 0.2  # seconds between two looks at time limits
_FLUSH = 1.0  # seconds a result waits for company before it is written down alone
_NAP = 0.02  # seconds until a connection that could not be given anything asks again
_PARKED = 500  # messages held back for their domain's sake
_LAST_ANSWERS = 10.0  # seconds to listen for answers when nothing may be sent any more


class _RecordFailed(Exception):
    """`record` raised; its error is the cause."""


class Loop:
    """One run. The protocol is in Line, the pace in Pace, the servers in Pool; here is when what may happen."""

    def __init__(
        self,
        messages: Iterable[Message],
        relays: Sequence[Relay],
        record: Record,
        depth: int,
        lease: float,
        patience: float,
        should_stop: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        if depth < 1 or not relays:
            raise ValueError("sending needs a depth of 1 or more, and a relay")
        self._source: Iterator[Message] | None = iter(messages)
        self._record, self._depth, self._lease = record, depth, lease
        self._should_stop, self._clock = should_stop, clock
        self._unsettled_limit = max(1, depth - 1)
        self._margin = max(relay.answer_timeout for relay in relays)
        if lease <= self._margin:
            raise ValueError("the lease must be longer than the longest wait for an answer")
        self._until = clock() + lease
        self._pool = Pool(relays, patience, clock)
        self._by_domain = any(server.pace.by_domain for server in self._pool.servers)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pool.wake, selectors.EVENT_READ)
        self._again: deque[Job] = deque()  # their intent stands, their connection does not
        self._parked: deque[Job] = deque()  # their domain has enough under way
        self._results: list[Result] = []
        self._touched: set[Connection] = set()  # something changed, so look whether bytes may go
        self._blocked: set[Connection] = set()  # cannot go on without a commit
        self._hungry: set[Connection] = set()  # could take more
        self._wake_at = 0.0  # when the pace allows more
        self._next_tick = 0.0
        self._report = Report()

    def run(self) -> Report:
        """See `smtp.send`."""
        try:
            self._first()
            while not self._finished():
                self._check_time()
                self._fill()
                self._push()
                self._wait()
            self._commit([])
        except _RecordFailed as failed:
            self._listen()
            raise Interrupted(self._results) from failed.__cause__
        finally:
            self._selector.close()
            self._pool.close()
        return self._report

    def _first(self) -> None:
        """Take as many as there are connections, so that three messages open three and not eight."""
        wanted = sum(server.wanted for server in self._pool.servers)
        while len(self._parked) < wanted and (job := self._pull()):
            self._parked.append(job)

    # --- what is left to do

    def _finished(self) -> bool:
        if self._should_stop():
            self._source = None
            self._parked.clear()
        if self._again or self._parked or any(c.held for c in self._pool.connections):
            return False
        return self._source is None

    def _pull(self) -> Job | None:
        if self._source is None:
            return None
        message = next(self._source, None)
        if message is None:
            self._source = None
            return None
        domain = message.envelope_recipient.rpartition("@")[2] if self._by_domain else ""
        return Job(message, domain)

    def _next_job(self, server: Server, now: float) -> Job | None:
        """The next message that this server may be given now."""
        if self._again and not server.fault:
            return self._again.popleft()
        wait = server.pace.wait(now)
        if wait or not self._pool.may_take(server, self._depth):
            self._wake_at = now + wait
            return None
        for _ in range(len(self._parked)):
            job = self._parked.popleft()
            if not self._domain_wait(server, job, now):
                return job
            self._parked.append(job)
        while len(self._parked) < _PARKED and (fresh := self._pull()):
            if not self._domain_wait(server, fresh, now):
                return fresh
            self._parked.append(fresh)
        return None

    def _domain_wait(self, server: Server, job: Job, now: float) -> bool:
        if not server.pace.by_domain:
            return False
        wait = server.pace.domain_wait(job.domain, now)
        if wait:
            self._wake_at = min(self._wake_at if self._wake_at > now else now + _TICK, now + min(wait, _TICK))
        return wait > 0

    # --- the commit between two steps on the wire

    def _fill(self) -> None:
        """Give connections work. Whoever cannot go on causes one commit: of all results, and of everybody's intents."""
        now = self._clock()
        hungry = self._hungry and self._stock and now >= self._wake_at
        if not (hungry or self._blocked or (self._results and now >= self._oldest + _FLUSH)):
            return
        given = self._share_out(now)
        fresh = [job for _, job in given if not job.intended]
        denied = self._commit(fresh)
        for connection, job in given:
            if not job.intended and job.message.subscriber_id in denied:
                self._release(connection, job)
                continue
            job.intended = True
            connection.line.queue.append(job)
            self._touched.add(connection)
            self._hungry.discard(connection)
        if self._hungry and self._wake_at <= now:
            self._wake_at = now + _NAP
        self._touched |= self._blocked
        self._blocked.clear()

    def _share_out(self, now: float) -> list[tuple[Connection, Job]]:
        """Fill every connection up to its depth, the emptiest first."""
        given: list[tuple[Connection, Job]] = []
        for connection in sorted(self._pool.connections, key=lambda c: c.held):
            server = connection.server
            while connection.held < self._depth and not connection.worn and (job := self._next_job(server, now)):
                connection.held += 1
                server.pace.take(job.domain)
                server.given += not job.intended
                given.append((connection, job))
        return given

    def _release(self, connection: Connection, job: Job) -> None:
        connection.held -= 1
        connection.server.pace.done(job.domain)
        self._wake_at = 0.0

    @property
    def _stock(self) -> bool:
        """True while there are messages that no connection has."""
        return bool(self._again or self._parked or self._source)

    def _commit(self, intents: Sequence[Job]) -> frozenset[int]:
        if not intents and not self._results:
            return frozenset()
        return self._write_down([job.message for job in intents])

    def _write_down(self, intents: Sequence[Message]) -> frozenset[int]:
        started = self._clock()
        fault_point("smtp.before_record")
        try:
            denied = frozenset(self._record(self._results, intents))
        except Exception as error:
            raise _RecordFailed from error
        fault_point("smtp.after_record")
        self._results = []
        self._until = started + self._lease
        for connection in self._pool.connections:
            if connection.unsettled:
                connection.unsettled = 0
                self._touched.add(connection)
        return denied

    # --- the wire

    def _push(self) -> None:
        """Let every line that changed say what it may; nothing leaves on a lease that could end before the answer."""
        if self._touched and self._clock() > self._until - self._margin:
            return
        while self._touched:
            connection = self._touched.pop()
            if connection.closed or connection.writing:
                continue
            if connection.line.advance(connection.unsettled < self._unsettled_limit):
                self._write(connection)
            if connection.line.ended:  # what could be said without asking the server
                self._collect(connection)
                self._consider(connection)

    def _consider(self, connection: Connection) -> None:
        """Can it go on by itself? Not with a content that waits for a commit, nor with nothing to go on to."""
        line = connection.line
        if line.ready and connection.unsettled >= self._unsettled_limit:
            self._blocked.add(connection)
        if connection.held < self._depth and not line.queue and (line.head is None or line.ready):
            if not connection.worn and not connection.server.fault:
                self._hungry.add(connection)
            elif connection.held == 0:
                self._retire(connection)

    def _write(self, connection: Connection) -> None:
        fault_point("smtp.before_write")
        try:
            done = connection.write()
        except OSError as error:
            self._lost(connection, f"the connection broke: {error}")
            return
        fault_point("smtp.after_write")
        connection.progress = self._clock()
        if done == connection.writing:
            connection.writing = not done
            events = selectors.EVENT_READ | (0 if done else selectors.EVENT_WRITE)
            self._selector.modify(connection.sock, events, connection)

    def _wait(self) -> None:
        for key, events in self._selector.select(self._timeout()):
            connection = key.data
            if connection is None:
                self._arrived()
            elif events & selectors.EVENT_READ:
                self._read(connection)
            elif events & selectors.EVENT_WRITE and self._clock() <= self._until - self._margin:
                self._write(connection)
                self._touched.add(connection)

    def _timeout(self) -> float:
        if self._blocked or self._touched:
            return 0.0
        if self._hungry and self._stock:
            return min(_TICK, max(0.0, self._wake_at - self._clock()))
        return _TICK

    def _arrived(self) -> None:
        for connection in self._pool.arrivals():
            self._selector.register(connection.sock, selectors.EVENT_READ, connection)
            self._hungry.add(connection)

    def _read(self, connection: Connection) -> None:
        try:
            data = connection.read()
            fault_point("smtp.after_read")
            if not data:
                raise Broken("the server closed the connection")
            connection.progress = self._clock()
            connection.line.feed(data)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(connection, f"the connection broke: {error}")
        except Broken as broken:
            self._lost(connection, str(broken))
        else:
            self._collect(connection)
            self._consider(connection)
            self._touched.add(connection)

    def _listen(self) -> None:
        """Nothing may be sent any more; but what is answered within a moment need not stay in doubt."""
        end = self._clock() + _LAST_ANSWERS
        while self._clock() < end:
            waiting = [c for c in self._pool.connections if c.line.body and c.line.written >= c.line.body.dot_at]
            if not waiting:
                return
            for key, _ in self._selector.select(_TICK):
                if key.data in waiting:
                    self._read(key.data)

    # --- what became of it

    def _collect(self, connection: Connection) -> None:
        """Take over what the line has ended."""
        ended, connection.line.ended = connection.line.ended, []
        for job, outcome in ended:
            self._release(connection, job)
            if outcome.stops:
                connection.server.fault = outcome
                connection.server.last_word = f"{connection.server.relay.name}: {outcome.reason}"
            if outcome.state == "planned":
                job.tries += not outcome.stops
                self._give_back(job, outcome)
            else:
                connection.unsettled += 1
                self._result(job, outcome, connection.server.relay.name)

    def _give_back(self, job: Job, outcome: Outcome) -> None:
        """No server has it: another connection takes it, unless it wore out several."""
        job.no = None
        if job.tries >= _TRIES:
            self._result(job, replace(outcome, state="deferred"), "")
        else:
            self._again.append(job)

    def _result(self, job: Job, outcome: Outcome, relay: str) -> None:
        if not self._results:
            self._oldest = self._clock()
        self._results.append(Result(job.message, outcome, relay))

    def _lost(self, connection: Connection, why: str) -> None:
        """The connection is gone. What it said last still counts."""
        try:
            while data := connection.read():
                connection.line.feed(data)
        except (OSError, Broken):
            pass
        back = connection.line.lose(why)
        self._collect(connection)
        for job in back:
            self._release(connection, job)
            self._give_back(job, Outcome("planned", why, "line", "line"))
        connection.server.last_word = f"{connection.server.relay.name}: {why}"
        self._remove(connection, failed=True)

    def _retire(self, connection: Connection) -> None:
        """It has carried its number of messages; another one follows."""
        self._selector.unregister(connection.sock)
        self._pool.leave([connection])
        self._remove(connection, failed=False)
        self._next_tick = 0.0

    def _remove(self, connection: Connection, failed: bool) -> None:
        if not connection.closed:
            self._selector.unregister(connection.sock)
        self._pool.remove(connection, failed)
        for group in (self._touched, self._blocked, self._hungry):
            group.discard(connection)

    # --- time

    def _check_time(self) -> None:
        """Renew the lease, give up on who is silent, dial where connections are missing, and stop without hope."""
        now = self._clock()
        if now > self._until - self._margin:
            self._write_down([])
        if now < self._next_tick:
            return
        self._next_tick = now + _TICK
        for connection in list(self._pool.connections):
            silent = now - connection.progress
            if connection.line.waiting and silent > connection.time_limit:
                self._lost(connection, f"the server was silent for {silent:.0f} seconds")
            elif connection.server.fault and connection.held == 0:
                self._retire(connection)
        held = sum(connection.held for connection in self._pool.connections)
        wanted = held + len(self._again) + len(self._parked) + (1_000_000 if self._source else 0)
        self._pool.dial(wanted)
        if self._stock and (why := self._pool.hopeless()):
            self._stop(why)

    def _stop(self, why: str) -> None:
        """No server will take anything: give back what was promised to one."""
        fault = next((server.fault for server in self._pool.servers if server.fault), None)
        self._report = Report(why, fault)
        self._source = None
        self._parked.clear()
        while self._again:
            self._result(self._again.popleft(), fault or Outcome("planned", why, "line", "line"), "")
