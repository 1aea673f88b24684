"""Claims of senders on editions: acquire one, and end those of senders that died.

The promise of delivery is kept here and in `Claim`: no two senders hold one delivery, and a sender whose lease is over
and who was replaced changes nothing any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from digest.store.claim import Claim
from digest.store.claim_rows import Released, find_claims, release_claim, row_lock
from digest.store.database import Area
from digest.store.tables import claims


class Claims(Area):
    """The claims of all senders."""

    def acquire(self, edition_id: str, owner: str, *, now: datetime, lease: timedelta, limit: int) -> Claim:
        """Claim up to `limit` due deliveries for `lease`: `deliveries` of the claim, empty where nothing is due.

        Nobody else gets them, nor what `owner` claimed before. Only an edition that is `sending` can be claimed from,
        and nothing while sending is paused: so pausing stops every sender at its next claim.
        """
        claim = Claim(self._database, edition_id, owner, lease)
        claim.extend(limit, now=now)
        return claim

    def release_expired(self, *, now: datetime) -> Released:
        """End the claims whose lease is over. What was only claimed is due again; a hand-over becomes `unknown`."""
        return self._release("lease_until <= ?", self._database.moment(now), now)

    def release_owner(self, owner: str, *, now: datetime) -> Released:
        """End all claims of an owner that has died, or whose claim may be on record without its knowing."""
        return self._release("owner = ?", owner, now)

    def _release(self, condition: str, value: object, now: datetime) -> Released:
        planned = unknown = 0
        order = " ORDER BY id" + row_lock(self._database, "UPDATE")
        with self._database.quick() as run:
            for claim in find_claims(self._database, run, condition + order, (value,)):
                released = release_claim(self._database, run, claim, now)
                planned, unknown = planned + released.planned, unknown + released.unknown
        return Released(planned, unknown)

    def owners(self) -> set[str]:
        """The owners of all claims at this moment."""
        with self._database.read() as connection:
            return set(connection.scalars(select(claims.c.owner).distinct()))
