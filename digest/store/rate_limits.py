"""Rate limits: how often something may happen, as a confirmation mail to one address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select

from digest.store.codec import text_hash
from digest.store.database import Area
from digest.store.tables import meta, occurrences


class RateLimits(Area):
    """Occurrences of keys, counted in sliding windows or by period."""

    def allow(self, key: str, limits: Sequence[tuple[timedelta, int]], *, now: datetime) -> bool:
        """Count one occurrence of `key`, unless one of the limits (window, most occurrences) is reached: then False.

        One transaction decides, so two requests at once cannot both be the last one allowed. Keys are stored as hashes.
        """
        o = occurrences.c
        of_key = o.key_hash == text_hash(key)
        longest = max(window for window, _ in limits)
        with self._database.write() as connection:
            self._database.lock(connection, f"limit:{key}")
            connection.execute(delete(occurrences).where(of_key, o.at <= now - longest))
            for window, most in limits:
                count = select(func.count()).select_from(occurrences).where(of_key, o.at > now - window)
                if (connection.scalar(count) or 0) >= most:
                    return False
            connection.execute(insert(occurrences), {"key_hash": text_hash(key), "at": now})
        return True

    def allow_in_period(self, key: str, period: str, limit: int) -> bool:
        """Count one occurrence of `key` in `period` (a date, say), unless there are `limit` already: then False.

        Another period starts at zero. Of all callers, in any process, exactly `limit` get True.
        """
        with self._database.write() as connection:
            self._database.lock(connection, f"meta {key}")
            value = connection.scalar(select(meta.c.value).where(meta.c.key == key)) or ""
            before, _, text = value.rpartition(" ")
            count = int(text) if before == period and text.isdigit() else 0
            if count >= limit:
                return False
            upsert = self._database.upsert(meta, ["key"], lambda new: {"value": new.value})
            connection.execute(upsert, {"key": key, "value": f"{period} {count + 1}"})
            return True
