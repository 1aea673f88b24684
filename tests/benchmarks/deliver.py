"""From the store to the wire: what one reader's copy costs, against how Django and smtplib are usually used.

    python -m tests.benchmarks.deliver [--readers 100000] [--few 1000] [--url postgresql://…]

A real edition of thirty stories, rendered by the real templates, unsigned, is planned and delivered from a fresh
SQLite file (or the empty database of the URL) to a sink in a process of its own. The others get their addresses for
nothing and keep no books. It ends with code 1 when a promise is broken: 100 times less CPU, memory that does not grow,
planning under 5 s for 100,000 readers, everybody sent in one run.
"""

from __future__ import annotations

import argparse
import html
import json
import resource
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

from digest.compose.edition import Edition
from digest.deliver.audience import Choice
from digest.deliver.rendered import ADDRESS, PREFERENCES_URL, UNSUBSCRIBE_URL, Rendered
from digest.deliver.subscriber import Subscriber, Subscription
from digest.mailroom import Mailroom
from digest.pipeline.deliver import Terms, deliver
from digest.pipeline.plan import plan
from digest.settings import load
from digest.store import Store, open_store
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
"""
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


def mailroom(folder: Path, port: int) -> Mailroom:
    """The mailroom of a newsletter whose mail server is the sink."""
    (folder / "settings.toml").write_text(SETTINGS.format(port=port), encoding="utf-8")
    return Mailroom(load(folder / "settings.toml", {"DIGEST_SITE__SECRET": "s" * 32}))


def thirty_stories(now: datetime) -> Edition:
    """An edition that is due."""
    return replace(editions.edition("en", 30, pictures=False), send_at=now, state="approved")


def ours(url: str, readers: int, port: int, folder: Path) -> dict[str, float]:
    """Plan and send; what each took, in seconds of the whole run."""
    now = datetime.now(UTC)
    edition = thirty_stories(now)
    edition = replace(edition, approved_hash=edition.content_hash)
    with open_store(url, upgrade=True) as store, mailroom(folder, port) as room:
        people = (
            (Subscriber(0, f"r{n}@example.org"), [Subscription(0, "morning", "confirmed")]) for n in range(readers)
        )
        store.readers.import_many(people, now=now)
        store.editions.create(edition, "{}", now=now)
        began = time.perf_counter()
        planned = plan(store, edition, store.readers.audience("morning"), Choice("en", "classic"), now)
        planning = time.perf_counter() - began
        books, terms = Books(store), Terms("bench", now + timedelta(hours=3))
        fillers = room.fillers(edition)
        fillers(next(iter(store.deliveries.listing(edition.id))).variant)  # the rendering is once an edition
        cpu, wall = time.process_time(), time.perf_counter()
        done = deliver(books, edition, fillers, room.transport(), terms, clock=lambda: datetime.now(UTC))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        assert (planned, done.sent, done.state) == (readers, readers, "sent")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ledger = books.deliveries
    return {
        "planning": planning,
        "cpu": cpu,
        "wall": wall,
        "db_cpu": ledger.cpu,
        "db_wall": ledger.wall,
        "db_calls": ledger.calls,
        "peak": peak,
    }


def in_a_process(url: str, readers: int, port: int) -> dict[str, float]:
    """`ours` in a process of its own, since memory is measured by its peak."""
    with tempfile.TemporaryDirectory() as folder:
        database = url or f"sqlite:///{folder}/digest.db"
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.deliver",
            "--child",
            folder,
            database,
            str(readers),
            str(port),
        ]
        found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


HEADERS = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-ID": "The Morning <morning.example.org>"}
Fill = Callable[[int], tuple[str, str, str]]


def personal(number: int) -> dict[str, str]:
    """What differs between two readers."""
    base = "https://news.example.org"
    return {
        "address": f"r{number}@example.org",
        "leave": f"{base}/unsubscribe/{number:032x}",
        "settings": f"{base}/preferences/{number:032x}",
    }


def by_replacing(source: Rendered) -> Fill:
    """The cheapest way to fill: our own finished texts, whose marks are replaced."""

    def fill(number: int) -> tuple[str, str, str]:
        mine, text, page = personal(number), source.text, source.html
        for mark, name in ((UNSUBSCRIBE_URL, "leave"), (PREFERENCES_URL, "settings"), (ADDRESS, "address")):
            text, page = text.replace(mark, mine[name]), page.replace(mark, mine[name])
        return mine["address"], text, page

    return fill


def as_template(text: str, edition: Edition, clean: Callable[[str], str]) -> str:
    """The same mail as a template: every word of a story, and what is personal, is a variable again."""
    for mark, name in ((UNSUBSCRIBE_URL, "leave"), (PREFERENCES_URL, "settings"), (ADDRESS, "address")):
        text = text.replace(mark, f"{{{{ {name} }}}}")
    for number, story in enumerate(edition.stories):
        for name in ("url", "title", "lead", "outlet"):
            text = text.replace(clean(getattr(story, name)), f"{{{{ s{number}.{name} }}}}")
    assert text.count("{{") > len(edition.stories), "hardly a word of the stories was found"
    return text


def stories_of(edition: Edition) -> dict[str, Any]:
    return {f"s{number}": story for number, story in enumerate(edition.stories)}


def by_django_templates(source: Rendered, edition: Edition) -> Fill:
    """Django's usual way: its templates, rendered for each reader."""
    from django.template import Context, Engine

    engine, stories = Engine(), stories_of(edition)
    page = engine.from_string(as_template(source.html, edition, html.escape))
    text = engine.from_string(as_template(source.text, edition, str))

    def fill(number: int) -> tuple[str, str, str]:
        mine = {**personal(number), **stories}
        return str(mine["address"]), text.render(Context(mine, autoescape=False)), page.render(Context(mine))

    return fill


def by_jinja(source: Rendered, edition: Edition) -> Fill:
    """The usual way around smtplib: Jinja2, rendered for each reader."""
    from jinja2 import Environment

    page = Environment(autoescape=True).from_string(as_template(source.html, edition, html.escape))
    text = Environment(autoescape=False).from_string(as_template(source.text, edition, str))
    stories = stories_of(edition)

    def fill(number: int) -> tuple[str, str, str]:
        mine = {**personal(number), **stories}
        return str(mine["address"]), text.render(mine), page.render(mine)

    return fill


def by_django(fill: Fill, port: int, count: int) -> None:
    """EmailMultiAlternatives over one connection, which is what its documentation recommends for many."""
    from django.core.mail import EmailMultiAlternatives, get_connection

    with get_connection("django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=port) as connection:
        for number in range(count):
            address, text, page = fill(number)
            sender = "The Morning <morning@example.org>"
            message = EmailMultiAlternatives("News", text, sender, [address], connection=connection, headers=HEADERS)
            message.attach_alternative(page, "text/html")
            message.send()


def by_smtplib(fill: Fill, port: int, count: int) -> None:
    """EmailMessage and `send_message` over one connection, which is what the standard library's examples show."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.test") as client:
        for number in range(count):
            address, text, page = fill(number)
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = "The Morning <morning@example.org>", address, "News"
            for name, value in HEADERS.items():
                message[name] = value
            message.set_content(text)
            message.add_alternative(page, subtype="html")
            client.send_message(message)


def cpu(work: Callable[[], object], count: int) -> float:
    """The least CPU seconds a message, over three rounds."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        work()
        best = min(best, (time.process_time() - began) / count)
    return best


def main() -> int:
    """Measure and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--url", default="")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        folder, url, readers, port = asked.child
        print(json.dumps(ours(url, int(readers), int(port), Path(folder))))
        return 0
    from django.conf import settings

    settings.configure()
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        with mailroom(Path(folder), sink.port) as room:
            source = room.render(thirty_stories(datetime.now(UTC)))
        print(f"unsigned mail of thirty stories: {len(source.html)} characters of HTML, {len(source.text)} of text")
        few = {} if asked.url else in_a_process("", asked.few, sink.port)
        before = sink.taken()
        many = in_a_process(asked.url, asked.readers, sink.port)
        assert sink.taken() - before == asked.readers, "not every message arrived"
        edition, port = thirty_stories(datetime.now(UTC)), sink.port
        ways = [
            ("Django, its templates", by_django, by_django_templates(source, edition)),
            ("smtplib and Jinja2", by_smtplib, by_jinja(source, edition)),
            ("Django, marks replaced", by_django, by_replacing(source)),
            ("smtplib, marks replaced", by_smtplib, by_replacing(source)),
        ]
        others = [(name, cpu(partial(way, fill, port, USUAL), USUAL)) for name, way, fill in ways]
    each = many["cpu"] / asked.readers
    print(f"  planned {asked.readers} readers in {many['planning']:.2f} s (wanted: 100,000 in 5 s)")
    print(f"  sent in {many['wall']:.1f} s, {asked.readers / many['wall']:.0f} a second, in one run")
    print(f"  {'ours':24} {each * 1e6:9.1f} us CPU a message")
    print(f"  {'of that the database':24} {many['db_cpu'] / asked.readers * 1e6:9.1f} us CPU", end="   ")
    print(f"{many['db_cpu'] / many['cpu']:.1%} of the CPU, {many['db_wall'] / many['wall']:.1%} of the time,", end=" ")
    print(f"{many['db_calls']:.0f} calls, {asked.readers / many['db_calls']:.1f} messages a call")
    for name, theirs in others:
        print(f"  {name:24} {theirs * 1e6:9.1f} us CPU   {theirs / each:.0f} times ours")
    print("  wanted: 100 times ours for the first two, as they are usually used")
    grown = many["peak"] - few["peak"] if few else 0.0
    if few:
        print(f"  memory at its peak: {few['peak']:.0f} MB for {asked.few}, {many['peak']:.0f} MB for {asked.readers}")
    slow = not asked.url and many["planning"] / asked.readers * 1e5 >= 5
    return 1 if min(theirs for _, theirs in others[:2]) / each < 100 or slow or grown > 48 else 0


if __name__ == "__main__":
    sys.exit(main())
