"""Column types that mean the same on SQLite and PostgreSQL.

They give SQLAlchemy their conversions as plain functions (`bind_processor`, `result_processor`): on the send path these
run for every value of every row, and the usual `process_bind_param` goes through three calls instead of one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

#: An integer key that grows without bound on PostgreSQL and is the row id itself on SQLite.
Id = BigInteger().with_variant(Integer(), "sqlite")

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def utc(moment: datetime) -> datetime:
    """The same instant in UTC; instants that leave the calendar by that (year 1, year 9999) stay at its ends."""
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; the store takes aware times only")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if moment.year == 1 else _LAST


def to_sqlite(moment: datetime | None) -> str | None:
    """UTC as text of fixed width, which sorts in time; the form that SQLAlchemy itself gives a DateTime."""
    return None if moment is None else utc(moment).isoformat(" ", "microseconds")[:26]


def from_sqlite(text: str | None) -> datetime | None:
    """The aware instant that `to_sqlite` wrote."""
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


def to_server(moment: datetime | None) -> datetime | None:
    """Aware UTC, as drivers of servers take it."""
    return None if moment is None else utc(moment)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant. Comes back in UTC, whatever zone it went in with; a naive time is refused with ValueError.

    SQLite has no type for it, and SQLAlchemy's own loses the zone there.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Text on SQLite, an aware time elsewhere."""
        return to_sqlite if dialect.name == "sqlite" else to_server

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any]:
        """Always aware UTC."""
        return from_sqlite if dialect.name == "sqlite" else to_server


def encodable(text: str) -> str:
    """Text that has a UTF-8 form: lone surrogates become U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


def storable(text: str) -> str:
    """Text that every database takes: encodable, and NUL (PostgreSQL refuses it) becomes U+FFFD too."""
    return encodable(text.replace("\x00", "\ufffd") if "\x00" in text else text)


def _stored(text: str | None) -> str | None:
    return None if text is None else storable(text)


class CleanText(TypeDecorator[str]):
    """Text from outside (feeds, pages, mail servers) made storable; a lookup by the same text finds it again."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """See `storable`."""
        return _stored

    def result_processor(self, dialect: Dialect, coltype: Any) -> None:
        """Text comes back as it is."""

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Compare as this very type, so that both sides are cleaned alike."""
        return self
