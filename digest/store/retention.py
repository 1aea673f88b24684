"""Retention: drop the texts of old entries and articles; their keys stay for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, exists, select, update

from digest.collect.entry import Entry
from digest.store.codec import dumps, loads
from digest.store.database import Area
from digest.store.tables import articles, cache, entries, meta, occurrences

_UNTIL = "pruned until"
_PAGE = 500


class PruneCounts(NamedTuple):
    """Entries that lost their texts, and articles dropped."""

    entries: int
    articles: int


class Retention(Area):
    """Free space in the store."""

    def prune(self, before: datetime) -> PruneCounts:
        """Drop the texts of entries and articles first seen before that moment, in short transactions.

        Keys, URLs, titles and times stay, so that an old entry is never taken for a new one; editions, the ledger and
        deliveries are not touched. Older cached answers and occurrences are deleted too.
        """
        emptied = self._empty_entries(before)
        kept = exists().where(entries.c.url_hash == articles.c.url_hash, entries.c.first_seen >= before)
        dropped = 0
        while True:
            old = select(articles.c.url_hash).where(articles.c.read_at < before, ~kept).limit(_PAGE)
            with self._database.write() as connection:
                change = delete(articles).where(articles.c.url_hash.in_(old.scalar_subquery()))
                count = connection.execute(change).rowcount
            dropped += count
            if not count:
                break
        with self._database.write() as connection:
            connection.execute(delete(cache).where(cache.c.at < before))
            connection.execute(delete(occurrences).where(occurrences.c.at < before))
        return PruneCounts(emptied, dropped)

    def _empty_entries(self, before: datetime) -> int:
        """Empty the entries that no earlier call emptied; how far a call came is stored at its end."""
        with self._database.read() as connection:
            since = connection.scalar(select(meta.c.value).where(meta.c.key == _UNTIL)) or ""
        from_time = datetime.fromisoformat(since) if since else None
        last, emptied = 0, 0
        put = update(entries).where(entries.c.id == bindparam("b_id")).values(payload=bindparam("b_payload"))
        while True:
            query = select(entries.c.id, entries.c.payload).where(entries.c.first_seen < before, entries.c.id > last)
            if from_time is not None:
                query = query.where(entries.c.first_seen >= from_time)
            with self._database.write() as connection:
                page = connection.execute(query.order_by(entries.c.id).limit(_PAGE)).all()
                if page:
                    connection.execute(
                        put, [{"b_id": entry_id, "b_payload": _emptied(text)} for entry_id, text in page]
                    )
            if not page:
                break
            last, emptied = page[-1].id, emptied + len(page)
        with self._database.write() as connection:
            upsert = self._database.upsert(meta, ["key"], lambda new: {"value": new.value})
            until = before if from_time is None else max(before, from_time)
            connection.execute(upsert, {"key": _UNTIL, "value": until.isoformat()})
        return emptied


def _emptied(payload: str) -> str:
    return dumps(replace(loads(Entry, payload), summary="", content=""))
