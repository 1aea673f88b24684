"""The loop behind `smtp.send`: one thread, all connections, one commit for whatever they have ready."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Iterable, Sequence

from digest.deliver.mime.message import Message
from digest.deliver.reply import Outcome
from digest.deliver.result import Record, Result
from digest.deliver.smtp.bdat import Window
from digest.deliver.smtp.connect import Relay
from digest.deliver.smtp.pool import Connection, Pool, Server
from digest.deliver.smtp.queue import Stock
from digest.deliver.smtp.send import Interrupted, Report
from digest.deliver.smtp.session import Broken, Job
from digest.failpoint import fault_point

_NEVER = float("inf")
_TRIES = 3  # connections a message may lose before it is deferred: it may be what the server dies of
_REPLIES = 8192  # octets to read at a time; replies are short
_TICK = 0.2  # seconds between two looks at time limits
_FLUSH = 1.0  # seconds a result waits for company before it is written down alone
_GATHER = 0.0005  # seconds to wait for other answers, so that one look or one commit serves them all,
_WORTH_IT = 6  # where so many connections have something under way;
_GATHER_MOST = 0.002  # for a commit as long as it takes itself, but no longer than this
_LAST_ANSWERS = 10.0  # seconds to listen for answers when nothing may be sent any more


class _RecordFailed(Exception):
    """`record` raised; its error is the cause."""


class Loop:
    """One run. The protocol is in Line, what to send in Stock, the servers in Pool; here is when what may happen.

    `touched` connections may have bytes to write, `blocked` ones cannot go on without a commit, `hungry` ones could
    take another message. `now` is read once for each turn of the loop.
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
        self._margin = max(relay.answer_timeout for relay in relays)
        if lease <= self._margin:
            raise ValueError("the lease must be longer than the longest wait for an answer")
        self._record, self._lease = record, lease
        self._should_stop, self._clock = should_stop, clock
        self._now = clock()
        self._send_until = self._now + lease - self._margin
        self._pool = Pool(relays, patience, clock)
        self._stock = Stock(messages, self._pool)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pool.wake, selectors.EVENT_READ)
        self._results: list[Result] = []
        self._oldest = 0.0
        self._touched: set[Connection] = set()
        self._blocked: set[Connection] = set()
        self._hungry: set[Connection] = set()
        self._next_look = 0.0
        self._waiting_since = self._commit_takes = 0.0
        self._report = Report()

    def run(self) -> Report:
        """See `smtp.send`."""
        try:
            self._stock.look_ahead(sum(server.wanted for server in self._pool.servers))
            while self._stock or any(connection.held for connection in self._pool.connections):
                self._turn()
            if self._results:
                self._write_down([])
            if self._stock.failed:
                raise self._stock.failed
        except _RecordFailed as failed:
            self._listen()
            raise Interrupted(self._results) from failed.__cause__
        finally:
            self._selector.close()
            self._pool.close()
        return self._report

    def _turn(self) -> None:
        self._now = self._clock()
        if self._now > self._send_until:
            self._write_down([])
        if self._now >= self._next_look:
            self._look()
        if self._should_stop():
            self._stock.stop_reading()
        if self._blocked or self._hungry or self._results:
            self._fill()
        if self._touched and self._clock() <= self._send_until:
            self._push()
        self._wait()

    # --- the commit between two steps on the wire

    def _fill(self) -> None:
        """Give connections work. Whoever cannot go on causes one commit: of all results, and of everybody's intents."""
        if self._commit_at() > self._now:
            return
        self._waiting_since = 0.0
        given = self._stock.share_out(self._now)
        fresh = [job.message for _, jobs in given for job in jobs if not job.intended]
        denied: frozenset[int] = frozenset()
        if fresh or self._results:
            denied = self._write_down(fresh)
        for connection, jobs in given:
            going = jobs if not denied else self._without(denied, connection, jobs)
            if going:
                connection.line.queue.extend(going)
                self._touched.add(connection)
                if connection.full or connection.left <= 0:
                    self._hungry.discard(connection)
        self._touched |= self._blocked
        self._blocked.clear()

    def _commit_at(self) -> float:
        """When to commit: at once when half of the connections wait for it, soon when some do, else in good time."""
        flush_at = self._oldest + _FLUSH if self._results else _NEVER
        asking = len(self._hungry) if self._hungry and self._stock and self._now >= self._stock.ask_at else 0
        waiting = asking + len(self._blocked)
        if not waiting:
            return flush_at
        if 2 * waiting >= len(self._pool.connections):
            return 0.0
        self._waiting_since = self._waiting_since or self._now
        return min(flush_at, self._waiting_since + min(_GATHER_MOST, max(_GATHER, self._commit_takes)))

    def _without(self, denied: frozenset[int], connection: Connection, jobs: list[Job]) -> list[Job]:
        """Those who may be mailed. What was on record before was asked about before."""
        going = [job for job in jobs if job.intended or job.message.subscriber_id not in denied]
        for job in jobs:
            if job not in going:
                connection.held -= 1
                connection.left += 1
                connection.server.given -= 1
                self._release(connection.server, job)
        return going

    def _release(self, server: Server, job: Job) -> None:
        """Its domain has one less under way."""
        server.pace.done(job.domain)
        self._stock.ask_at = 0.0

    def _write_down(self, intents: Sequence[Message]) -> frozenset[int]:
        """The durable commit. Renews the lease; whatever `record` raises ends the run."""
        started = self._clock()
        fault_point("smtp.before_record")
        try:
            denied = frozenset(self._record(self._results, intents))
        except Exception as error:
            raise _RecordFailed from error
        fault_point("smtp.after_record")
        self._commit_takes += (self._clock() - started - self._commit_takes) / 4
        self._send_until = started + self._lease - self._margin
        if self._results:
            self._results = []
            for connection in self._pool.connections:
                if connection.unsettled:
                    connection.unsettled = 0
                    self._touched.add(connection)
        return denied

    # --- the wire

    def _push(self) -> None:
        """Let every line that changed say what it may."""
        while self._touched:
            connection = self._touched.pop()
            if connection.closed or connection.writing:
                continue
            line = connection.line
            if line.advance(connection.unsettled < connection.unsettled_limit):
                self._write(connection)
            if line.ended:  # what could be said without asking the server
                self._collect(connection)
                self._consider(connection)

    def _consider(self, connection: Connection) -> None:
        """Can it go on by itself? Not with a content that waits for a commit, nor with nothing to go on to."""
        line = connection.line
        if line.ready and connection.unsettled >= connection.unsettled_limit:
            self._blocked.add(connection)
        elif not connection.full:
            if connection.left > 0 and not connection.server.fault:
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
        connection.progress = self._now
        if done == connection.writing:
            connection.writing = not done
            events = selectors.EVENT_READ | (0 if done else selectors.EVENT_WRITE)
            self._selector.modify(connection.sock, events, connection)

    def _wait(self) -> None:
        timeout = self._timeout()
        if timeout and len(self._pool.connections) - len(self._hungry) >= _WORTH_IT:
            time.sleep(_GATHER)  # before the look, not between two: each costs a change of process
        events = self._selector.select(timeout)
        self._now = self._clock()
        for key, what in events:
            connection = key.data
            if connection is None:
                self._arrived()
            elif what & selectors.EVENT_READ:
                self._read(connection)
            elif self._now <= self._send_until:
                self._write(connection)
                self._touched.add(connection)

    def _timeout(self) -> float:
        if self._touched:
            return 0.0
        if self._blocked or (self._hungry and self._stock):
            return min(_TICK, max(0.0, min(self._commit_at(), max(self._now, self._stock.ask_at)) - self._now))
        return _TICK

    def _arrived(self) -> None:
        for connection in self._pool.arrivals():
            self._selector.register(connection.sock, selectors.EVENT_READ, connection)
            self._hungry.add(connection)

    def _read(self, connection: Connection) -> None:
        try:
            data = connection.read(_REPLIES)
            fault_point("smtp.after_read")
            if not data:
                raise Broken("the server closed the connection", bye=True)
            connection.progress = self._now
            connection.line.feed(data)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(connection, f"the connection broke: {error}")
        except Broken as broken:
            self._lost(connection, f"{broken}", broken)  # what follows may answer another of our lines
        else:
            if connection.line.ended:
                self._collect(connection)
            self._touched.add(connection)
            self._consider(connection)

    def _listen(self) -> None:
        """Nothing may be sent any more; but what is answered within a moment need not stay in doubt."""
        end = self._clock() + _LAST_ANSWERS
        self._selector.unregister(self._pool.wake)
        for connection in self._pool.connections:
            if not connection.line.owed:
                self._selector.unregister(connection.sock)
        while self._clock() < end and any(connection.line.owed for connection in self._pool.connections):
            for key, _ in self._selector.select(_TICK):
                self._read(key.data)

    # --- what became of it

    def _collect(self, connection: Connection) -> None:
        """Take over what the line has ended."""
        ended, server, results = connection.line.ended, connection.server, self._results
        if not results:
            self._oldest = self._now
        before = len(results)
        for job, outcome in ended:
            if server.paced:
                self._release(server, job)
            if outcome.state != "planned":
                results.append(Result(job.message, outcome, server.name))
                continue
            job.tries += not outcome.stops
            if outcome.stops:
                server.fault = outcome
                server.last_word = f"{server.name}: {outcome.reason}"
            self._give_back(job, outcome)
        connection.held -= len(ended)
        connection.unsettled += len(results) - before
        ended.clear()

    def _give_back(self, job: Job, outcome: Outcome) -> None:
        """No server has it: another connection takes it, unless it wore out several."""
        job.no = None
        if job.tries >= _TRIES:
            self._result(job, outcome._replace(state="deferred"), "")
        else:
            self._stock.give_back(job)

    def _result(self, job: Job, outcome: Outcome, relay: str) -> None:
        if not self._results:
            self._oldest = self._now
        self._results.append(Result(job.message, outcome, relay))

    def _lost(self, connection: Connection, why: str, broken: Broken | None = None) -> None:
        """The connection is gone. What it said last still counts, but not after a reply that made no sense."""
        line, server = connection.line, connection.server
        try:
            while not broken and (data := connection.read(_REPLIES)):
                line.feed(data)
        except OSError:
            pass
        except Broken as error:
            broken = error
        astray = broken is not None and not broken.bye
        if isinstance(line, Window) and (astray or line.on_trial):
            self._pool.give_up_chunking(server)
            self._hungry = {other for other in self._hungry if other.left > 0}
        back = line.lose(why, heard=not astray)
        self._collect(connection)
        for job in back:
            connection.held -= 1
            self._release(server, job)
            self._give_back(job, Outcome("planned", why, "line", "line"))
        server.last_word = f"{server.name}: {why}"
        self._selector.unregister(connection.sock)
        self._forget(connection, failed=True)

    def _retire(self, connection: Connection) -> None:
        """It has carried its number of messages, or its server wants no more; where there is work another follows."""
        self._selector.unregister(connection.sock)
        self._pool.leave([connection])
        self._forget(connection, failed=False)
        self._next_look = 0.0

    def _forget(self, connection: Connection, failed: bool) -> None:
        self._pool.remove(connection, failed)
        for group in (self._touched, self._blocked, self._hungry):
            group.discard(connection)

    # --- time

    def _look(self) -> None:
        """Give up on who is silent, dial where connections are missing, and stop when there is no hope."""
        self._next_look = self._now + _TICK
        for connection in list(self._pool.connections):
            silent = self._now - connection.progress
            if connection.line.waiting and silent > connection.time_limit:
                self._lost(connection, f"the server was silent for {silent:.0f} seconds")
            elif connection.held == 0 and (connection.server.fault or connection.left <= 0):
                self._retire(connection)
        self._pool.dial(self._stock.known + sum(connection.held for connection in self._pool.connections))
        if self._stock and (why := self._pool.hopeless()):
            self._stop(why)

    def _stop(self, why: str) -> None:
        """No server will take anything: give back what was promised to one."""
        fault = next((server.fault for server in self._pool.servers if server.fault), None)
        self._report = Report(why, fault)
        for job in self._stock.close():
            self._result(job, fault or Outcome("planned", why, "line", "line"), "")
