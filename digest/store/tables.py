"""The tables. What others query by is a column; a noun that only travels whole is one JSON `payload`.

Long texts from outside (entry keys, URLs) are looked up by their hash: a PostgreSQL index refuses rows above 2.7 kB,
and one feed with absurd ids must not stop the day.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from digest.store.types import CleanText, Id, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _words(name: str, **options: Any) -> Column[str]:
    """A text that is never NULL; "" stands for nothing, as in the nouns."""
    return Column(name, CleanText, nullable=False, **options)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text("0"))


def _moment(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, UtcDateTime, nullable=nullable)


def _edition(name: str = "edition_id", **options: Any) -> Column[str]:
    return Column(name, Text, ForeignKey("editions.id", ondelete="CASCADE"), nullable=False, **options)


feeds = Table(
    "feeds",
    metadata,
    Column("url", CleanText, primary_key=True),
    _words("payload"),
    _moment("updated_at"),
)

entries = Table(
    "entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed_url", CleanText, ForeignKey("feeds.url", ondelete="CASCADE"), nullable=False),
    _words("key"),
    Column("key_hash", Text, nullable=False),
    _words("canonical_url"),
    Column("url_hash", Text, nullable=False),  # of the article: its canonical URL, else the entry itself
    _words("content_hash"),
    _moment("first_seen"),
    _moment("published", nullable=True),
    Column("standing", Text, nullable=False),  # accepted, held (for review), dropped (by an editor)
    Column("unread", Boolean, nullable=False),
    _words("payload"),
    UniqueConstraint("feed_url", "key_hash"),
    Index("ix_entries_url_hash", "url_hash"),
    Index("ix_entries_feed_url_first_seen", "feed_url", "first_seen"),
    Index("ix_entries_unread", "id", sqlite_where=text("unread = 1"), postgresql_where=text("unread")),
    sqlite_autoincrement=True,
)

articles = Table(
    "articles",
    metadata,
    Column("url_hash", Text, primary_key=True),
    _words("canonical_url"),
    _moment("read_at"),
    _words("payload"),
)

host_blocks = Table(
    "host_blocks",
    metadata,
    Column("host", CleanText, primary_key=True),
    _words("data"),
    _moment("updated_at"),
)

slots = Table(
    "slots",
    metadata,
    Column("newsletter", Text, primary_key=True),
    Column("slot", Text, primary_key=True),
    _moment("claimed_at"),
    _words("outcome"),  # "" while somebody is at work on it
    _words("reason"),  # of the outcome; before that, who is at work
    _words("edition_id"),
    _moment("decided_at", nullable=True),
)

editions = Table(
    "editions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("newsletter", Text, nullable=False),
    Column("slot", Text, nullable=False),
    _moment("send_at"),
    Column("state", Text, nullable=False),
    _words("reason"),
    Column("version", Integer, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("approved_hash", Text, nullable=False),
    _words("approved_by"),
    _count("planned"),  # recipients frozen so far; the books are closed against it
    # How far senders came in the line of those who are due at `send_at`: the number of the last subscriber claimed.
    Column("reached", BigInteger, nullable=False, server_default=text("0")),
    _words("settled", server_default=text("''")),
    _words("payload"),
    _moment("created_at"),
    _moment("updated_at"),
    UniqueConstraint("newsletter", "slot"),
    Index("ix_editions_send_at", "send_at"),
    Index("ix_editions_state", "state"),
)

edition_why = Table("edition_why", metadata, _edition(primary_key=True), _words("data"))

edition_edits = Table(
    "edition_edits",
    metadata,
    Column("id", Id, primary_key=True),
    _edition(),
    Column("version", Integer, nullable=False),
    _words("author"),
    _moment("at"),
    _words("action"),
    Column("payload", CleanText),  # the edition as it was after a change of content, else NULL
    Index("ix_edition_edits_edition_id_id", "edition_id", "id"),
    sqlite_autoincrement=True,
)

told = Table(
    "told",
    metadata,
    Column("id", Id, primary_key=True),
    _edition(),
    _words("story_key"),
    _words("url"),
    _words("title"),
    _words("lead"),
    _words("fingerprint"),
    Index("ix_told_edition_id", "edition_id"),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("address", Text, nullable=False),
    Column("address_hash", Text, nullable=False, unique=True),
    _words("name"),
    _words("language"),
    _words("timezone"),
    _moment("created_at"),
    # Given by `subscriber_ids`, and never to a second person: links in old mails and delivery rows name it for ever.
    sqlite_autoincrement=True,
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("newsletter", Text, primary_key=True),
    Column("state", Text, nullable=False),
    _words("topics"),  # JSON list
    _moment("created_at"),
    _moment("confirmed_at", nullable=True),
    _moment("unsubscribed_at", nullable=True),
    Index("ix_subscriptions_newsletter_state_subscriber_id", "newsletter", "state", "subscriber_id"),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_hash", Text, primary_key=True),
    _words("address"),  # "" once the person asked to be forgotten; the hash still keeps them from being mailed
    Column("reason", Text, nullable=False),
    _moment("since"),
    _words("detail"),
)

reader_events = Table(
    "reader_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscriber_id", Id, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    _moment("at"),
    Column("what", Text, nullable=False),
    _words("newsletter"),
    _words("detail"),
    Index("ix_reader_events_subscriber_id", "subscriber_id"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    _edition(),
    Column("subscriber_id", Id, nullable=False),  # no foreign key: counts outlive the person
    Column("address", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("state", Text, nullable=False),
    _words("reason"),
    Column("attempts", Integer, nullable=False),
    _moment("not_before", nullable=True),
    # When to send an open row that does not stand in line: later than the others, or once more. The line needs no index
    # but the unique one (see `editions.reached`), and so nothing has to be taken out of one for each message sent.
    _moment("due_at", nullable=True),
    _moment("updated_at"),
    # Date of the message in seconds since 1970, once it was handed over: every further copy is the same one.
    Column("sent_at", Id),
    UniqueConstraint("edition_id", "subscriber_id"),
    sqlite_autoincrement=True,
)
_OPEN = deliveries.c.due_at.is_not(None)
Index("ix_deliveries_due", deliveries.c.edition_id, deliveries.c.due_at, sqlite_where=_OPEN, postgresql_where=_OPEN)

#: Claims of senders. One row per sender, written once per batch; a mark on each delivery would be two more writes a
#: message. `held` and `under_way` are JSON lists of `deliveries.id`. `held` is written when a sender claims or gives
#: back: what of it came to its end since is nobody's (`claims.claims_of`).
claims = Table(
    "claims",
    metadata,
    Column("id", Id, primary_key=True),  # the epoch: never given twice, so an older claim's results are void
    _edition(),
    _words("owner"),
    _moment("lease_until"),
    Column("held", Text, nullable=False),
    Column("under_way", Text, nullable=False),  # on record as about to be sent, and not yet answered
    Column("dates", Text, nullable=False, server_default="{}"),  # JSON: Date of each message in `under_way`
    _count("step"),  # grows with every change, so that a sender sees whether what it knows is still so
    UniqueConstraint("edition_id", "owner"),
    sqlite_autoincrement=True,
)

bounces = Table(
    "bounces",
    metadata,
    Column("id", Id, primary_key=True),
    _moment("at"),
    Column("kind", Text, nullable=False),  # hard, soft, complaint
    Column("address_hash", Text, nullable=False),
    Column("subscriber_id", Id),
    _words("edition_id"),
    _words("source_key"),  # identifies the notice, so that the same one counts once
    _words("detail"),
    UniqueConstraint("source_key"),
    Index("ix_bounces_address_hash_at", "address_hash", "at"),
    sqlite_autoincrement=True,
)

editors = Table(
    "editors",
    metadata,
    Column("name", Text, primary_key=True),
    _words("address"),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    _moment("created_at"),
)

cache = Table(
    "cache",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key_hash", Text, primary_key=True),
    _words("value"),
    _moment("at"),
)

occurrences = Table(
    "occurrences",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key_hash", Text, nullable=False),
    _moment("at"),
    Index("ix_occurrences_key_hash_at", "key_hash", "at"),
)

meta = Table("meta", metadata, Column("key", Text, primary_key=True), _words("value"))
