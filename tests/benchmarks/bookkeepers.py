"""The whole way as others usually do it: readers from a database, the mail filled and sent, each delivery on record.

Every one has an SQLite file of its own with the settings that its library starts with, and commits once a message. That
is what the packages do: emencia.django.newsletter inserts a ContactMailingStatus after each message, django-mailer a
MessageLog (and deletes the queued Message), django-post-office updates its Email and inserts a Log; all of them over
one connection. django-newsletter keeps no row for a message, but opens a connection for each. What we model is the
cheapest of these: one row a message, over one connection. None writes down an intent before it sends, as ours does.
"""

from __future__ import annotations

import smtplib
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.peers import Fill, django_connection, reader, send_by_django, send_by_smtplib

#: Sends an edition to everybody in the database; the number makes it another edition each time.
Way = Callable[[int], None]


def django_books(folder: Path, count: int, port: int, make_fill: Callable[[], Fill]) -> Way:
    """Django's ORM, templates and mail: `Subscriber` with whether they confirmed or left, and a `Delivery` (what
    ContactMailingStatus and MessageLog are) created after each message, by Django's autocommit.
    """
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "django.db"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    from django.db import connection as database
    from django.db import models
    from django.utils import timezone

    class Subscriber(models.Model):  # type: ignore[misc]
        address = models.EmailField(unique=True)
        code = models.CharField(max_length=40)
        confirmed = models.BooleanField(default=False)
        unsubscribed = models.BooleanField(default=False)

        class Meta:
            app_label = "bench"

    class Delivery(models.Model):  # type: ignore[misc]
        subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE)
        edition = models.CharField(max_length=100)
        state = models.CharField(max_length=20)
        at = models.DateTimeField()

        class Meta:
            app_label = "bench"

    with database.schema_editor() as editor:
        editor.create_model(Subscriber)
        editor.create_model(Delivery)
    people = [Subscriber(address=address, code=code, confirmed=True) for address, code in map(reader, range(count))]
    Subscriber.objects.bulk_create(people)
    fill = make_fill()

    def send(edition: int) -> None:
        name = f"morning-{edition}"
        with django_connection(port) as connection:
            for subscriber in Subscriber.objects.filter(confirmed=True, unsubscribed=False).iterator():
                send_by_django(connection, subscriber.address, *fill(subscriber.address, subscriber.code))
                Delivery.objects.create(subscriber=subscriber, edition=name, state="sent", at=timezone.now())
        assert Delivery.objects.filter(edition=name, state="sent").count() == count

    return send


_TABLE = """CREATE TABLE subscribers (
    id INTEGER PRIMARY KEY, address TEXT UNIQUE, code TEXT, confirmed INTEGER, unsubscribed INTEGER,
    last_edition TEXT, sent_at TEXT)"""


def sqlite_books(folder: Path, count: int, port: int, fill: Fill) -> Way:
    """smtplib, Jinja2 and sqlite3, as a script does it: SELECT, render, send, UPDATE the reader's row, commit."""
    database = sqlite3.connect(folder / "script.db")
    database.execute(_TABLE)
    people = (("INSERT INTO subscribers VALUES (?, ?, ?, 1, 0, '', '')", (n, *reader(n))) for n in range(count))
    for statement, values in people:
        database.execute(statement, values)
    database.commit()

    def send(edition: int) -> None:
        name = f"morning-{edition}"
        chosen = database.execute("SELECT id, address, code FROM subscribers WHERE confirmed AND NOT unsubscribed")
        with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.test") as client:
            for number, address, code in chosen.fetchall():
                send_by_smtplib(client, address, *fill(address, code))
                now = datetime.now(UTC).isoformat()
                database.execute("UPDATE subscribers SET last_edition=?, sent_at=? WHERE id=?", (name, now, number))
                database.commit()
        done = database.execute("SELECT count(*) FROM subscribers WHERE last_edition=?", (name,)).fetchone()
        assert done == (count,)

    return send
