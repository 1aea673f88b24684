"""Articles: what was read, what waits to be read, and what an edition may choose from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, false, func, or_, select, true, update

from digest.collect.article import Article
from digest.collect.entry import Entry
from digest.store.codec import article_key, dumps, loads, text_hash
from digest.store.database import Area, chunks
from digest.store.feeds import stored_entry
from digest.store.tables import articles, cache, entries, host_blocks


class Articles(Area):
    """Articles by their canonical URL; an entry without a link has an article of its own (`codec.article_key`)."""

    def unread(self, limit: int | None = None) -> Sequence[Entry]:
        """Accepted entries whose page was not read since their content was new, oldest first, one per article."""
        waiting = select(entries.c.id, entries.c.url_hash).where(_unread(), entries.c.standing == "accepted")
        found: list[Entry] = []
        with self._database.read() as connection:
            first: dict[str, int] = {}
            for number, url_hash in connection.execute(waiting.order_by(entries.c.id)):
                first.setdefault(url_hash, number)
            for part in chunks(list(first.values())[:limit]):
                query = select(entries.c.payload, entries.c.first_seen).where(entries.c.id.in_(part))
                found += [stored_entry(*row) for row in connection.execute(query.order_by(entries.c.id))]
        return found

    def read_before(self, waiting: Iterable[Entry]) -> int:
        """How many of these entries are of an article that was read already, in whatever state."""
        hashes = {text_hash(article_key(entry)) for entry in waiting}
        with self._database.read() as connection:
            return sum(
                connection.scalar(select(func.count()).where(articles.c.url_hash.in_(part))) or 0
                for part in chunks(hashes, 500)
            )

    def save(self, pairs: Iterable[tuple[Entry, Article]], *, now: datetime) -> None:
        """Store what was read for each entry, each with its mark in one transaction.

        An entry whose content changed again meanwhile stays unread; the other feeds' entries of the article count as
        read with it.
        """
        upsert = self._database.upsert(
            articles,
            ["url_hash"],
            lambda new: {"canonical_url": new.canonical_url, "read_at": new.read_at, "payload": new.payload},
        )
        for part in chunks(pairs):
            rows = [_row(entry, article, now) for entry, article in part]
            hashes = [_hashes(entry) for entry, _ in part]
            with self._database.write() as connection:
                connection.execute(upsert, rows)
                connection.execute(_READ, hashes)

    def get(self, canonical_url: str) -> Article | None:
        """The article with this canonical URL (or `article_key` of an entry without a link)."""
        query = select(articles.c.payload).where(articles.c.url_hash == text_hash(canonical_url))
        with self._database.read() as connection:
            payload = connection.scalar(query)
        return None if payload is None else loads(Article, payload)

    def candidates(
        self, feed_urls: Collection[str], since: datetime, until: datetime
    ) -> Sequence[tuple[tuple[Entry, ...], Article]]:
        """The articles that these feeds brought first in `since <= first_seen < until`, oldest first.

        Each comes once, with every accepted entry of these feeds that carries it, the earliest first.
        """
        wanted = [*dict.fromkeys(feed_urls)]
        groups: dict[str, list[Entry]] = {}
        bodies: dict[str, Article] = {}
        with self._database.read() as connection:
            for part in chunks(wanted, 500):
                for row in connection.execute(_window(part, since, until)):
                    groups.setdefault(row.url_hash, []).append(stored_entry(row.entry, row.first_seen))
            early = {
                url_hash
                for part in chunks(groups, 500)
                for feeds in chunks(wanted, 500)
                for url_hash in connection.scalars(_seen_before(part, feeds, since))
            }
            kept = [url_hash for url_hash in groups if url_hash not in early]
            for part in chunks(kept, 500):
                query = select(articles.c.url_hash, articles.c.payload).where(articles.c.url_hash.in_(part))
                bodies.update((row.url_hash, loads(Article, row.payload)) for row in connection.execute(query))
        found = [(tuple(sorted(groups[key], key=_order)), bodies[key]) for key in kept if key in bodies]
        return sorted(found, key=lambda pair: _order(pair[0][0]))

    def host_blocks(self, host: str) -> str | None:
        """Return the repeated blocks of a host (JSON), or None."""
        with self._database.read() as connection:
            return connection.scalar(select(host_blocks.c.data).where(host_blocks.c.host == host))

    def save_host_blocks(self, host: str, data: str, *, now: datetime) -> None:
        """Remember the repeated blocks of a host (JSON)."""
        upsert = self._database.upsert(
            host_blocks, ["host"], lambda new: {"data": new.data, "updated_at": new.updated_at}
        )
        with self._database.write() as connection:
            connection.execute(upsert, {"host": host, "data": data, "updated_at": now})

    def cached(self, kind: str, key: str) -> str | None:
        """A value kept under (kind, key), as the answer of a language model for one text; None when there is none."""
        query = select(cache.c.value).where(cache.c.kind == kind, cache.c.key_hash == text_hash(key))
        with self._database.read() as connection:
            return connection.scalar(query)

    def save_cached(self, kind: str, key: str, value: str, *, now: datetime) -> None:
        """Keep a value under (kind, key)."""
        upsert = self._database.upsert(cache, ["kind", "key_hash"], lambda new: {"value": new.value, "at": new.at})
        with self._database.write() as connection:
            connection.execute(upsert, {"kind": kind, "key_hash": text_hash(key), "value": value, "at": now})


def _unread() -> Any:
    return entries.c.unread == true()


#: Read are all entries of the article, but not the entry itself if its content is another by now.
_READ = (
    update(entries)
    .where(
        entries.c.url_hash == bindparam("b_url_hash"),
        _unread(),
        or_(
            entries.c.feed_url != bindparam("b_feed_url"),
            entries.c.key_hash != bindparam("b_key_hash"),
            entries.c.content_hash == bindparam("b_content_hash"),
        ),
    )
    .values(unread=false())
)


def _row(entry: Entry, article: Article, now: datetime) -> dict[str, Any]:
    key = text_hash(article_key(entry))
    return {"url_hash": key, "canonical_url": entry.canonical_url, "read_at": now, "payload": dumps(article)}


def _hashes(entry: Entry) -> dict[str, str]:
    return {
        "b_url_hash": text_hash(article_key(entry)),
        "b_feed_url": entry.feed_url,
        "b_key_hash": text_hash(entry.key),
        "b_content_hash": entry.content_hash,
    }


def _order(entry: Entry) -> tuple[datetime, int, str, str]:
    assert entry.first_seen is not None  # every stored entry has it
    return entry.first_seen, entry.position, entry.feed_url, entry.key


def _window(feed_urls: list[str], since: datetime, until: datetime) -> Any:
    return select(entries.c.url_hash, entries.c.payload.label("entry"), entries.c.first_seen).where(
        entries.c.feed_url.in_(feed_urls),
        entries.c.first_seen >= since,
        entries.c.first_seen < until,
        entries.c.standing == "accepted",
    )


def _seen_before(url_hashes: list[str], feed_urls: list[str], since: datetime) -> Any:
    return select(entries.c.url_hash).where(
        entries.c.url_hash.in_(url_hashes),
        entries.c.feed_url.in_(feed_urls),
        entries.c.first_seen < since,
        entries.c.standing == "accepted",
    )
