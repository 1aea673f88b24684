"""Ids of subscribers: random, stable, and never given to a second person.

Links in mails that people keep for years name the subscriber by this id. So it is no row number, by which a link would
act on another person after a move by export and import. Ids grow with a random step: people stay in the order in which
they joined, and no store gives the ids of another one. All are below 2**53, which every JSON parser reads exactly.
Stores of former versions numbered people from 1; they keep those ids, and their links stay valid.
"""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import Connection, select

from digest.store.database import Database
from digest.store.tables import meta

#: New ids are above this: no number that a former version gave, in this store or another, is given again.
FLOOR: Final = 2**40
#: The largest step from one id to the next: room for some sixty million people.
STEP: Final = 2**28

_KEY: Final = "last subscriber id"


def new_ids(database: Database, connection: Connection, count: int) -> list[int]:
    """Ids for `count` new subscribers, ascending. The last one is stored, so that ids of erased people never return."""
    database.lock(connection, _KEY)
    last = max(FLOOR, int(connection.scalar(select(meta.c.value).where(meta.c.key == _KEY)) or 0))
    ids = []
    for _ in range(count):
        last += 1 + secrets.randbelow(STEP)
        ids.append(last)
    upsert = database.upsert(meta, ["key"], lambda new: {"value": new.value})
    connection.execute(upsert, {"key": _KEY, "value": str(last)})
    return ids
