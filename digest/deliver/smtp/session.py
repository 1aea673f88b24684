"""What both ways of sending have in common: jobs, bytes to be written, and the reader of replies. No connection here.

`smtp_line` sends by DATA, one round trip a message; `smtp_window` by BDAT, as many messages a round trip as are there.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field

from digest.deliver.mime.message import Message
from digest.deliver.reply import Outcome, Phase, Reply

_MAX_REPLY = 65_536
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")


@dataclass(slots=True, eq=False)
class Job:
    """One message on its way. `end_at` is where its last octet is in the bytes that its connection has ever queued."""

    message: Message
    domain: str = ""
    tries: int = 0
    intended: bool = False  # on record as handed over, and no connection has it
    no: Reply | None = None
    size: int = 0
    end_at: int = 0


class Broken(Exception):
    """The connection is of no more use. `bye`: the server said so itself; else it lost the thread, or we did."""

    def __init__(self, why: str, bye: bool = False) -> None:
        super().__init__(why)
        self.bye = bye


@dataclass(slots=True)
class Talk(ABC):
    """The client's half of one connection: bytes in, bytes out, and what became of each job.

    `queue` holds jobs whose intent is durable. `out` are bytes to be written, `queued` and `written` count them over
    the connection's life. `ended` collects (job, outcome); the loop empties it. `carried` counts the messages that
    reached their content.
    """

    smtputf8: bool = False
    size_limit: int = 0
    queue: deque[Job] = field(default_factory=deque)
    ready: bool = False  # a content could go, and asks whether it may
    out: list[bytes | memoryview] = field(default_factory=list)
    queued: int = 0
    written: int = 0
    carried: int = 0
    ended: list[tuple[Job, Outcome]] = field(default_factory=list)
    _inbox: bytes = b""
    _said: list[bytes] = field(default_factory=list)  # the lines of a reply that goes on
    _said_code: bytes = b""
    _reply_size: int = 0

    @property
    @abstractmethod
    def idle(self) -> bool:
        """True when nothing is under way and nothing is waited for."""

    @property
    @abstractmethod
    def waiting(self) -> Phase | None:
        """The phase of the reply that we wait for, None when we wait for none."""

    @property
    @abstractmethod
    def owed(self) -> bool:
        """True when the server has a whole message and has not answered: it may think for long (RFC 5321 4.5.3.2.6)."""

    @property
    @abstractmethod
    def roomy(self) -> bool:
        """True when another job would be of use at this moment."""

    @abstractmethod
    def advance(self, may_send_content: bool) -> bool:
        """Queue all bytes that may go now; True when there is something in `out`."""

    @abstractmethod
    def lose(self, why: str, *, heard: bool = True) -> list[Job]:
        """The connection is gone: whose last octet may have left is unknown, all others are given back to be sent.

        Not `heard` when the server's last words made no sense: then none of its words counts for what is open.
        """

    @abstractmethod
    def _take(self, code: int, text: bytes) -> None:
        """One reply. Raises Broken."""

    @abstractmethod
    def _usual(self, data: bytes) -> bool:
        """Understand at one glance what nearly always comes; False (and nothing done) for all else."""

    def feed(self, data: bytes) -> None:
        """Take what the server sent. Raises Broken; what ended before that is in `ended`."""
        if not self._inbox and not self._said and self._usual(data):
            return
        lines = (self._inbox + data).split(b"\n")
        self._inbox = lines.pop()
        if len(self._inbox) > _MAX_REPLY:
            raise Broken("the server's reply has no end")
        for line in lines:
            if self._said and line[:3] != self._said_code:  # RFC 5321 4.2.1: every line carries the same
                raise Broken(f"the server began a reply with {words(self._said_code)}, then said '{words(line)[:80]}'")
            if line[3:4] == b"-" and line[:3].isdigit():
                self._said_code = line[:3]
                self._said.append(line[4:].rstrip(b"\r"))
                self._reply_size += len(line)
                if self._reply_size > _MAX_REPLY:
                    raise Broken("the server's reply has no end")
                continue
            if not (line[:3].isdigit() and line[3:4] in {b" ", b"\r", b""}):
                raise Broken(f"the server said '{words(line)[:80]}', which is no SMTP reply")
            text = b" ".join([*self._said, line[4:]])  # the reason may stand in any line of a reply
            self._said.clear()
            self._reply_size = 0
            self._take(int(line[:3]), text)

    def _unfit(self, job: Job) -> Reply | None:
        """What we can say before the server would have to. Copies of a template need no looking through."""
        if not job.message.safe and (why := flaw(job.message)):
            return malformed(why)
        if job.message.smtputf8 and not self.smtputf8:
            return Reply("rcpt", 553, "5.6.7 the mail server does not offer SMTPUTF8, which this address needs")
        if job.size > self.size_limit > 0:
            # As at MAIL, where the server would say so: it is about the edition and no word about its readers.
            return Reply("mail", 552, f"5.3.4 the message is larger than the {self.size_limit} octets the server takes")
        return None

    def _put(self, data: bytes) -> None:
        self.out.append(data)
        self.queued += len(data)

    def _end(self, job: Job, result: Outcome) -> None:
        self.ended.append((job, result))


def unasked(code: int, text: bytes) -> Broken:
    """What a reply is that answers nothing."""
    if code == 421:
        return Broken(f"421 {words(text)}", bye=True)
    return Broken(f"the server said {code} unasked")


def flaw(message: Message) -> str:
    """What could end the message early on some server (the smuggling of 2023: a bare CR or LF), or be refused by it;
    "" when nothing.
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
    """A message that no server is asked to take: the trouble of its one reader, and the run goes on."""
    return Reply("data", 554, f"5.6.0 the message is malformed and was not sent: {why}")


def words(text: bytes) -> str:
    """What a server said, fit for a listing."""
    found = text.decode("utf-8", "replace").strip()
    if not found.isprintable():
        found = "".join(c if c.isprintable() else " " for c in found).strip()
    return found[:400]
