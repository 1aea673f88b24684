"""Roll: a list of people from elsewhere, as CSV text, row by row into subscribers or reasons why not. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from digest.deliver.address import AddressError, canonical
from digest.deliver.subscriber import Subscriber, Subscription

#: Other programs' names for our columns.
ALIASES: Final = {
    "email": "address",
    "e-mail": "address",
    "mail": "address",
    "email address": "address",
    "adresse": "address",
    "full name": "name",
    "nom": "name",
    "lang": "language",
    "locale": "language",
    "tz": "timezone",
    "list": "newsletter",
    "tags": "topics",
    "status": "state",
}


@dataclass(frozen=True, slots=True)
class Roll:
    """What a list holds: people with what they asked for, and the bad lines (number from 1, reason)."""

    people: tuple[tuple[Subscriber, tuple[Subscription, ...]], ...]
    bad: tuple[tuple[int, str], ...]


def read_rows(text: str, newsletters: Collection[str], topics: Collection[str], default: str | None = None) -> Roll:
    """Read a CSV list with a heading line; comma, semicolon or tab. Nothing raises: a bad row is a value.

    A row without a newsletter gets `default`, else the only newsletter there is. A `state` of 'unsubscribed' is kept,
    'unconfirmed' too; everything else counts as confirmed.
    """
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter, strict=False)
    people: list[tuple[Subscriber, tuple[Subscription, ...]]] = []
    bad: list[tuple[int, str]] = []
    columns: list[str] = []
    only = next(iter(newsletters)) if len(newsletters) == 1 else None
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if not columns:
                columns = [ALIASES.get(name := cell.strip().lower(), name) for cell in row]
                if "address" not in columns:
                    return Roll(
                        (), ((1, "the first line must name the columns, and one of them 'address' or 'email'"),)
                    )
                continue
            found = _row(
                dict(zip(columns, (c.strip() for c in row), strict=False)), newsletters, topics, default or only
            )
            if isinstance(found, str):
                bad.append((rows.line_num, found))
            else:
                people.append(found)
    except csv.Error as error:
        bad.append((rows.line_num, f"not readable as CSV from here on ({error})"))
    return Roll(tuple(people), tuple(bad))


def _row(
    facts: Mapping[str, str], newsletters: Collection[str], topics: Collection[str], default: str | None
) -> tuple[Subscriber, tuple[Subscription, ...]] | str:
    """One person, or what is wrong with the row."""
    try:
        address = canonical(facts.get("address", "")).text
    except AddressError as error:
        return str(error)
    newsletter = facts.get("newsletter") or default
    if newsletter is None:
        return "no newsletter: add a column 'newsletter', or name one with --newsletter"
    if newsletter not in newsletters:
        return f"no newsletter {newsletter!r} in the settings (there are: {', '.join(sorted(newsletters)) or 'none'})"
    wanted = tuple(facts.get("topics", "").replace(",", " ").replace(";", " ").split())
    unknown = [topic for topic in wanted if topic not in topics]
    if unknown:
        return f"no topic {unknown[0]!r} in the settings (there are: {', '.join(sorted(topics)) or 'none'})"
    state = facts.get("state", "").lower()
    tie = Subscription(
        0,
        newsletter,
        "unsubscribed" if state == "unsubscribed" else "unconfirmed" if state == "unconfirmed" else "confirmed",
        wanted,
    )
    person = Subscriber(0, address, facts.get("name", ""), facts.get("language", ""), facts.get("timezone", ""))
    return person, (tie,)
