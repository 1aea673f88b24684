"""Sending by BDAT (RFC 3030) to a server that offers PIPELINING too: whole messages one after another, unasked.

`RSET MAIL RCPT BDAT` and the content of all jobs at hand leave together; their replies come in bursts, four for each
message, in order. Three things can go wrong in such a window, and each has its rule:

- A refused MAIL or RCPT may leave the transaction open, and the next RCPT would be added to it: a mail to the wrong
  person. So RSET goes before every MAIL but the first of a connection; whatever but a 2xx to it ends the connection.
- A server, or something between us, may offer CHUNKING and not know BDAT: it would read the mail's lines as commands.
  So a connection begins with a trial: the first header line alone as a chunk (no command begins as a header field
  does), the rest when that was taken, and further messages when the whole was. A server that loses the thread later
  gets no more on this connection, and DATA for the rest of the run: see `Broken.bye` and `on_trial`.
- When the connection ends, messages whose last octet was written may have been taken, up to a whole window: unknown.
  A 421 frees nobody behind it: a server may say it at any time, not only as the answer to a command (RFC 5321 3.8), and
  what stands between us may say it in place of answers that were lost. Taken back, they would come twice unasked.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from digest.deliver.reply import Outcome, Phase, Reply, outcome
from digest.deliver.smtp.session import Broken, Job, Talk, malformed, unasked, words


class Step(Enum):
    """What a reply answers."""

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
#: Octets to send ahead of the answers. More only fills the memory of both ends, past all caches, and leaves more in
#: doubt when the connection ends; 16 connections at 100 ms still carry 60 MB a second.
_AHEAD = 400_000
_SHORT = 200  # characters of an answer that are kept
_NOT_YET = 1 << 62  # the last octet of a content that waits for the trial
#: "Unrecognized", "not implemented", "bad sequence": about the command, and no word about message or reader.
_NOT_KNOWN = range(500, 505)
_FIELD = re.compile(rb"[!-9;-~]+:[^\r\n]*\r\n")


@dataclass(slots=True)
class Window(Talk):
    """`sent` are the jobs under way, oldest first. `trusted`: this connection has taken a message by BDAT."""

    trusted: bool = False
    sent: deque[Job] = field(default_factory=deque)
    _script: tuple[Step, ...] = _FIRST  # of the oldest job, and how much of it is answered
    _at: int = 0
    _from: int = 0  # where the oldest job begins, in octets queued
    _rest: list[bytes] = field(default_factory=list)  # what follows the trial

    @property
    def idle(self) -> bool:
        """See Talk."""
        return not self.sent and not self.queue

    @property
    def waiting(self) -> Phase | None:
        """See Talk."""
        return _PHASES[self._script[self._at]] if self.sent else None

    @property
    def owed(self) -> bool:
        """See Talk. Servers may hold back the answers to an envelope until they have one for the content."""
        return bool(self.sent) and self.written >= self.sent[0].end_at

    @property
    def roomy(self) -> bool:
        """See Talk."""
        return True

    @property
    def on_trial(self) -> bool:
        """True while we wait to hear whether the server knows BDAT."""
        return bool(self.sent) and self._script[self._at] is Step.CHUNK

    def advance(self, may_send_content: bool) -> bool:
        """See Talk. Leave is not asked for: each job's intent is on record.

        A job that lost a connection goes alone from then on: others are not to suffer if the server dies of it.
        """
        queue, sent = self.queue, self.sent
        while queue and (not sent or self._may_follow(queue[0])):
            self._begin(queue.popleft())
        return bool(self.out)

    def _may_follow(self, job: Job) -> bool:
        return self.trusted and self.queued - self._from < _AHEAD and not (job.tries or self.sent[-1].tries)

    def lose(self, why: str, *, heard: bool = True) -> list[Job]:
        """See Talk."""
        back: list[Job] = []
        begins = self._from
        for job in self.sent:
            if self.written >= job.end_at and not (job.no and heard):
                self._end(job, outcome(Reply("content", 0, why)))
            else:
                job.tries += self.written > begins
                back.append(job)
            begins = job.end_at
        back += self.queue
        self.sent.clear()
        self.queue.clear()
        for job in back:
            job.no = None
        return back

    def _begin(self, job: Job) -> None:
        message = job.message
        _, _, sender, recipient, _, parts, smtputf8, safe = message
        job.size = size = sum(map(len, parts))
        if (smtputf8 or not safe or size > self.size_limit > 0) and (problem := self._unfit(job)):
            self._end(job, outcome(problem))
            return
        extra = " BODY=8BITMIME SMTPUTF8" if smtputf8 else ""
        if not self.trusted:
            envelope = f"MAIL FROM:<{sender}>{extra}\r\nRCPT TO:<{recipient}>\r\nBDAT "
            self._try_out(job, envelope.encode(), b"".join(parts))
            return
        command = f"RSET\r\nMAIL FROM:<{sender}>{extra}\r\nRCPT TO:<{recipient}>\r\nBDAT {size} LAST\r\n".encode()
        self.out += (command, *parts)
        self.queued = job.end_at = self.queued + len(command) + size
        self.sent.append(job)

    def _try_out(self, job: Job, envelope: bytes, data: bytes) -> None:
        """Envelope and first header line; only when both are taken the rest follows."""
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

    def _usual(self, data: bytes) -> bool:
        """Nothing but 250, all in one line each: as many messages are taken as that makes up."""
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
        if whole + (begun > 0) > len(sent) or (at and sent[0].no):
            return False
        heard_to = sent[whole - 1].end_at if whole else self._from
        if self.written < heard_to + (begun > 0):
            return False
        said = data[4:-2].decode("ascii").split("\r\n250 ")[3 - at :: 4]
        ended, next_job = self.ended, sent.popleft
        for text in said:
            reason = text if len(text) <= _SHORT and text.isprintable() else words(text.encode())[:_SHORT]
            ended.append((next_job(), Outcome("accepted", reason, "none", "", 250)))
        self._at, self._from = begun, heard_to
        return True

    def _take(self, code: int, text: bytes) -> None:
        if not self.sent or self.written <= self._from:
            raise unasked(code, text)
        job, step = self.sent[0], self._script[self._at]
        self._at += 1
        if step is Step.LAST:
            self._after_last(job, code, text)
        elif step is Step.CHUNK:
            self._after_chunk(job, code, text)
        elif not 200 <= code < 300:
            if code != 421 and (step is Step.RSET or not 400 <= code < 600):
                raise Broken(f"the server said {code} {words(text)} at {step.name}".rstrip())
            if step is not Step.RSET:
                job.no = job.no or Reply(_PHASES[step], code, words(text))
                if code == 421:
                    self._finish(job, outcome(job.no))
            if code == 421:
                raise unasked(code, text)

    def _after_chunk(self, job: Job, code: int, text: bytes) -> None:
        said = Reply("content", code, words(text))
        if 200 <= code < 300 and not job.no:
            self.carried += 1
            for part in self._rest:
                self._put(part)
            self._rest.clear()
            job.end_at = self.queued
        elif code == 421 or (400 <= code < 600 and (job.no or code not in _NOT_KNOWN)):
            job.end_at = self.queued  # there will be no more of it
            self._finish(job, outcome(job.no or said))
            if code == 421:
                raise unasked(code, text)
        else:
            raise Broken(f"the server offers CHUNKING and said {said} at BDAT")

    def _after_last(self, job: Job, code: int, text: bytes) -> None:
        said = Reply("content", code, words(text))
        early = self.written < job.end_at
        if 200 <= code < 300 and not early and not job.no:
            self.trusted = True
            self.carried += 1
            self._finish(job, outcome(said))
            return
        if not 400 <= code < 600:
            about = "before it had the whole message" if early else f"although it had said {job.no}" if job.no else ""
            raise Broken(f"the server said {said} {about}".rstrip())
        if not job.no and code in _NOT_KNOWN:
            self._finish(job, Outcome("planned", f"{said}", "line", "line", code))
            raise Broken(f"the server offers CHUNKING and said {said}")
        self._finish(job, outcome(job.no or said))
        if code == 421:
            raise unasked(code, text)
        if early:  # it is to take and discard the rest first (RFC 3030 2): who knows what it takes our next octets for
            raise Broken(f"the server said {said} before it had the whole message")

    def _finish(self, job: Job, result: Outcome) -> None:
        """The oldest job has its outcome."""
        self.sent.popleft()
        self._script, self._at, self._from = _WHOLE, 0, job.end_at
        self._end(job, result)
