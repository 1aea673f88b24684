"""The SMTP path alone: CPU of the sending process per message, and throughput over a slow line.

    python -m tests.benchmarks.smtp [--octets 100000] [--count 1500]

Everybody sends ready bytes to the same sink, which runs in a process of its own and only looks for the end mark.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import smtplib
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aiosmtplib

from digest.deliver.message import Message, Template
from digest.deliver.smtp import Relay, send
from tests.benchmarks.mails import of_size, recipient
from tests.benchmarks.sink import Sink
from tests.deliver.samples import FACTS, LINKS, RETURN_PATH


@dataclass
class Cost:
    """What one way of sending took."""

    cpu: float  # seconds a message
    rate: float  # messages a second


def measure(sink: Sink, count: int, work: Callable[[], object]) -> Cost:
    """Time a run, and check that the sink truly had every message."""
    before = sink.taken()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert sink.taken() - before == count, "not every message arrived"
    return Cost(cpu / count, count / wall)


def ours(port: int, messages: Sequence[Message], connections: int, depth: int = 2) -> None:
    """`digest.deliver.smtp`, with a ledger that costs nothing."""
    relay = Relay("127.0.0.1", port, "none", hello="bench.test", connections=connections, messages_per_connection=10**9)
    report = send(messages, [relay], lambda results, intents: (), depth=depth)
    assert not report.stopped


def by_smtplib(port: int, messages: Sequence[tuple[str, str, bytes]], connections: int) -> None:
    """smtplib, one connection for all messages; with several, a thread for each."""

    def work(part: Sequence[tuple[str, str, bytes]]) -> None:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.test") as client:
            for sender, to, data in part:
                client.sendmail(sender, [to], data)

    threads = [threading.Thread(target=work, args=(messages[n::connections],)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def by_aiosmtplib(port: int, messages: Sequence[tuple[str, str, bytes]], connections: int) -> None:
    """aiosmtplib, a client for each connection."""

    async def work(part: Sequence[tuple[str, str, bytes]]) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="bench.test")
        await client.connect()
        for sender, to, data in part:
            await client.sendmail(sender, [to], data)
        await client.quit()

    async def all_of_them() -> None:
        await asyncio.gather(*(work(messages[n::connections]) for n in range(connections)))

    asyncio.run(all_of_them())


def by_smtp_source(port: int, count: int, octets: int) -> float:
    """postfix's own load generator: CPU seconds a message."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["smtp-source", "-d", "-m", str(count), "-l", str(octets), "-s", "1", f"127.0.0.1:{port}"]
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / count


def main() -> None:
    """Measure and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--octets", type=int, default=100_000)
    parser.add_argument("--count", type=int, default=1500)
    options = parser.parse_args()
    made = Template.build(of_size(options.octets), FACTS, LINKS, RETURN_PATH)
    messages = [made.fill(recipient(number)) for number in range(options.count)]
    few = [(m.envelope_sender, m.envelope_recipient, m.data) for m in messages[: max(200, options.count // 5)]]
    size = len(few[0][2])
    print(f"{size} octets a message")
    with Sink() as sink:
        ours(sink.port, messages[:50], 1)
        one = min((measure(sink, len(messages), lambda: ours(sink.port, messages, 1)) for _ in range(5)), key=cpu_of)
        eight = min((measure(sink, len(messages), lambda: ours(sink.port, messages, 8)) for _ in range(5)), key=cpu_of)
        plain = min((measure(sink, len(few), lambda: by_smtplib(sink.port, few, 1)) for _ in range(3)), key=cpu_of)
        aio = min((measure(sink, len(few), lambda: by_aiosmtplib(sink.port, few, 1)) for _ in range(3)), key=cpu_of)
        row("ours, 1 connection", one)
        row("ours, 8 connections", eight)
        row("smtplib persistent", plain, f"{plain.cpu / eight.cpu:.1f} times ours (wanted 20)")
        row("aiosmtplib", aio, f"{aio.cpu / eight.cpu:.1f} times ours (wanted 50)")
        if shutil.which("smtp-source"):
            source = by_smtp_source(sink.port, options.count, size)
            print(f"  {'postfix smtp-source':24} {source * 1e6:9.1f} us CPU   {source / eight.cpu:.1f} times ours")
    print("10 ms a round trip, 16 connections")
    with Sink(delay=0.01) as sink:
        far = measure(sink, len(messages), lambda: ours(sink.port, messages, 16))
        row("ours", far)
        for name, way in (("smtplib, 16 threads", by_smtplib), ("aiosmtplib, 16 clients", by_aiosmtplib)):
            cost = measure(sink, len(few), lambda way=way: way(sink.port, few, 16))  # type: ignore[misc]
            row(name, cost, f"ours sends {far.rate / cost.rate:.1f} times as fast (wanted 4)")


def cpu_of(cost: Cost) -> float:
    """For min()."""
    return cost.cpu


def row(name: str, cost: Cost, ratio: str = "") -> None:
    """One line of the table."""
    print(f"  {name:24} {cost.cpu * 1e6:9.1f} us CPU {cost.rate:8.0f} a second   {ratio}")


if __name__ == "__main__":
    main()
