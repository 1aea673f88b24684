"""Session: the part of the protocol that DATA and BDAT share: jobs, outgoing bytes and the reply parser. No sockets.

`data` sends one message per round trip; `bdat` sends as many messages per round trip as are queued.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field

from digest.deliver.mime.message import Message
from digest.deliver.outcome import Outcome, Phase
from digest.deliver.reply import Reply

_MAX_REPLY = 65_536
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")


@dataclass(slots=True, eq=False)
class Job:
    """One message to be sent. `end_at` is the offset of its last octet in the byte stream of its connection.

    `intended`: its intent is recorded and no connection has it. `rejection` is the first reply that refused it.
    """

    message: Message
    domain: str = ""
    tries: int = 0
    intended: bool = False
    rejection: Reply | None = None
    size: int = 0
    end_at: int = 0


class ConnectionBroken(Exception):
    """The connection cannot be used any more. `announced`: the server closed it in order, else client and server
    disagree about the state of the dialogue.
    """

    def __init__(self, why: str, announced: bool = False) -> None:
        super().__init__(why)
        self.announced = announced


@dataclass(slots=True)
class Session(ABC):
    """The client's half of one connection: bytes in, bytes out, and the outcome of each job.

    `queue` holds jobs whose intent is durable. `out` are bytes to be written; `queued` and `written` count them over
    the life of the connection. `ended` collects (job, outcome) until the loop takes them. `content_count` counts the
    messages that reached their content. `content_ready`: a content could be sent once the caller permits it.
    """

    smtputf8: bool = False
    size_limit: int = 0
    queue: deque[Job] = field(default_factory=deque)
    content_ready: bool = False
    out: list[bytes | memoryview] = field(default_factory=list)
    queued: int = 0
    written: int = 0
    content_count: int = 0
    ended: list[tuple[Job, Outcome]] = field(default_factory=list)
    _inbox: bytes = b""
    _reply_lines: list[bytes] = field(default_factory=list)  # lines of a multi-line reply that is incomplete
    _reply_code: bytes = b""
    _reply_size: int = 0

    @property
    @abstractmethod
    def idle(self) -> bool:
        """True when no job is in flight and no reply is awaited."""

    @property
    def finished(self) -> bool:
        """True when every job has its outcome; replies that change nothing may still come."""
        return self.idle

    @property
    @abstractmethod
    def awaited_phase(self) -> Phase | None:
        """The phase of the next reply, None when no reply is awaited."""

    @property
    @abstractmethod
    def awaits_verdict(self) -> bool:
        """True when the server has a whole message and has not answered: it may take minutes (RFC 5321 4.5.3.2.6)."""

    @property
    @abstractmethod
    def accepts_job(self) -> bool:
        """True when another job could start now."""

    @abstractmethod
    def advance(self, may_send_content: bool) -> bool:
        """Queue all bytes that may leave now; True when there is something in `out`."""

    @abstractmethod
    def abandon(self, why: str, *, trust_replies: bool = True) -> list[Job]:
        """End the session after its connection was lost, and return the jobs that can be sent again.

        A job whose last octet may have left gets the outcome unknown. `trust_replies` is false when the server's last
        reply made no sense: then none of its replies counts for the jobs that are open.
        """

    @abstractmethod
    def _handle(self, code: int, text: bytes) -> None:
        """Process one reply. Raises ConnectionBroken."""

    @abstractmethod
    def _handle_usual(self, data: bytes) -> bool:
        """Fast path for the most common replies; returns False, with nothing changed, for all others."""

    def feed(self, data: bytes) -> None:
        """Process what the server sent. Raises ConnectionBroken; outcomes known before that are in `ended`."""
        if not self._inbox and not self._reply_lines and self._handle_usual(data):
            return
        lines = (self._inbox + data).split(b"\n")
        self._inbox = lines.pop()
        if len(self._inbox) > _MAX_REPLY:
            raise ConnectionBroken("the server's reply has no end")
        for line in lines:
            if self._reply_lines and line[:3] != self._reply_code:  # RFC 5321 4.2.1: every line carries the same
                code = printable(self._reply_code)
                raise ConnectionBroken(f"the server began a reply with {code}, then said '{printable(line)[:80]}'")
            if line[3:4] == b"-" and line[:3].isdigit():
                self._reply_code = line[:3]
                self._reply_lines.append(line[4:].rstrip(b"\r"))
                self._reply_size += len(line)
                if self._reply_size > _MAX_REPLY:
                    raise ConnectionBroken("the server's reply has no end")
                continue
            if not (line[:3].isdigit() and line[3:4] in {b" ", b"\r", b""}):
                raise ConnectionBroken(f"the server said '{printable(line)[:80]}', which is no SMTP reply")
            text = b" ".join([*self._reply_lines, line[4:]])  # the reason may stand in any line of a reply
            self._reply_lines.clear()
            self._reply_size = 0
            self._handle(int(line[:3]), text)

    def _local_rejection(self, job: Job) -> Reply | None:
        """The reply with which the server would have to refuse the message. Copies of a template are well-formed."""
        if not job.message.safe and (why := find_flaw(job.message)):
            return malformed(why)
        if job.message.smtputf8 and not self.smtputf8:
            return Reply("rcpt", 553, "5.6.7 the mail server does not offer SMTPUTF8, which this address needs")
        if job.size > self.size_limit > 0:
            # A reply at MAIL, as the server's would be: it is about the edition and never about a subscriber.
            return Reply("mail", 552, f"5.3.4 the message is larger than the {self.size_limit} octets the server takes")
        return None

    def _put(self, data: bytes) -> None:
        self.out.append(data)
        self.queued += len(data)

    def _end(self, job: Job, outcome: Outcome) -> None:
        self.ended.append((job, outcome))


def unsolicited(code: int, text: bytes) -> ConnectionBroken:
    """The error for a reply that answers no command."""
    if code == 421:
        return ConnectionBroken(f"421 {printable(text)}", announced=True)
    return ConnectionBroken(f"the server said {code} unasked")


def find_flaw(message: Message) -> str:
    """The defect that could end the message early on some server, or get it refused; "" when there is none.

    A bare CR or LF, for example, is what SMTP smuggling (2023) depends on.
    """
    data = message.data
    if bad := _BARE.search(data):
        return f"a bare {bad[0]!r} at octet {bad.start()}; SMTP allows CRLF only"
    if not data.endswith(b"\r\n") or (not message.smtputf8 and not data.isascii()):
        return "not 7-bit, or its last line has no end"
    if max(map(len, data.split(b"\r\n"))) > 998:
        return "a line is longer than 998 octets"
    return ""


def malformed(why: str) -> Reply:
    """The reply for a message that is not offered to any server. It concerns this message alone; the run goes on."""
    return Reply("data", 554, f"5.6.0 the message is malformed and was not sent: {why}")


def printable(text: bytes) -> str:
    """The text of a reply, decoded and without control characters, at most 400 characters."""
    decoded = text.decode("utf-8", "replace").strip()
    if not decoded.isprintable():
        decoded = "".join(c if c.isprintable() else " " for c in decoded).strip()
    return decoded[:400]
