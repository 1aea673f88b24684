"""From the store to the wire: what one reader's copy costs, against how Django and smtplib are usually used.

    python -m tests.benchmarks.deliver [--readers 100000] [--few 1000] [--rounds 3] [--connections N] [--pipeline N]
                                       [--sign rsa|ed25519] [--url postgresql://…]

A real edition of thirty stories, rendered by the real templates, is planned and delivered from a fresh SQLite file (or
the empty database of the URL, once) to a sink in a process of its own. It is unsigned unless `--sign` says how. The
others do the same job from SQLite files of theirs (`bookkeepers`), unsigned; beside them stands what they take without
any database (`peers`), which is not the whole way. Of several rounds, all in one run, the cheapest counts. It ends with
code 1 when a promise is broken: 100 times less CPU than those who keep books (where we do not sign), memory that does
not grow, planning under 5 s for 100,000 readers, everybody sent in one run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from digest.bootstrap import App, open_app
from digest.compose.edition import Edition
from digest.deliver.audience import VariantOptions
from digest.deliver.mime.dkim import generate
from digest.deliver.subscriber import Subscriber, Subscription
from digest.services.deliver.deliver_edition import deliver
from digest.services.deliver.plan_recipients import plan
from digest.services.deliver.send_options import SendOptions
from digest.settings import load
from digest.store import Store
from tests.benchmarks.bookkeepers import django_books, sqlite_books
from tests.benchmarks.peers import Fill, by_django, by_django_templates, by_jinja, by_replacing, by_smtplib
from tests.benchmarks.sink import Sink
from tests.deliver import editions

SETTINGS = """
[site]
base_url = "https://news.example.org"
postal_address = "1 Example Street"
[topics.world]
title = "World"
feeds = ["https://herald.example/feed"]
[newsletters.morning]
title = "The Morning"
timezone = "Europe/Paris"
sender = {{ name = "The Morning", address = "morning@example.org" }}
topics = ["world"]
pictures = "none"
[deliver]
transport = "smtp"
[smtp]
port = {port}
security = "none"
{more}
"""
T = TypeVar("T")
USUAL = 200  # messages are enough to time a way that takes milliseconds for each


class Ledger:
    """An area of the store that counts what its work takes: CPU and time, the database's waiting included."""

    def __init__(self, area: Any) -> None:
        self._area = area
        self.cpu = self.wall = 0.0
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._area, name)

        def timed(*values: Any, **named: Any) -> Any:
            cpu, wall = time.process_time(), time.perf_counter()
            try:
                return method(*values, **named)
            finally:
                self.cpu += time.process_time() - cpu
                self.wall += time.perf_counter() - wall
                self.calls += 1

        return timed


class Books:
    """The store as `deliver` sees it, with its deliveries measured."""

    def __init__(self, store: Store) -> None:
        self.editions = store.editions
        self.deliveries: Any = Ledger(store.deliveries)
        self.claims = store.claims


def opened(folder: Path, port: int, more: str = "", url: str = "") -> AbstractContextManager[App]:
    """Open the program with the sink as its mail server; `more` are lines of its `[smtp]`, `url` is of its store."""
    (folder / "settings.toml").write_text(SETTINGS.format(port=port, more=more), encoding="utf-8")
    environ = {"DIGEST_SITE__SECRET": "s" * 32} | ({"DIGEST_STORE__URL": url} if url else {})
    return open_app(load(folder / "settings.toml", environ))


def signing(algorithm: Literal["rsa", "ed25519"]) -> str:
    """Settings of a DKIM signature with a fresh key."""
    key = json.dumps(generate(algorithm))
    return f'\n[dkim.d1]\ndomain = "example.org"\nselector = "d1"\nkey = {key}\n'


def thirty_stories(now: datetime) -> Edition:
    """An edition that is due."""
    return replace(editions.edition("en", 30, pictures=False), send_at=now, state="approved")


def ours(url: str, readers: int, port: int, folder: Path, more: str) -> dict[str, float]:
    """Plan and send; what each took, in seconds of the whole run."""
    now = datetime.now(UTC)
    edition = thirty_stories(now)
    edition = replace(edition, approved_hash=edition.content_hash)
    with opened(folder, port, more, url) as app:
        store = app.context.store
        people = (
            (Subscriber(0, f"r{n}@example.org"), [Subscription(0, "morning", "confirmed")]) for n in range(readers)
        )
        store.subscribers.import_many(people, now=now)
        store.editions.create(edition, "{}", now=now)
        began, plan_cpu = time.perf_counter(), time.process_time()
        planned = plan(store, edition, store.subscriptions.audience("morning"), VariantOptions("en", "classic"), now)
        planning, plan_cpu = time.perf_counter() - began, time.process_time() - plan_cpu
        books, terms = Books(store), SendOptions("bench", now + timedelta(hours=3))
        factories = app.messages.factories(edition)
        factories(next(iter(store.deliveries.listing(edition.id))).variant)  # the rendering is once an edition
        cpu, wall = time.process_time(), time.perf_counter()
        measured = cast("Store", books)
        done = deliver(measured, edition, factories, app.mailer.transport(), terms, clock=lambda: datetime.now(UTC))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        assert (planned, done.sent, done.state) == (readers, readers, "sent")
        server = app.settings.servers[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ledger = books.deliveries
    return {
        "planning": planning,
        "plan_cpu": plan_cpu,
        "connections": server.connections,
        "pipeline": server.pipeline,
        "cpu": cpu,
        "wall": wall,
        "db_cpu": ledger.cpu,
        "db_wall": ledger.wall,
        "db_calls": ledger.calls,
        "peak": peak,
    }


def in_a_process(url: str, readers: int, port: int, more: str) -> dict[str, float]:
    """`ours` in a process of its own, since memory is measured by its peak."""
    with tempfile.TemporaryDirectory() as folder:
        asked = json.dumps([url or f"sqlite:///{folder}/digest.db", readers, port, folder, more])
        command = [sys.executable, "-m", "tests.benchmarks.deliver", "--child", asked]
        found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def counted(sink: Sink, count: int, work: Callable[[], T]) -> T:
    """Do it, and see that the sink truly had every message."""
    before = sink.taken()
    done = work()
    assert sink.taken() - before == count, "not every message arrived"
    return done


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds and seconds a message, of one round of the others."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return (time.process_time() - cpu) / USUAL, (time.perf_counter() - wall) / USUAL


Peer = tuple[str, Callable[[int], None]]


def peers(app: App, port: int, folder: Path) -> tuple[list[Peer], list[Peer]]:
    """The others, by name: those who keep books and those who do not. Each is called with the number of the round."""
    edition = thirty_stories(datetime.now(UTC))
    source = app.rendering.render(edition)
    print(f"unsigned mail of thirty stories: {len(source.html)} characters of HTML, {len(source.text)} of text")
    django_way = django_books(folder, USUAL, port, lambda: by_django_templates(source, edition))
    keeping = [
        ("Django: ORM, templates, mail", django_way),
        ("sqlite3, Jinja2, smtplib", sqlite_books(folder, USUAL, port, by_jinja(source, edition))),
    ]
    bare = [
        ("Django, its templates", by_django, by_django_templates(source, edition)),
        ("smtplib and Jinja2", by_smtplib, by_jinja(source, edition)),
        ("Django, marks replaced", by_django, by_replacing(source)),
        ("smtplib, marks replaced", by_smtplib, by_replacing(source)),
    ]
    return keeping, [(name, partial(without_books, way, fill, port)) for name, way, fill in bare]


def without_books(way: Callable[[Fill, int, int], None], fill: Fill, port: int, _round: int) -> None:
    """One round of a way that does not mind which edition it is."""
    way(fill, port, USUAL)


def show_ours(best: dict[str, float], readers: int) -> None:
    """The cost of our run."""
    print(f"  planned {readers} readers in {best['planning']:.2f} s (wanted: 100,000 in 5 s)")
    print(f"  sent in {best['wall']:.1f} s, {readers / best['wall']:.0f} a second, in one run;", end=" ")
    print(f"{best['connections']:.0f} connections, pipeline {best['pipeline']:.0f}:", end=" ")
    print(f"at most {best['connections'] * best['pipeline']:.0f} in doubt after a crash")
    print(f"  {'ours, from the plan on':30} {best['cpu'] / readers * 1e6:9.1f} us CPU a message")
    print(f"  {'  of that the database':30} {best['db_cpu'] / readers * 1e6:9.1f} us CPU", end="   ")
    print(f"{best['db_cpu'] / best['cpu']:.1%} of the CPU, {best['db_wall'] / best['wall']:.1%} of the time,", end=" ")
    print(f"{best['db_calls']:.0f} calls, {readers / best['db_calls']:.1f} messages a call")
    print(f"  {'ours, planning included':30} {(best['cpu'] + best['plan_cpu']) / readers * 1e6:9.1f} us CPU")


def main() -> int:
    """Measure and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int)
    parser.add_argument("--pipeline", type=int)
    parser.add_argument("--sign", choices=["rsa", "ed25519"], help="with DKIM; the others go unsigned all the same")
    parser.add_argument("--url", default="")
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        url, readers, port, folder, more = asked.child
        print(json.dumps(ours(url, readers, port, Path(folder), more)))
        return 0
    wishes = {"connections": asked.connections, "pipeline": asked.pipeline}
    more = "\n".join(f"{name} = {value}" for name, value in wishes.items() if value is not None)
    more += signing(asked.sign) if asked.sign else ""
    runs: list[dict[str, float]] = []
    with Sink(chunking=True) as sink, tempfile.TemporaryDirectory() as folder:
        with opened(Path(folder), sink.port) as app:
            keeping, bare = peers(app, sink.port, Path(folder))
        least = {name: (float("inf"), 0.0) for name, _ in keeping + bare}
        few = {} if asked.url else in_a_process("", asked.few, sink.port, more)
        for number in range(asked.rounds):
            if number == 0 or not asked.url:  # the URL's database is empty only once
                work = partial(in_a_process, asked.url, asked.readers, sink.port, more)
                runs.append(counted(sink, asked.readers, work))
            for name, way in keeping + bare:
                least[name] = min(least[name], counted(sink, USUAL, partial(cost, partial(way, number))))
    best = min(runs, key=lambda run: run["cpu"])
    best["planning"] = min(run["planning"] for run in runs)
    best["plan_cpu"] = min(run["plan_cpu"] for run in runs)
    show_ours(best, asked.readers)
    each, whole = best["cpu"] / asked.readers, (best["cpu"] + best["plan_cpu"]) / asked.readers
    for title, rows in (
        ("the whole way: readers from SQLite, each delivery on record (wanted: 100 times ours)", keeping),
        ("not the whole way: addresses for nothing, nothing on record", bare),
    ):
        print(f" {title}")
        for name, _ in rows:
            theirs, wall = least[name]
            print(f"  {name:30} {theirs * 1e6:9.1f} us CPU {1 / wall:6.0f} a second  ", end=" ")
            print(f"{theirs / each:5.1f} times ours, {theirs / whole:5.1f} with the planning")
    peak = max(run["peak"] for run in runs)
    grown = peak - few["peak"] if few else 0.0
    if few:
        print(f"  memory at its peak: {few['peak']:.0f} MB for {asked.few}, {peak:.0f} MB for {asked.readers}")
    slow = not asked.url and best["planning"] / asked.readers * 1e5 >= 5
    dear = not asked.sign and min(least[name][0] for name, _ in keeping) / each < 100
    return 1 if dear or slow or grown > 48 else 0


if __name__ == "__main__":
    sys.exit(main())
