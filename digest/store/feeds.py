"""Feeds and their entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, delete, select, true, update

from digest.collect.entry import Entry
from digest.collect.feed import Feed
from digest.store.codec import article_key, dumps, loads, text_hash
from digest.store.database import Area, chunks
from digest.store.tables import articles, entries, feeds


class SaveCounts(NamedTuple):
    """The numbers of entries in one `Feeds.save` that are new, and that have new content."""

    new: int
    changed: int


class EntryTimes(NamedTuple):
    """One entry in a feed's history: when we first saw it, when the feed says it was published, and its key."""

    first_seen: datetime
    published: datetime | None
    key: str


class Quarantine(NamedTuple):
    """The entries of a feed that are held for review, oldest first."""

    feed_url: str
    entries: tuple[Entry, ...]


class Feeds(Area):
    """Every feed, and every entry it ever gave us."""

    def get(self, urls: Iterable[str]) -> dict[str, Feed]:
        """The feeds by URL; an unknown one is a new `Feed`."""
        by_url = {url: Feed(url) for url in urls}
        with self._database.read() as connection:
            for part in chunks(by_url):
                for payload in connection.scalars(select(feeds.c.payload).where(feeds.c.url.in_(part))).all():
                    feed = loads(Feed, payload)
                    by_url[feed.url] = feed
        return by_url

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
    ) -> SaveCounts:
        """Store a feed and the entries of its poll, in one transaction.

        An entry is identified by (feed, key). `first_seen` is set once, from the entry or `now`. Changed content makes
        it unread again; a new entry of an article that is read already (another feed's) is not unread.
        An accepted entry never returns to quarantine. `archived` entries are known from now on and never offered.
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
        return SaveCounts(len(rows) - len(before), changed)

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
        """The canonical URLs of all entries of a feed, whatever their standing."""
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

    def history(self, feed_url: str, limit: int = 200) -> Sequence[EntryTimes]:
        """The accepted entries of a feed by `first_seen`, newest first: the base of its cadence."""
        query = (
            select(entries.c.first_seen, entries.c.published, entries.c.key)
            .where(entries.c.feed_url == feed_url, _accepted())
            .order_by(entries.c.first_seen.desc(), entries.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [EntryTimes(*row) for row in connection.execute(query)]

    def quarantined(self, feed_url: str | None = None) -> Sequence[Quarantine]:
        """The entries held for review, by feed."""
        query = select(entries.c.feed_url, entries.c.first_seen, entries.c.payload).where(entries.c.standing == "held")
        if feed_url is not None:
            query = query.where(entries.c.feed_url == feed_url)
        by_feed: dict[str, list[Entry]] = {}
        with self._database.read() as connection:
            for url, first_seen, payload in connection.execute(query.order_by(entries.c.feed_url, entries.c.id)):
                by_feed.setdefault(url, []).append(stored_entry(payload, first_seen))
        return [Quarantine(url, tuple(group)) for url, group in by_feed.items()]

    def release_quarantine(self, feed_url: str) -> int:
        """Accept the entries held for review; return how many there were."""
        return self._decide(feed_url, "accepted")

    def drop_quarantine(self, feed_url: str) -> int:
        """Refuse the entries held for review; return how many. They stay known, and are never offered."""
        return self._decide(feed_url, "dropped")

    def _decide(self, feed_url: str, standing: str) -> int:
        change = update(entries).where(entries.c.feed_url == feed_url, entries.c.standing == "held")
        with self._database.write() as connection:
            return connection.execute(change.values(standing=standing)).rowcount

    def remove(self, feed_url: str) -> bool:
        """Delete a feed and its entries; articles read from it stay. False when it is unknown."""
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
    by_key: dict[str, str] = {}
    for part in chunks(keys):
        query = select(entries.c.key_hash, entries.c.content_hash)
        for row in connection.execute(query.where(entries.c.feed_url == feed_url, entries.c.key_hash.in_(part))):
            by_key[row.key_hash] = row.content_hash
    return by_key


def _mark_read(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Mark new entries as read whose article was read already, from another feed."""
    for part in chunks(rows):
        query = select(articles.c.url_hash).where(articles.c.url_hash.in_([row["url_hash"] for row in part]))
        read = set(connection.scalars(query))
        for row in part:
            row["unread"] = row["url_hash"] not in read
