"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

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
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; the store takes aware times only")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if moment.year == 1 else _LAST


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant. Comes back in UTC, whatever zone it went in with; a naive time is refused.

    SQLite has no type for it and SQLAlchemy's own loses the zone: there it is text of fixed width, which sorts in time.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware on PostgreSQL, naive UTC on SQLite."""
        if value is None:
            return None
        moment = utc(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def storable(text: str) -> str:
    """Text that every database takes: NUL (PostgreSQL refuses it) and lone surrogates become U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


class CleanText(TypeDecorator[str]):
    """Text from outside (feeds, pages, mail servers) made storable; a lookup by the same text finds it again."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """See `storable`."""
        return None if value is None else storable(value)

    def process_literal_param(self, value: str | None, dialect: Dialect) -> str:
        """Not used by our queries; SQLAlchemy asks for it where it prints a statement."""
        return "" if value is None else storable(value)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Compare as this very type, so that both sides are cleaned alike."""
        return self
