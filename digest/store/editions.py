"""Editions: exactly one a slot, optimistic locking for editors, and a complete history."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from digest.compose.edition import EDITABLE, Edition, EditionState, approved
from digest.errors import AlreadySent, EditConflict, EditionError
from digest.store.codec import dumps, loads
from digest.store.database import Area
from digest.store.ledger import LedgerRow, replace_rows
from digest.store.slots import decide_slot
from digest.store.tables import claims, deliveries, edition_edits, edition_why, editions


class EditRecord(NamedTuple):
    """One line of an edition's history. `action` is JSON; `edition` is its content after a change of content."""

    version: int
    author: str
    at: datetime
    action: str
    edition: Edition | None


class Editions(Area):
    """The editions of every newsletter."""

    def create(
        self,
        edition: Edition,
        candidates_json: str,
        *,
        now: datetime,
        author: str = "",
        ledger: Iterable[LedgerRow] = (),
    ) -> None:
        """Store a new edition, its explanation, its ledger rows and the outcome of its slot, in one transaction.

        Raises EditConflict when this slot has an edition already.
        """
        columns = {**_columns(edition, now), "created_at": edition.created_at or now}
        with self._database.write() as connection:
            if connection.execute(self._database.insert_ignore(editions), columns).rowcount != 1:
                raise EditConflict(f"{edition.id}: this slot has an edition already; nothing was changed")
            connection.execute(insert(edition_why), {"edition_id": edition.id, "data": candidates_json})
            _log(connection, edition.id, edition.version, (author, now, json.dumps({"do": "create"})), edition)
            outcome = "skipped" if edition.state == "skipped" else "composed"
            row = {"newsletter": edition.newsletter, "slot": edition.slot, "outcome": outcome, "reason": edition.reason}
            replace_rows(connection, edition.id, ledger)
            decide_slot(self._database, connection, {**row, "edition_id": edition.id}, now)

    def get(self, edition_id: str) -> Edition | None:
        """The edition, or None."""
        with self._database.read() as connection:
            row = connection.execute(select(editions).where(editions.c.id == edition_id)).one_or_none()
        return None if row is None else _edition(row)

    def recent(self, newsletter: str | None = None, limit: int = 50) -> Sequence[Edition]:
        """The latest editions by sending time, the newest first."""
        query = select(editions).order_by(editions.c.send_at.desc(), editions.c.id.desc()).limit(limit)
        if newsletter is not None:
            query = query.where(editions.c.newsletter == newsletter)
        with self._database.read() as connection:
            return [_edition(row) for row in connection.execute(query)]

    def in_state(self, *states: EditionState) -> Sequence[Edition]:
        """Every edition in one of these states, by sending time."""
        query = select(editions).where(editions.c.state.in_(states)).order_by(editions.c.send_at, editions.c.id)
        with self._database.read() as connection:
            return [_edition(row) for row in connection.execute(query)]

    def save(
        self,
        edition: Edition,
        expect_version: int,
        author: str,
        action: str,
        *,
        now: datetime,
        states: Collection[EditionState] = EDITABLE,
        ledger: Iterable[LedgerRow] | None = None,
    ) -> None:
        """Replace the content of an edition, if it still has `expect_version` and one of `states`.

        `action` (JSON) describes the edit; it and the new content enter the history, and `ledger` replaces the ledger
        rows in the same transaction (None leaves them). State, hashes and approval are taken from `edition`. The
        recipients were frozen with the old content, so that plan is deleted. Raises EditConflict when somebody else
        was faster, AlreadySent when the edition has gone out.
        """
        change = update(editions).where(
            editions.c.id == edition.id, editions.c.version == expect_version, editions.c.state.in_(states)
        )
        with self._database.write() as connection:
            if connection.execute(change.values(**_columns(edition, now))).rowcount != 1:
                raise _refusal(connection, edition.id, expect_version, states)
            _void_plan(connection, edition)
            if ledger is not None:
                replace_rows(connection, edition.id, ledger)
            _log(connection, edition.id, edition.version, (author, now, action), edition)

    def approve(self, edition_id: str, content_hash: str, author: str, *, now: datetime) -> Edition:
        """Approve exactly the content that `content_hash` names; return the edition as first approved.

        Raises as `digest.compose.edition.approved` does: EditConflict when the content has changed.
        """
        with self._database.write() as connection:
            query = select(editions).where(editions.c.id == edition_id).with_for_update()
            row = connection.execute(query).one_or_none()
            if row is None:
                raise _missing(edition_id)
            edition = approved(_edition(row), content_hash, author)
            if row.state == "approved" and row.approved_hash == content_hash:
                return _edition(row)
            _void_plan(connection, edition)  # a planner of a former approval may have added rows
            columns = _columns(edition, now)
            connection.execute(update(editions).where(editions.c.id == edition_id).values(**columns))
            action = json.dumps({"do": "approve", "hash": content_hash})
            _log(connection, edition_id, edition.version, (author, now, action))
        return edition

    def set_state(
        self,
        edition_id: str,
        from_states: Collection[EditionState],
        to_state: EditionState,
        reason: str = "",
        *,
        now: datetime,
        author: str = "",
    ) -> bool:
        """Move an edition from one of `from_states` to `to_state`; False when it is in none of them.

        The version stays, so that the scheduler does not disturb an editor at work.
        """
        change = update(editions).where(editions.c.id == edition_id, editions.c.state.in_(from_states))
        with self._database.write() as connection:
            before = _head(connection, edition_id)
            values = {"state": to_state, "reason": reason, "updated_at": now}
            if connection.execute(change.values(**values)).rowcount != 1:
                return False
            action = {"do": "state", "from": before.state, "to": to_state, "reason": reason}
            _log(connection, edition_id, before.version, (author, now, json.dumps(action)))
            return True

    def versions(self, edition_id: str) -> Sequence[EditRecord]:
        """The history of an edition, oldest first; a change of content carries the content after it."""
        query = select(edition_edits).where(edition_edits.c.edition_id == edition_id).order_by(edition_edits.c.id)
        with self._database.read() as connection:
            return [
                EditRecord(
                    r.version, r.author, r.at, r.action, None if r.payload is None else loads(Edition, r.payload)
                )
                for r in connection.execute(query)
            ]

    def note(self, edition_id: str, author: str, action: str, *, now: datetime) -> None:
        """Add a line to an edition's history without a change, as for a reminder."""
        with self._database.write() as connection:
            _log(connection, edition_id, _head(connection, edition_id).version, (author, now, action))

    def note_once(self, edition_id: str, author: str, action: str, *, now: datetime) -> bool:
        """Add a line to an edition's history unless this very line is there. True for exactly one of all callers."""
        same = select(edition_edits.c.id).where(
            edition_edits.c.edition_id == edition_id, edition_edits.c.action == action
        )
        with self._database.write() as connection:
            version = _head(connection, edition_id).version  # locks the row: other callers wait here
            if connection.execute(same.limit(1)).first() is not None:
                return False
            _log(connection, edition_id, version, (author, now, action))
            return True

    def why(self, edition_id: str) -> str | None:
        """The JSON that explains every candidate, as stored when the edition was composed."""
        with self._database.read() as connection:
            return connection.scalar(select(edition_why.c.data).where(edition_why.c.edition_id == edition_id))


_OWN_COLUMNS = (
    "id",
    "newsletter",
    "slot",
    "send_at",
    "state",
    "reason",
    "version",
    "content_hash",
    "approved_hash",
    "approved_by",
)


def _columns(edition: Edition, now: datetime) -> dict[str, Any]:
    return {**{name: getattr(edition, name) for name in _OWN_COLUMNS}, "payload": dumps(edition), "updated_at": now}


def _edition(row: Any) -> Edition:
    """The edition of a row. Columns win over the payload: state and approval change without the content."""
    return replace(
        loads(Edition, row.payload),
        state=row.state,
        reason=row.reason,
        version=row.version,
        approved_hash=row.approved_hash,
        approved_by=row.approved_by,
        created_at=row.created_at,
    )


def _head(connection: Connection, edition_id: str) -> Any:
    query = select(editions.c.state, editions.c.version, editions.c.content_hash).where(editions.c.id == edition_id)
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise _missing(edition_id)
    return row


def _missing(edition_id: str) -> EditionError:
    return EditionError(
        f"there is no edition '{edition_id}'", "its name is NEWSLETTER-YYYY-MM-DD-HHMM of its local time"
    )


def _refusal(
    connection: Connection, edition_id: str, expect_version: int, states: Collection[EditionState]
) -> EditionError:
    row = _head(connection, edition_id)
    if row.state in ("sending", "paused", "sent") and row.state not in states:
        return AlreadySent(f"{edition_id} is {row.state}: its content can no longer change")
    if row.state not in states and (row.state not in EDITABLE or row.version == expect_version):
        return EditionError(f"{edition_id} is {row.state}: its content can no longer change")
    return EditConflict(
        f"{edition_id} was changed by somebody else (version {row.version}, you had {expect_version}): "
        "nothing was overwritten",
        "look at the new version, then make your change again",
    )


def _void_plan(connection: Connection, edition: Edition) -> None:
    """Delete the plan of recipients made for the former content. Of an editable edition nothing was sent yet."""
    if edition.state in EDITABLE:
        connection.execute(delete(claims).where(claims.c.edition_id == edition.id))
        connection.execute(delete(deliveries).where(deliveries.c.edition_id == edition.id))
        connection.execute(update(editions).where(editions.c.id == edition.id).values(planned=0, reached=0))


def _log(
    connection: Connection,
    edition_id: str,
    version: int,
    entry: tuple[str, datetime, str],
    edition: Edition | None = None,
) -> None:
    author, at, action = entry
    row = {"edition_id": edition_id, "version": version, "author": author, "at": at, "action": action}
    connection.execute(insert(edition_edits), {**row, "payload": None if edition is None else dumps(edition)})
