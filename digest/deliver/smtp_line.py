"""The SMTP client's half of one connection, without the connection: bytes in, bytes out, and what became of each job.

Pipelined (RFC 2920) a message costs one round trip: the content of one and `MAIL RCPT DATA` of the next leave together,
and their four replies come back together. Without PIPELINING the same script goes out one command at a time.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from digest.deliver.message import Message
from digest.deliver.reply import Outcome, Phase, Reply, outcome

_DOT_LINE = b".\r\n"
_MAX_REPLY = 65_536
_DOT = re.compile(rb"^\.", re.MULTILINE)
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")


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


@dataclass(slots=True, eq=False)
class Job:
    """One message on its way. `dot_at` is where its final dot ends in the bytes this line has ever queued."""

    message: Message
    domain: str = ""
    tries: int = 0
    intended: bool = False  # on record as handed over
    no: Reply | None = None
    size: int = 0
    dot_at: int = 0


class Broken(Exception):
    """The server said something that cannot be read, or spoke unasked; the connection is of no more use."""


@dataclass(slots=True)
class Line:
    """`queue` holds jobs whose intent is durable; `head` has its envelope out, `body` its content.

    `out` are bytes to be written, `queued` and `written` count them over the connection's life. `ended` collects
    (job, outcome); the loop empties it. `carried` counts the messages that reached their content.
    """

    pipelining: bool = True
    smtputf8: bool = False
    size_limit: int = 0
    queue: deque[Job] = field(default_factory=deque)
    head: Job | None = None
    ready: bool = False  # head has its 354
    body: Job | None = None
    out: list[bytes] = field(default_factory=list)
    queued: int = 0
    written: int = 0
    carried: int = 0
    ended: list[tuple[Job, Outcome]] = field(default_factory=list)
    _awaiting: deque[Step] = field(default_factory=deque)
    _script: deque[tuple[Step, bytes]] = field(default_factory=deque)
    _inbox: bytes = b""
    _said: list[bytes] = field(default_factory=list)  # the lines of a reply that goes on
    _said_code: bytes = b""
    _reply_size: int = 0

    @property
    def idle(self) -> bool:
        """True when nothing is under way and nothing is waited for."""
        return self.head is None and self.body is None and not self.queue and not self._awaiting

    @property
    def waiting(self) -> Phase | None:
        """The phase of the reply that we wait for, None when we wait for none."""
        return _PHASES.get(self._awaiting[0], "data") if self._awaiting else None

    def advance(self, may_send_content: bool) -> bool:
        """Queue all bytes that may go now; True when there is something in `out`."""
        if self.ready and may_send_content and (self.pipelining or not self._awaiting):
            self._send_content()
        while self.head is None and self.queue and (self.body is None or self.pipelining):
            self._begin(self.queue.popleft())
        while self._script and not self._awaiting:
            step, command = self._script.popleft()
            self._put(command)
            self._awaiting.append(step)
        return bool(self.out)

    def feed(self, data: bytes) -> None:
        """Take what the server sent. Raises Broken; what ended before that is in `ended`."""
        if len(self._awaiting) == 4 and self.body is not None and self._usual(self.body, data):
            return
        lines = (self._inbox + data).split(b"\n")
        self._inbox = lines.pop()
        if len(self._inbox) > _MAX_REPLY:
            raise Broken("the server's reply has no end")
        for line in lines:
            if self._said and line[:3] != self._said_code:  # RFC 5321 4.2.1: every line carries the same
                raise Broken(
                    f"the server began a reply with {_words(self._said_code)}, then said '{_words(line)[:80]}'"
                )
            if line[3:4] == b"-" and line[:3].isdigit():
                self._said_code = line[:3]
                self._said.append(line[4:].rstrip(b"\r"))
                self._reply_size += len(line)
                if self._reply_size > _MAX_REPLY:
                    raise Broken("the server's reply has no end")
                continue
            if not (line[:3].isdigit() and line[3:4] in {b" ", b"\r", b""}):
                raise Broken(f"the server said '{_words(line)[:80]}', which is no SMTP reply")
            text = b" ".join([*self._said, line[4:]])  # the reason may stand in any line of a reply
            self._said.clear()
            self._reply_size = 0
            self._take(int(line[:3]), text)

    def _usual(self, body: Job, data: bytes) -> bool:
        """The four replies that nearly every message brings, understood at one glance."""
        match = _USUAL.fullmatch(data)
        if match is None or self._inbox or self._said or self.written < body.dot_at:
            return False
        self._awaiting.clear()
        self.body, self.ready = None, True
        self.ended.append((body, Outcome("accepted", _words(match[1]), code=250)))
        return True

    def lose(self, why: str) -> list[Job]:
        """The connection is gone: whose final dot may have left is unknown, all others are given back to be sent."""
        back: list[Job] = []
        if self.body is not None:
            if self.written >= self.body.dot_at:
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
        if (message.smtputf8 or job.size > self.size_limit > 0) and (problem := self._unfit(job)):
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

    def _unfit(self, job: Job) -> Reply | None:
        """What we can say before the server would have to."""
        if job.message.smtputf8 and not self.smtputf8:
            return Reply("rcpt", 553, "5.6.7 the mail server does not offer SMTPUTF8, which this address needs")
        if job.size > self.size_limit > 0:
            # As at MAIL, where the server would say so: it is about the edition and no word about its readers.
            return Reply("mail", 552, f"5.3.4 the message is larger than the {self.size_limit} octets the server takes")
        return None

    def _send_content(self) -> None:
        job = self.head
        assert job is not None
        message = job.message
        if message.safe:
            self.out += message.parts
            self.queued += job.size + 3
        else:
            self._put(wire(message))
            self.queued += 3
        self.out.append(_DOT_LINE)
        self.head, self.ready, self.body = None, False, job
        job.dot_at = self.queued
        self.carried += 1
        self._awaiting.append(Step.CONTENT)

    def _put(self, data: bytes) -> None:
        self.out.append(data)
        self.queued += len(data)

    def _take(self, code: int, text: bytes) -> None:
        if not self._awaiting:
            raise Broken(f"{code} {_words(text)}" if code == 421 else f"the server said {code} unasked")
        step = self._awaiting.popleft()
        if step in _ENVELOPE and code < 400 and (code >= 300 or step is Step.DATA) and (step, code) != (Step.DATA, 354):
            # Whatever it takes our next line for, it is not what we mean.
            raise Broken(f"the server said {code} {_words(text)} at {_PHASES[step].upper()}".rstrip())
        if step is Step.CONTENT:
            self._after_content(code, text)
        elif step is Step.DATA:
            self._after_data(code, text)
        elif step is not Step.ASIDE and not 200 <= code < 300:
            assert self.head is not None
            self.head.no = self.head.no or Reply(_PHASES[step], code, _words(text))
            if not self.pipelining:
                self._give_up()
        if code == 421:
            raise Broken(f"421 {_words(text)}")

    def _after_content(self, code: int, text: bytes) -> None:
        job = self.body
        assert job is not None
        if code < 400 and self.written < job.dot_at:
            raise Broken(f"the server said {code} before it had the whole message")
        self.body = None
        self._end(job, outcome(Reply("content", code, _words(text))))

    def _after_data(self, code: int, text: bytes) -> None:
        job = self.head
        assert job is not None
        if code == 354 and job.no is None:
            self.ready = True
            return
        job.no = job.no or Reply("data", code, _words(text))
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

    def _end(self, job: Job, result: Outcome) -> None:
        self.ended.append((job, result))


def wire(message: Message) -> bytes:
    """The message's bytes as they may stand between DATA and the final dot: looked through, and dots stuffed.

    Copies of a template need none of this.
    Raises ValueError for what could end the message early on some server (the smuggling of 2023: a bare CR or LF).
    """
    data = message.data
    if bad := _BARE.search(data):
        raise ValueError(
            f"message {message.message_id}: a bare {bad[0]!r} at octet {bad.start()}; SMTP allows CRLF only"
        )
    if not data.endswith(b"\r\n") or (not message.smtputf8 and not data.isascii()):
        raise ValueError(f"message {message.message_id}: not 7-bit, or its last line has no end")
    if max(map(len, data.split(b"\r\n"))) > 998:
        raise ValueError(f"message {message.message_id}: a line is longer than 998 octets")
    return _DOT.sub(b"..", data)


def _words(text: bytes) -> str:
    words = text.decode("utf-8", "replace").strip()
    if not words.isprintable():
        words = "".join(c if c.isprintable() else " " for c in words).strip()
    return words[:400]
