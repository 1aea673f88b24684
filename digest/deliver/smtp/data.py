"""Sending by DATA.

Pipelined (RFC 2920) a message costs one round trip: the content of one message and `MAIL RCPT DATA` of the next leave
together, and their four replies come back together. Without PIPELINING the same commands go out one at a time.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from digest.deliver.outcome import Outcome, Phase
from digest.deliver.reply import Reply, outcome
from digest.deliver.smtp.session import ConnectionBroken, Job, Session, printable, unsolicited

_DOT_LINE = b".\r\n"
_DOT = re.compile(rb"^\.", re.MULTILINE)


class Step(Enum):
    """The command that an awaited reply belongs to."""

    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    CONTENT = auto()
    CLEANUP = auto()  # RSET, or the lone dot after an unwanted 354: the reply changes nothing


_ENVELOPE = (Step.MAIL, Step.RCPT, Step.DATA)
#: 250 for the content, then 250, 250 and 354 for the next envelope.
_USUAL = re.compile(rb"250 ([^\r\n]*)\r\n250 [^\r\n]*\r\n250 [^\r\n]*\r\n354 [^\r\n]*\r\n")
_PHASES: dict[Step, Phase] = {Step.MAIL: "mail", Step.RCPT: "rcpt", Step.DATA: "data", Step.CONTENT: "content"}


@dataclass(slots=True)
class DataSession(Session):
    """`head` is the job whose envelope was sent, `body` the one whose content was sent.

    `content_ready` means that `head` has its 354.
    """

    pipelining: bool = True
    head: Job | None = None
    body: Job | None = None
    _awaiting: deque[Step] = field(default_factory=deque)
    _script: deque[tuple[Step, bytes]] = field(default_factory=deque)

    @property
    def idle(self) -> bool:
        """See Session."""
        return self.head is None and self.body is None and not self.queue and not self._awaiting

    @property
    def finished(self) -> bool:
        """See Session."""
        return self.head is None and self.body is None and not self.queue and not self._script

    @property
    def awaited_phase(self) -> Phase | None:
        """See Session."""
        return _PHASES.get(self._awaiting[0], "data") if self._awaiting else None

    @property
    def awaits_verdict(self) -> bool:
        """See Session."""
        return self.body is not None and self.written >= self.body.end_at

    @property
    def accepts_job(self) -> bool:
        """See Session."""
        return self.head is None or self.content_ready

    def advance(self, may_send_content: bool) -> bool:
        """See Session."""
        if self.content_ready and may_send_content and (self.pipelining or not self._awaiting):
            self._send_content()
        while self.head is None and self.queue and (self.body is None or self.pipelining):
            self._begin(self.queue.popleft())
        while self._script and not self._awaiting:
            step, command = self._script.popleft()
            self._put(command)
            self._awaiting.append(step)
        return bool(self.out)

    def _handle_usual(self, data: bytes) -> bool:
        """The four replies that nearly every message brings."""
        body = self.body
        if len(self._awaiting) != 4 or body is None or self.written < body.end_at:
            return False
        if not (match := _USUAL.fullmatch(data)):
            return False
        self._awaiting.clear()
        self.body, self.content_ready = None, True
        self.ended.append((body, Outcome("accepted", printable(match[1]), code=250)))
        return True

    def abandon(self, why: str, *, trust_replies: bool = True) -> list[Job]:
        """See Session."""
        unsent: list[Job] = []
        if self.body is not None:
            if self.written >= self.body.end_at:
                self._end(self.body, outcome(Reply("content", 0, why)))
            else:
                unsent.append(self.body)
        if self.head is not None:
            unsent.append(self.head)
        for job in unsent:
            job.tries += 1
        unsent += self.queue
        self.head = self.body = None
        self.queue.clear()
        for job in unsent:
            job.rejection = None
        return unsent

    def _begin(self, job: Job) -> None:
        message = job.message
        job.size = sum(map(len, message.parts))
        needs_check = message.smtputf8 or not message.safe or job.size > self.size_limit > 0
        if needs_check and (rejection := self._local_rejection(job)):
            self._end(job, outcome(rejection))
            return
        self.head, self.content_ready = job, False
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
        self.head, self.content_ready, self.body = None, False, job
        job.end_at = self.queued
        self.content_count += 1
        self._awaiting.append(Step.CONTENT)

    def _handle(self, code: int, text: bytes) -> None:
        if not self._awaiting:
            raise unsolicited(code, text)
        step = self._awaiting.popleft()
        if step in _ENVELOPE and code < 400 and (code >= 300 or step is Step.DATA) and (step, code) != (Step.DATA, 354):
            # The server would take our next line for something else than we mean.
            raise ConnectionBroken(f"the server said {code} {printable(text)} at {_PHASES[step].upper()}".rstrip())
        if step is Step.CONTENT:
            self._after_content(code, text)
        elif step is Step.DATA:
            self._after_data(code, text)
        elif step is not Step.CLEANUP and not 200 <= code < 300:
            assert self.head is not None
            self.head.rejection = self.head.rejection or Reply(_PHASES[step], code, printable(text))
            if not self.pipelining:
                self._reject_head()
        if code == 421:
            raise unsolicited(code, text)

    def _after_content(self, code: int, text: bytes) -> None:
        job = self.body
        assert job is not None
        if code < 400 and self.written < job.end_at:
            raise ConnectionBroken(f"the server said {code} before it had the whole message")
        self.body = None
        self._end(job, outcome(Reply("content", code, printable(text))))

    def _after_data(self, code: int, text: bytes) -> None:
        job = self.head
        assert job is not None
        if code == 354 and job.rejection is None:
            self.content_ready = True
            return
        job.rejection = job.rejection or Reply("data", code, printable(text))
        self._reject_head(opened=code == 354)

    def _reject_head(self, opened: bool = False) -> None:
        """End a job before its content. After a 354 only a dot ends the transaction (RFC 2920 3.1), else RSET does."""
        job = self.head
        assert job is not None
        assert job.rejection is not None
        self.head = None
        self._script.clear()
        self._script.append((Step.CLEANUP, _DOT_LINE if opened else b"RSET\r\n"))
        if self.pipelining:  # it precedes the next command, and its reply is not waited for
            step, command = self._script.popleft()
            self._put(command)
            self._awaiting.append(step)
        self._end(job, outcome(job.rejection))
