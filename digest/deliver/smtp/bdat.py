"""Sending by BDAT (RFC 3030) to a server that also offers PIPELINING: whole messages in a window, without waiting.

`RSET MAIL RCPT BDAT` and the content of all queued jobs leave together; their replies come in bursts, four for each
message, in order. Three things can go wrong in such a window, and each has its rule:

- A refused MAIL or RCPT may leave the transaction open, and the next RCPT would be added to it: a mail to the wrong
  person. So RSET precedes every MAIL but the first of a connection; any reply to it but a 2xx ends the connection.
- A server, or a middlebox, may offer CHUNKING without knowing BDAT: it would read the lines of a mail as commands. So
  a connection begins with a trial: the first header line alone as a chunk (no command begins as a header field does),
  the rest when that was accepted, and further messages when the whole was. A server that loses track later gets no
  more on this connection, and DATA for the rest of the run: see `ConnectionBroken.announced` and `on_trial`.
- When the connection ends, messages whose last octet was written may have been accepted, up to a whole window: they
  are in doubt. A 421 clears none of them: a server may send it at any time, not only as the answer to a command
  (RFC 5321 3.8), and a middlebox may send it in place of answers that were lost. Sent again, they would arrive twice.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from digest.deliver.outcome import Outcome, Phase
from digest.deliver.reply import Reply, outcome
from digest.deliver.smtp.session import ConnectionBroken, Job, Session, malformed, printable, unsolicited


class Step(Enum):
    """The command that a reply belongs to."""

    RSET = auto()
    MAIL = auto()
    RCPT = auto()
    CHUNK = auto()  # the first header line of a connection's first message
    LAST = auto()


_FIRST = (Step.MAIL, Step.RCPT, Step.CHUNK, Step.LAST)
_AGAIN = (Step.RSET, *_FIRST)
_WHOLE = (Step.RSET, Step.MAIL, Step.RCPT, Step.LAST)
_PHASES: dict[Step, Phase] = {
    Step.RSET: "mail",
    Step.MAIL: "mail",
    Step.RCPT: "rcpt",
    Step.CHUNK: "data",
    Step.LAST: "content",
}
#: Octets to send ahead of the replies. More would overflow the caches of both ends and put more messages in doubt when
#: the connection ends; 16 connections at 100 ms still carry 60 MB a second.
_AHEAD = 400_000
_REASON_LENGTH = 200  # characters of a reply that are kept
_NOT_YET = 1 << 62  # `end_at` of a content that waits for the trial
#: "Unrecognized", "not implemented", "bad sequence": about the command, not about the message or the recipient.
_NOT_KNOWN = range(500, 505)
_FIELD = re.compile(rb"[!-9;-~]+:[^\r\n]*\r\n")


@dataclass(slots=True)
class BdatSession(Session):
    """`sent` are the jobs in flight, oldest first. `trusted`: this connection has accepted a message by BDAT."""

    trusted: bool = False
    sent: deque[Job] = field(default_factory=deque)
    _script: tuple[Step, ...] = _FIRST  # the replies to the oldest job, and how many of them have come
    _at: int = 0
    _from: int = 0  # offset in the byte stream at which the oldest job begins
    _rest: list[bytes] = field(default_factory=list)  # bytes to send after the trial

    @property
    def idle(self) -> bool:
        """See Session."""
        return not self.sent and not self.queue

    @property
    def awaited_phase(self) -> Phase | None:
        """See Session."""
        return _PHASES[self._script[self._at]] if self.sent else None

    @property
    def awaits_verdict(self) -> bool:
        """See Session. Servers may hold back the replies to an envelope until they have one for the content."""
        return bool(self.sent) and self.written >= self.sent[0].end_at

    @property
    def accepts_job(self) -> bool:
        """See Session."""
        return True

    @property
    def on_trial(self) -> bool:
        """True while it is not known yet whether the server understands BDAT."""
        return bool(self.sent) and self._script[self._at] is Step.CHUNK

    def advance(self, may_send_content: bool) -> bool:
        """See Session. `may_send_content` is ignored: the intent of each job is recorded.

        A job that lost a connection is sent alone from then on, so that no other suffers if the server fails on it.
        """
        queue, sent = self.queue, self.sent
        while queue and (not sent or self._may_follow(queue[0])):
            self._begin(queue.popleft())
        return bool(self.out)

    def _may_follow(self, job: Job) -> bool:
        return self.trusted and self.queued - self._from < _AHEAD and not (job.tries or self.sent[-1].tries)

    def abandon(self, why: str, *, trust_replies: bool = True) -> list[Job]:
        """See Session."""
        unsent: list[Job] = []
        begins = self._from
        for job in self.sent:
            if self.written >= job.end_at and not (job.rejection and trust_replies):
                self._end(job, outcome(Reply("content", 0, why)))
            else:
                job.tries += self.written > begins
                unsent.append(job)
            begins = job.end_at
        unsent += self.queue
        self.sent.clear()
        self.queue.clear()
        for job in unsent:
            job.rejection = None
        return unsent

    def _begin(self, job: Job) -> None:
        message = job.message
        _, _, sender, recipient, _, parts, smtputf8, safe = message
        job.size = size = sum(map(len, parts))
        if (smtputf8 or not safe or size > self.size_limit > 0) and (rejection := self._local_rejection(job)):
            self._end(job, outcome(rejection))
            return
        extra = " BODY=8BITMIME SMTPUTF8" if smtputf8 else ""
        if not self.trusted:
            envelope = f"MAIL FROM:<{sender}>{extra}\r\nRCPT TO:<{recipient}>\r\nBDAT "
            self._begin_trial(job, envelope.encode(), b"".join(parts))
            return
        command = f"RSET\r\nMAIL FROM:<{sender}>{extra}\r\nRCPT TO:<{recipient}>\r\nBDAT {size} LAST\r\n".encode()
        self.out += (command, *parts)
        self.queued = job.end_at = self.queued + len(command) + size
        self.sent.append(job)

    def _begin_trial(self, job: Job, envelope: bytes, data: bytes) -> None:
        """Send the envelope and the first header line; the rest follows when both are accepted."""
        if not (first := _FIELD.match(data)):
            self._end(job, outcome(malformed("it does not begin with a header field")))
            return
        again = self.queued > 0
        self._script = _AGAIN if again else _FIRST
        self._put(b"RSET\r\n" * again + envelope + b"%d\r\n%s" % (first.end(), first[0]))
        rest = data[first.end() :]
        self._rest = [b"BDAT %d LAST\r\n" % len(rest), rest]
        job.end_at = _NOT_YET
        self.sent.append(job)

    def _handle_usual(self, data: bytes) -> bool:
        """Only one-line 250 replies: process as many messages as they make up."""
        count = data.count(b"\n")
        if not (
            self.trusted
            and data.startswith(b"250 ")
            and data.endswith(b"\r\n")
            and data.count(b"\r\n250 ") == count - 1
            and data.isascii()
        ):
            return False
        sent, at = self.sent, self._at
        whole, begun = divmod(at + count, 4)
        if whole + (begun > 0) > len(sent) or (at and sent[0].rejection):
            return False
        answered_to = sent[whole - 1].end_at if whole else self._from
        if self.written < answered_to + (begun > 0):
            return False
        texts = data[4:-2].decode("ascii").split("\r\n250 ")[3 - at :: 4]
        ended, next_job = self.ended, sent.popleft
        for text in texts:
            short = len(text) <= _REASON_LENGTH and text.isprintable()
            reason = text if short else printable(text.encode())[:_REASON_LENGTH]
            ended.append((next_job(), Outcome("accepted", reason, "none", "", 250)))
        self._at, self._from = begun, answered_to
        return True

    def _handle(self, code: int, text: bytes) -> None:
        if not self.sent or self.written <= self._from:
            raise unsolicited(code, text)
        job, step = self.sent[0], self._script[self._at]
        self._at += 1
        if step is Step.LAST:
            self._after_last(job, code, text)
        elif step is Step.CHUNK:
            self._after_chunk(job, code, text)
        elif not 200 <= code < 300:
            if code != 421 and (step is Step.RSET or not 400 <= code < 600):
                raise ConnectionBroken(f"the server said {code} {printable(text)} at {step.name}".rstrip())
            if step is not Step.RSET:
                job.rejection = job.rejection or Reply(_PHASES[step], code, printable(text))
                if code == 421:
                    self._finish(job, outcome(job.rejection))
            if code == 421:
                raise unsolicited(code, text)

    def _after_chunk(self, job: Job, code: int, text: bytes) -> None:
        reply = Reply("content", code, printable(text))
        if 200 <= code < 300 and not job.rejection:
            self.content_count += 1
            for part in self._rest:
                self._put(part)
            self._rest.clear()
            job.end_at = self.queued
        elif code == 421 or (400 <= code < 600 and (job.rejection or code not in _NOT_KNOWN)):
            job.end_at = self.queued  # there will be no more of it
            self._finish(job, outcome(job.rejection or reply))
            if code == 421:
                raise unsolicited(code, text)
        else:
            raise ConnectionBroken(f"the server offers CHUNKING and said {reply} at BDAT")

    def _after_last(self, job: Job, code: int, text: bytes) -> None:
        reply = Reply("content", code, printable(text))
        early = self.written < job.end_at
        if 200 <= code < 300 and not early and not job.rejection:
            self.trusted = True
            self.content_count += 1
            self._finish(job, outcome(reply))
            return
        if not 400 <= code < 600:
            about = ""
            if early:
                about = "before it had the whole message"
            elif job.rejection:
                about = f"although it had said {job.rejection}"
            raise ConnectionBroken(f"the server said {reply} {about}".rstrip())
        if not job.rejection and code in _NOT_KNOWN:
            self._finish(job, Outcome("planned", f"{reply}", "line", "line", code))
            raise ConnectionBroken(f"the server offers CHUNKING and said {reply}")
        self._finish(job, outcome(job.rejection or reply))
        if code == 421:
            raise unsolicited(code, text)
        if early:  # the server should read and discard the rest first (RFC 3030 2): it may misread our next octets
            raise ConnectionBroken(f"the server said {reply} before it had the whole message")

    def _finish(self, job: Job, result: Outcome) -> None:
        """End the oldest job."""
        self.sent.popleft()
        self._script, self._at, self._from = _WHOLE, 0, job.end_at
        self._end(job, result)
