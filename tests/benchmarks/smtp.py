"""The SMTP path alone: CPU of the sending process per message, and throughput over a slow line.

    python -m tests.benchmarks.smtp [--octets 100000] [--count 1500]

Everybody sends the same ready bytes to the same sink, which runs in a process of its own and only looks for the end
mark; every row is checked to have brought exactly its messages there. Ours goes to a sink that offers CHUNKING as well,
which none of the others speaks. Of several rounds the cheapest counts. postfix's smtp-source is shown where installed.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import shutil
import smtplib
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiosmtplib

from digest.deliver.mime.message import Message
from digest.deliver.mime.template import MessageTemplate
from digest.deliver.smtp.send import Relay, send
from tests.benchmarks.mails import of_size, recipient
from tests.benchmarks.sink import Sink
from tests.deliver.samples import LINKS, METADATA, RETURN_PATH

Plain = tuple[str, str, bytes]  # from, to, the mail


@dataclass
class Cost:
    """The cost of one way of sending."""

    cpu: float  # seconds a message
    rate: float  # messages a second


def measure(sink: Sink, count: int, work: Callable[[int], object], rounds: int = 1) -> Cost:
    """Time `work(port)`, children that it starts included, and check that the sink truly had every message."""
    costs: list[Cost] = []
    for _ in range(rounds):
        before, cpu, wall = sink.taken(), cpu_seconds(), time.perf_counter()
        work(sink.port)
        cpu, wall = cpu_seconds() - cpu, time.perf_counter() - wall
        assert sink.taken() - before == count, f"{sink.taken() - before} messages arrived, not {count}"
        costs.append(Cost(cpu / count, count / wall))
    return min(costs, key=lambda cost: cost.cpu)


def cpu_seconds() -> float:
    """Return the CPU time of this process and its ended children; the sink has not ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def ours(messages: Sequence[Message], connections: int, port: int) -> None:
    """`digest.deliver.smtp.send`, with a ledger that costs nothing."""
    relay = Relay("127.0.0.1", port, "none", hello="bench.test", connections=connections, messages_per_connection=10**9)
    report = send(messages, [relay], lambda results, intents: ())
    assert not report.stopped


def by_smtplib(messages: Sequence[Plain], connections: int, port: int) -> None:
    """smtplib, one connection for all messages; with several, a thread for each."""

    def work(part: Sequence[Plain]) -> None:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.test") as client:
            for sender, to, data in part:
                client.sendmail(sender, [to], data)

    threads = [threading.Thread(target=work, args=(messages[n::connections],)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def by_aiosmtplib(messages: Sequence[Plain], connections: int, port: int) -> None:
    """aiosmtplib, a client for each connection."""

    async def work(part: Sequence[Plain]) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="bench.test")
        await client.connect()
        for sender, to, data in part:
            await client.sendmail(sender, [to], data)
        await client.quit()

    async def all_of_them() -> None:
        await asyncio.gather(*(work(messages[n::connections]) for n in range(connections)))

    asyncio.run(all_of_them())


def by_smtp_source(mail: Path, count: int, connections: int, port: int) -> None:
    """postfix's own load generator, in C, with one mail for everybody. It cannot pipeline."""
    command = ["smtp-source", "-d", "-m", str(count), "-F", str(mail), "-s", str(connections), f"127.0.0.1:{port}"]
    subprocess.run(command, check=True)


def by_the_socket_alone(messages: Sequence[Message], port: int) -> None:
    """No client at all but the same octets: what the operating system takes, below which nobody gets by DATA."""
    envelope = f"MAIL FROM:<{messages[0].envelope_sender}>\r\nRCPT TO:<reader@example.org>\r\nDATA\r\n".encode()
    with socket.create_connection(("127.0.0.1", port)) as client, client.makefile("rb") as answers:
        client.sendall(envelope)
        for _ in range(4):
            answers.readline()
        for number, message in enumerate(messages, 1):
            following = envelope if number < len(messages) else b"QUIT\r\n"
            parts = [*message.parts, b".\r\n", following]
            sent = client.sendmsg(parts)
            if sent < sum(map(len, parts)):
                client.sendall(b"".join(parts)[sent:])
            for _ in range(1 + following.count(b"\n")):
                answers.readline()


def main() -> None:
    """Measure and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--octets", type=int, default=100_000)
    parser.add_argument("--count", type=int, default=1500)
    options = parser.parse_args()
    made = MessageTemplate.build(of_size(options.octets), METADATA, LINKS, RETURN_PATH)
    messages = [made.fill(recipient(number)) for number in range(options.count)]
    few = [(m.envelope_sender, m.envelope_recipient, m.data) for m in messages[: max(200, options.count // 5)]]
    print(f"{len(few[0][2])} octets a message")
    with tempfile.TemporaryDirectory() as folder:
        mail = Path(folder) / "mail"
        mail.write_bytes(few[0][2].replace(b"\r\n", b"\n"))  # smtp-source ends the lines itself
        near(messages, few, mail)
        far(messages, few, mail)


def near(messages: Sequence[Message], few: Sequence[Plain], mail: Path) -> None:
    """On this machine: what counts is the CPU."""
    count = len(messages)
    with Sink() as sink, Sink(chunking=True) as chunks:
        measure(sink, 50, partial(ours, messages[:50], 1))
        row("ours, 1 connection", measure(sink, count, partial(ours, messages, 1), 5))
        row("  with CHUNKING offered", measure(chunks, count, partial(ours, messages, 1), 5))
        eight = measure(sink, count, partial(ours, messages, 8), 5)
        by_chunks = measure(chunks, count, partial(ours, messages, 8), 5)
        row("ours, 8 connections", eight)
        row("  with CHUNKING offered", by_chunks)

        def compared(name: str, cost: Cost, wanted: str = "") -> None:
            ratios = f"{cost.cpu / eight.cpu:.1f} times ours, {cost.cpu / by_chunks.cpu:.1f} with CHUNKING"
            row(name, cost, f"{ratios}{wanted}")

        floor = measure(sink, count, partial(by_the_socket_alone, messages), 5)
        row("floor: the socket alone", floor, f"ours at {floor.cpu / eight.cpu:.2f} of it")
        plain = measure(sink, len(few), partial(by_smtplib, few, 1), 3)
        compared("smtplib persistent", plain, " (wanted 20)")
        compared("aiosmtplib", measure(sink, len(few), partial(by_aiosmtplib, few, 1), 3), " (wanted 50)")
        if shutil.which("smtp-source"):
            for sessions in (1, 8):
                source = measure(sink, count, partial(by_smtp_source, mail, count, sessions), 3)
                compared(f"smtp-source, {sessions} session{'s' * (sessions > 1)}", source)


def far(messages: Sequence[Message], few: Sequence[Plain], mail: Path) -> None:
    """Over a slow line: what counts is how many a second."""
    print("10 ms a round trip, 16 connections")
    count = len(messages)
    with Sink(delay=0.01) as sink, Sink(delay=0.01, chunking=True) as chunks:
        best = measure(sink, count, partial(ours, messages, 16))
        by_chunks = measure(chunks, count, partial(ours, messages, 16))
        row("ours", best)
        row("  with CHUNKING offered", by_chunks)

        def compared(name: str, cost: Cost, wanted: str = "") -> None:
            ratios = f"{best.rate / cost.rate:.1f} times as fast, {by_chunks.rate / cost.rate:.1f} with CHUNKING"
            row(name, cost, f"ours sends {ratios}{wanted}")

        compared("smtplib, 16 threads", measure(sink, len(few), partial(by_smtplib, few, 16)), " (wanted 4)")
        compared("aiosmtplib, 16 clients", measure(sink, len(few), partial(by_aiosmtplib, few, 16)), " (wanted 4)")
        if shutil.which("smtp-source"):
            compared("smtp-source, 16 sessions", measure(sink, count, partial(by_smtp_source, mail, count, 16)))


def row(name: str, cost: Cost, ratio: str = "") -> None:
    """One line of the table."""
    print(f"  {name:24} {cost.cpu * 1e6:9.1f} us CPU {cost.rate:8.0f} a second   {ratio}")


if __name__ == "__main__":
    main()
