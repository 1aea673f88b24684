"""Feeds and their entries, as met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, delete, select, true, update

from digest.collect.entry import Entry
from digest.collect.feed import Feed
from digest.store.codec import article_key, dumps, loads, text_hash
from digest.store.database import Area, chunks
from digest.store.records import Quarantined, SavedEntries, Seen
from digest.store.tables import articles, entries, feeds


class Feeds(Area):
    """What we know of every feed, and every entry it ever gave us."""

    def get(self, urls: Iterable[str]) -> dict[str, Feed]:
        """Each feed by its URL; one we never met is a fresh `Feed`."""
        found = {url: Feed(url) for url in urls}
        with self._database.read() as connection:
            for part in chunks(found):
                for payload in connection.scalars(select(feeds.c.payload).where(feeds.c.url.in_(part))).all():
                    feed = loads(Feed, payload)
                    found[feed.url] = feed
        return found

    def all(self) -> Sequence[Feed]:
        """Every feed ever saved, by URL."""
        with self._database.read() as connection:
            return [loads(Feed, p) for p in connection.scalars(select(feeds.c.payload).order_by(feeds.c.url)).all()]

    def save(
        self,
        feed: Feed,
        accepted: Sequence[Entry],
        quarantined: Sequence[Entry] = (),
        archived: Sequence[Entry] = (),
        *,
        now: datetime,
    ) -> SavedEntries:
        """Store a feed and what its poll brought, in one transaction.

        An entry is known by (feed, key). `first_seen` is set once, from the entry or `now`, and stays. Changed content
        makes it unread again; a new entry of an article that is read already (another feed's) is not unread.
        An accepted entry never falls back into quarantine. `archived` ones are only known from now on, never offered.
        """
        rows = {}  # the last one of a key wins: a feed may list one entry twice
        for standing, group in (("dropped", archived), ("held", quarantined), ("accepted", accepted)):
            for entry in group:
                row = _row(feed.url, entry, standing, now)
                rows[row["key_hash"]] = row
        with self._database.write() as connection:
            connection.execute(
                self._database.upsert(feeds, ["url"], lambda x: {"payload": x.payload, "updated_at": x.updated_at}),
                {"url": feed.url, "payload": dumps(feed), "updated_at": now},
            )
            before = _hashes(connection, feed.url, list(rows))
            _mark_read(connection, [row for key, row in rows.items() if key not in before])
            if rows:
                connection.execute(self._upsert_entry(), list(rows.values()))
        changed = sum(1 for key, known in before.items() if rows[key]["content_hash"] != known)
        return SavedEntries(len(rows) - len(before), changed)

    def _upsert_entry(self) -> Any:
        return self._database.upsert(
            entries,
            ["feed_url", "key_hash"],
            lambda new: {
                "canonical_url": new.canonical_url,
                "url_hash": new.url_hash,
                "content_hash": new.content_hash,
                "published": new.published,
                "payload": new.payload,
                "standing": case((entries.c.standing == "held", new.standing), else_=entries.c.standing),
                "unread": case((new.content_hash != entries.c.content_hash, true()), else_=entries.c.unread),
            },
        )

    def known(self, feed_url: str) -> dict[str, str]:
        """The content hash of every entry of a feed by its key, the quarantined ones too."""
        query = select(entries.c.key, entries.c.content_hash).where(entries.c.feed_url == feed_url)
        with self._database.read() as connection:
            return dict(connection.execute(query).all())

    def urls(self, feed_url: str) -> set[str]:
        """The canonical URLs of all entries of a feed, whatever became of them."""
        query = select(entries.c.canonical_url).where(entries.c.feed_url == feed_url, entries.c.canonical_url != "")
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def known_urls(self, canonical_urls: Iterable[str]) -> set[str]:
        """Those canonical URLs that an accepted entry of any feed has."""
        known: set[str] = set()
        with self._database.read() as connection:
            for part in chunks({url for url in canonical_urls if url}):
                hashes = [text_hash(url) for url in part]
                query = select(entries.c.canonical_url).distinct()
                known.update(connection.scalars(query.where(entries.c.url_hash.in_(hashes), _accepted())))
        return known

    def history(self, feed_url: str, limit: int = 200) -> Sequence[Seen]:
        """The accepted entries of a feed in the order we met them, newest first: its cadence can be read from it."""
        query = (
            select(entries.c.first_seen, entries.c.published, entries.c.key)
            .where(entries.c.feed_url == feed_url, _accepted())
            .order_by(entries.c.first_seen.desc(), entries.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [Seen(*row) for row in connection.execute(query)]

    def quarantined(self, feed_url: str | None = None) -> Sequence[Quarantined]:
        """The feeds with entries held for review, and those entries."""
        query = select(entries.c.feed_url, entries.c.first_seen, entries.c.payload).where(entries.c.standing == "held")
        if feed_url is not None:
            query = query.where(entries.c.feed_url == feed_url)
        held: dict[str, list[Entry]] = {}
        with self._database.read() as connection:
            for url, first_seen, payload in connection.execute(query.order_by(entries.c.feed_url, entries.c.id)):
                held.setdefault(url, []).append(stored_entry(payload, first_seen))
        return [Quarantined(url, tuple(group)) for url, group in held.items()]

    def release_quarantine(self, feed_url: str) -> int:
        """Accept what was held for review; returns how many entries that were."""
        return self._judge(feed_url, "accepted")

    def drop_quarantine(self, feed_url: str) -> int:
        """Refuse what was held for review: it stays known, so it never comes back, and no edition is offered it."""
        return self._judge(feed_url, "dropped")

    def _judge(self, feed_url: str, standing: str) -> int:
        change = update(entries).where(entries.c.feed_url == feed_url, entries.c.standing == "held")
        with self._database.write() as connection:
            return connection.execute(change.values(standing=standing)).rowcount

    def remove(self, feed_url: str) -> bool:
        """Forget a feed and its entries; articles that were read from it stay. False when it was not there."""
        with self._database.write() as connection:
            return connection.execute(delete(feeds).where(feeds.c.url == feed_url)).rowcount == 1


def stored_entry(payload: str, first_seen: datetime) -> Entry:
    """An entry as stored, with the time we first saw it."""
    return replace(loads(Entry, payload), first_seen=first_seen)


def _accepted() -> Any:
    return entries.c.standing == "accepted"


def _row(feed_url: str, entry: Entry, standing: str, now: datetime) -> dict[str, Any]:
    return {
        "feed_url": feed_url,
        "key": entry.key,
        "key_hash": text_hash(entry.key),
        "canonical_url": entry.canonical_url,
        "url_hash": text_hash(article_key(entry)),
        "content_hash": entry.content_hash,
        "first_seen": entry.first_seen or now,
        "published": entry.published,
        "standing": standing,
        "unread": True,
        "payload": dumps(entry),
    }


def _hashes(connection: Connection, feed_url: str, keys: list[str]) -> dict[str, str]:
    """The content hashes of those entries that are stored, by the hash of their key."""
    found: dict[str, str] = {}
    for part in chunks(keys):
        query = select(entries.c.key_hash, entries.c.content_hash)
        for row in connection.execute(query.where(entries.c.feed_url == feed_url, entries.c.key_hash.in_(part))):
            found[row.key_hash] = row.content_hash
    return found


def _mark_read(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """A new entry whose article another feed brought before needs no second reading."""
    for part in chunks(rows):
        query = select(articles.c.url_hash).where(articles.c.url_hash.in_([row["url_hash"] for row in part]))
        read = set(connection.scalars(query))
        for row in part:
            row["unread"] = row["url_hash"] not in read
