"""The sink of the benchmarks counts exactly, however the network tears what is said to it."""

from __future__ import annotations

import smtplib
import socket

import pytest

from tests.benchmarks.sink import Session, Sink

ENVELOPE = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n"
# Nearly an end mark: a dot in a line, a stuffed dot, bare line ends around one, and the mark inside a counted chunk.
BY_DATA = ENVELOPE + b"DATA\r\nSubject: x\r\n\r\n..\r\n.x\r\n\r\n\n.\n\r.\r \r\n.\r\n"
EMPTY = ENVELOPE + b"data\r\n.\r\n"
IN_CHUNKS = ENVELOPE + b"BDAT 9\r\n\r\n.\r\nQUITBDAT 0\r\nBDAT 7 LAST\r\nDATA\r\n\n"
WITHOUT_AN_END = ENVELOPE + b"BDAT 3\r\nabcRSET\r\nNOOP\r\nbdat 0 last\r\n"


def told(said: bytes, size: int) -> tuple[int, bytes]:
    """The count and the answers when that many octets arrive at a time."""
    session, answers = Session(chunking=True), b""
    for start in range(0, len(said), size):
        heard = bytearray(session.rest + said[start : start + size])
        answers += session.receive(heard + b"\r\n.\r\n", len(heard))  # what an earlier client left stands behind
    return session.taken, answers


@pytest.mark.parametrize(
    ("said", "taken"),
    [(BY_DATA, 1), (EMPTY, 1), (IN_CHUNKS, 1), (WITHOUT_AN_END, 1), (ENVELOPE + b"DATA\r\n.x\r\n", 0)],
)
def test_every_message_counts_once_wherever_it_is_torn(said: bytes, taken: int) -> None:
    whole = told(said * 2, len(said) * 2)
    assert whole[0] == taken * 2
    assert all(told(said * 2, size) == whole for size in range(1, len(said) * 2))


def test_each_command_and_each_chunk_has_one_answer_in_its_order() -> None:
    _, answers = told(BY_DATA + IN_CHUNKS + b"QUIT\r\n", 1000)
    assert [line[:3] for line in answers.splitlines()] == [*b"250 250 354 250 250 250 250 250 250 221".split()]


def test_chunks_are_offered_only_when_asked_and_refused_otherwise() -> None:
    assert b"CHUNKING" in told(b"EHLO x\r\n", 99)[1]
    plain = Session()
    assert b"CHUNKING" not in plain.receive(bytearray(b"EHLO x\r\n"), 8)
    with pytest.raises(ValueError, match="BDAT"):
        plain.receive(bytearray(b"BDAT 1\r\n"), 8)


@pytest.mark.parametrize("line", [b"BDAT", b"BDAT -5", b"BDAT x LAST", b"BDAT 5 FIRST", b"HELP", b"", b"x" * 5000])
def test_what_no_sender_of_ours_should_say_ends_it_instead_of_counting(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"said|without end|unpack"):
        told(line + b"\r\n" * (len(line) < 5000), 10_000)


def test_it_counts_what_several_real_clients_sent_and_those_that_left() -> None:
    with Sink(delay=0.001, chunking=True) as sink:
        with smtplib.SMTP("127.0.0.1", sink.port, local_hostname="bench.test") as client:
            for _ in range(3):
                client.sendmail("a@example.org", ["b@example.org"], b"Subject: x\r\n\r\n" + b".x\r\n" * 300_000)
            assert client.has_extn("chunking")
        with socket.create_connection(("127.0.0.1", sink.port)) as raw, raw.makefile("rb") as answers:
            raw.sendall(IN_CHUNKS * 50 + b"QUIT\r\n")
            said = [answers.readline()[:3] for _ in range(1 + 5 * 50 + 1)]
            assert (said[0], set(said[1:-1]), said[-1]) == (b"220", {b"250"}, b"221")
            assert sink.taken() == 53
        assert sink.taken() == 53
