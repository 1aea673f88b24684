"""Sending by DATA. Pipelined (RFC 2920) a message costs one round trip: the content of one and `MAIL RCPT DATA` of the
next leave together, and their four replies come back together. Without PIPELINING the same script goes out one command
at a time.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from digest.deliver.reply import Outcome, Phase, Reply, outcome
from digest.deliver.smtp.session import Broken, Job, Talk, unasked, words

_DOT_LINE = b".\r\n"
_DOT = re.compile(rb"^\.", re.MULTILINE)


class Step(Enum):
    """What a reply that we wait for answers."""

    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    CONTENT = auto()
    ASIDE = auto()  # RSET, or the lone dot after a 354 nobody could use: the answer changes nothing


_ENVELOPE = (Step.MAIL, Step.RCPT, Step.DATA)
#: 250 for the content, then 250, 250 and 354 for the next envelope.
_USUAL = re.compile(rb"250 ([^\r\n]*)\r\n250 [^\r\n]*\r\n250 [^\r\n]*\r\n354 [^\r\n]*\r\n")
_PHASES: dict[Step, Phase] = {Step.MAIL: "mail", Step.RCPT: "rcpt", Step.DATA: "data", Step.CONTENT: "content"}


@dataclass(slots=True)
class Line(Talk):
    """`head` has its envelope out, `body` its content. `ready`: head has its 354."""

    pipelining: bool = True
    head: Job | None = None
    body: Job | None = None
    _awaiting: deque[Step] = field(default_factory=deque)
    _script: deque[tuple[Step, bytes]] = field(default_factory=deque)

    @property
    def idle(self) -> bool:
        """See Talk."""
        return self.head is None and self.body is None and not self.queue and not self._awaiting

    @property
    def waiting(self) -> Phase | None:
        """See Talk."""
        return _PHASES.get(self._awaiting[0], "data") if self._awaiting else None

    @property
    def owed(self) -> bool:
        """See Talk."""
        return self.body is not None and self.written >= self.body.end_at

    @property
    def roomy(self) -> bool:
        """See Talk."""
        return self.head is None or self.ready

    def advance(self, may_send_content: bool) -> bool:
        """See Talk."""
        if self.ready and may_send_content and (self.pipelining or not self._awaiting):
            self._send_content()
        while self.head is None and self.queue and (self.body is None or self.pipelining):
            self._begin(self.queue.popleft())
        while self._script and not self._awaiting:
            step, command = self._script.popleft()
            self._put(command)
            self._awaiting.append(step)
        return bool(self.out)

    def _usual(self, data: bytes) -> bool:
        """The four replies that nearly every message brings."""
        body = self.body
        if len(self._awaiting) != 4 or body is None or self.written < body.end_at:
            return False
        if not (match := _USUAL.fullmatch(data)):
            return False
        self._awaiting.clear()
        self.body, self.ready = None, True
        self.ended.append((body, Outcome("accepted", words(match[1]), code=250)))
        return True

    def lose(self, why: str, *, heard: bool = True) -> list[Job]:
        """See Talk."""
        back: list[Job] = []
        if self.body is not None:
            if self.written >= self.body.end_at:
                self._end(self.body, outcome(Reply("content", 0, why)))
            else:
                back.append(self.body)
        if self.head is not None:
            back.append(self.head)
        for job in back:
            job.tries += 1
        back += self.queue
        self.head = self.body = None
        self.queue.clear()
        for job in back:
            job.no = None
        return back

    def _begin(self, job: Job) -> None:
        message = job.message
        job.size = sum(map(len, message.parts))
        looked_at = message.smtputf8 or not message.safe or job.size > self.size_limit > 0
        if looked_at and (problem := self._unfit(job)):
            self._end(job, outcome(problem))
            return
        self.head, self.ready = job, False
        extra = " BODY=8BITMIME SMTPUTF8" if message.smtputf8 else ""
        text = f"MAIL FROM:<{message.envelope_sender}>{extra}\r\nRCPT TO:<{message.envelope_recipient}>\r\nDATA\r\n"
        envelope = text.encode()
        if self.pipelining:
            self.out.append(envelope)
            self.queued += len(envelope)
            self._awaiting.extend(_ENVELOPE)
        else:
            self._script.extend(zip(_ENVELOPE, envelope.splitlines(keepends=True), strict=True))

    def _send_content(self) -> None:
        job = self.head
        assert job is not None
        message = job.message
        if message.safe:
            self.out += message.parts
            self.queued += job.size + 3
        else:
            self._put(_DOT.sub(b"..", message.data))
            self.queued += 3
        self.out.append(_DOT_LINE)
        self.head, self.ready, self.body = None, False, job
        job.end_at = self.queued
        self.carried += 1
        self._awaiting.append(Step.CONTENT)

    def _take(self, code: int, text: bytes) -> None:
        if not self._awaiting:
            raise unasked(code, text)
        step = self._awaiting.popleft()
        if step in _ENVELOPE and code < 400 and (code >= 300 or step is Step.DATA) and (step, code) != (Step.DATA, 354):
            # Whatever it takes our next line for, it is not what we mean.
            raise Broken(f"the server said {code} {words(text)} at {_PHASES[step].upper()}".rstrip())
        if step is Step.CONTENT:
            self._after_content(code, text)
        elif step is Step.DATA:
            self._after_data(code, text)
        elif step is not Step.ASIDE and not 200 <= code < 300:
            assert self.head is not None
            self.head.no = self.head.no or Reply(_PHASES[step], code, words(text))
            if not self.pipelining:
                self._give_up()
        if code == 421:
            raise unasked(code, text)

    def _after_content(self, code: int, text: bytes) -> None:
        job = self.body
        assert job is not None
        if code < 400 and self.written < job.end_at:
            raise Broken(f"the server said {code} before it had the whole message")
        self.body = None
        self._end(job, outcome(Reply("content", code, words(text))))

    def _after_data(self, code: int, text: bytes) -> None:
        job = self.head
        assert job is not None
        if code == 354 and job.no is None:
            self.ready = True
            return
        job.no = job.no or Reply("data", code, words(text))
        self._give_up(opened=code == 354)

    def _give_up(self, opened: bool = False) -> None:
        """End a job before its content. After a 354 only a dot gets us out (RFC 2920 3.1), else RSET cleans up."""
        job = self.head
        assert job is not None
        assert job.no is not None
        self.head = None
        self._script.clear()
        self._script.append((Step.ASIDE, _DOT_LINE if opened else b"RSET\r\n"))
        if self.pipelining:  # it goes before whatever comes next, and nobody waits for the answer
            step, command = self._script.popleft()
            self._put(command)
            self._awaiting.append(step)
        self._end(job, outcome(job.no))
