"""Subscriber CSV: reads a list of people from CSV text, each row into a subscriber or an error. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from digest.deliver.address import AddressError, canonical
from digest.deliver.subscriber import Subscriber, Subscription
from digest.text.clean import one_line

_LONGEST_NAME: Final = 200
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")

#: Column names of other programs for ours.
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
class SubscriberList:
    """The people of a list with their subscriptions, and the bad lines (number from 1, reason)."""

    people: tuple[tuple[Subscriber, tuple[Subscription, ...]], ...]
    bad: tuple[tuple[int, str], ...]


def read_rows(text: str, offered: Mapping[str, Collection[str]], default: str | None = None) -> SubscriberList:
    """Read a CSV list with a heading line; comma, semicolon or tab. Nothing raises: a bad row is a value.

    `offered` has the topics of each newsletter. A row without a newsletter gets `default`, else the only newsletter
    there is. A `state` of 'unsubscribed' is kept, 'unconfirmed' too; everything else counts as confirmed.
    """
    lines = io.StringIO(text.lstrip("\ufeff"), newline=None).readlines()
    delimiter = max(",;\t", key=lines[0].count) if lines else ","
    default = default or (next(iter(offered)) if len(offered) == 1 else None)
    people: list[tuple[Subscriber, tuple[Subscription, ...]]] = []
    bad: list[tuple[int, str]] = []
    columns: list[str] = []
    for number, row in _records(lines, delimiter):
        if isinstance(row, str):
            bad.append((number, row))
        elif not columns:
            columns = [ALIASES.get(name := cell.lower(), name) for cell in row]
            if "address" not in columns:
                return SubscriberList(
                    (), ((1, "the first line must name the columns, and one of them 'address' or 'email'"),)
                )
        else:
            parsed = _row(dict(zip(columns, row, strict=False)), offered, default)
            if isinstance(parsed, str):
                bad.append((number, parsed))
            else:
                people.append(parsed)
    return SubscriberList(tuple(people), tuple(bad))


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each row that is not empty, or what is wrong with it, and the number of the line it starts on.

    A quotation mark that is never closed would swallow all that follows: no cell of ours has two lines, so such a row
    is bad, and reading goes on with the line after its first.
    """
    start = 0
    while start < len(lines):
        rows = csv.reader(lines[start:], delimiter=delimiter, skipinitialspace=True)
        used = 0
        try:
            for row in rows:
                if rows.line_num - used > 1 and any("\n" in cell for cell in row):
                    yield start + used + 1, "a quotation mark is not closed on this line"
                    used += 1
                    break
                if any(cells := [cell.strip() for cell in row]):
                    yield start + used + 1, cells
                used = rows.line_num
            else:
                return
        except csv.Error as error:
            yield start + used + 1, f"not readable as CSV ({error})"
            used += 1
        start += used


def _row(
    facts: Mapping[str, str], offered: Mapping[str, Collection[str]], default: str | None
) -> tuple[Subscriber, tuple[Subscription, ...]] | str:
    """One person, or what is wrong with the row."""
    try:
        address = canonical(facts.get("address", "")).text
    except AddressError as error:
        return str(error)
    newsletter = facts.get("newsletter") or default
    if newsletter is None:
        return "no newsletter: add a column 'newsletter', or name one with --newsletter"
    if newsletter not in offered:
        return f"no newsletter {newsletter!r} in the settings (there are: {', '.join(sorted(offered)) or 'none'})"
    wanted = tuple(facts.get("topics", "").replace(",", " ").replace(";", " ").split())
    topics = offered[newsletter]
    unknown = [topic for topic in wanted if topic not in topics]
    if unknown:
        return f"newsletter {newsletter!r} has no topic {unknown[0]!r} (it has: {', '.join(sorted(topics)) or 'none'})"
    zone, language = facts.get("timezone", ""), facts.get("language", "").replace("_", "-")
    if wrong := _wrong_place(zone, language):
        return wrong
    state = facts.get("state", "").lower()
    subscription = Subscription(
        0,
        newsletter,
        "unsubscribed" if state == "unsubscribed" else "unconfirmed" if state == "unconfirmed" else "confirmed",
        wanted,
    )
    return Subscriber(0, address, one_line(facts.get("name", ""), _LONGEST_NAME), language, zone), (subscription,)


def _wrong_place(zone: str, language: str) -> str:
    if zone and not _is_zone(zone):
        return f"{one_line(zone, 60)!r} is no time zone; write it as in 'Europe/Paris', or leave it empty"
    if language and not _LANGUAGE.fullmatch(language):
        return f"{one_line(language, 60)!r} is no language code; write it as in 'fr', or leave it empty"
    return ""


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone, a path, a folder of zones
        return False
    return True
