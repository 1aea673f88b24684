"""Rows of a subscriber list into people with a subscription, opt-outs and suppressions; a bad row is a value."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from digest.deliver.address import AddressError, canonical
from digest.deliver.subscriber import Subscriber, Subscription, SubscriptionState, SuppressionReason
from digest.deliver.subscriber_list.columns import PERSON, meanings
from digest.deliver.subscriber_list.consent import Consent, Unknown, consent
from digest.deliver.subscriber_list.export import without_guard
from digest.deliver.subscriber_list.table import rows
from digest.text.clean import one_line

_LONGEST_NAME: Final = 200
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_SUPPRESSIONS: Final[dict[Consent, SuppressionReason]] = {
    "bounced": "bounce",
    "complained": "complaint",
    "blocked": "manual",
}
_STATES: Final[dict[Consent, SubscriptionState]] = {
    "confirmed": "confirmed",
    "unconfirmed": "unconfirmed",
}


@dataclass(frozen=True, slots=True)
class Person:
    """A good row. `subscription` has the state of their consent; `suppression` forbids all mail to the address,
    whatever the newsletter.
    """

    line: int
    subscriber: Subscriber
    subscription: Subscription
    suppression: SuppressionReason | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not taken: its line (from 1) and the reason."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The columns of a list: those that are used (heading, meaning), and the headings of those that are not."""

    used: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]


def read_rows(
    text: str, offered: Mapping[str, Collection[str]], default: str | None = None
) -> Iterator[Heading | Person | BadRow]:
    """Yield the heading of a CSV list, then each row as a person or a bad row. Never raises.

    `offered` has the topics of each newsletter. A row without a newsletter gets `default`, else the only newsletter.
    """
    default = default or (next(iter(offered)) if len(offered) == 1 else None)
    fields: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    for row in rows(text):
        if row.problem:
            yield BadRow(row.line, row.problem)
        elif not headings:
            headings, fields = row.cells, meanings(row.cells)
            if "address" not in fields:
                remedy = "name the columns in the first line, one of them 'address' or 'email'"
                yield BadRow(row.line, f"no column for addresses; {remedy}")
                return
            unused = tuple(heading for heading, field in zip(headings, fields, strict=True) if heading and not field)
            yield Heading(tuple((h, f) for h, f in zip(headings, fields, strict=True) if f), unused)
        else:
            yield _person(row.line, list(zip(fields, headings, row.cells, strict=False)), offered, default)


def _person(
    line: int, cells: list[tuple[str, str, str]], offered: Mapping[str, Collection[str]], default: str | None
) -> Person | BadRow:
    facts = {field: without_guard(value) for field, _, value in cells if field in PERSON}
    permission = consent([cell for cell in cells if cell[0] and cell[0] not in PERSON])
    if isinstance(permission, Unknown):
        return BadRow(line, permission.reason)
    try:
        address = canonical(facts.get("address", "")).text
    except AddressError as error:
        return BadRow(line, str(error))
    newsletter = facts.get("newsletter") or default or ""
    chosen = tuple(facts.get("topics", "").replace(",", " ").replace(";", " ").split())
    zone, language = facts.get("timezone", ""), facts.get("language", "").replace("_", "-")
    suppression = _SUPPRESSIONS.get(permission)
    if suppression is None and (problem := _wrong_newsletter(newsletter, chosen, offered)):
        return BadRow(line, problem)
    if problem := _wrong_place(zone, language):
        return BadRow(line, problem)
    name = facts.get("name") or f"{facts.get('first_name', '')} {facts.get('last_name', '')}".strip()
    return Person(
        line,
        Subscriber(0, address, one_line(name, _LONGEST_NAME), language, zone),
        Subscription(0, newsletter, _STATES.get(permission, "unsubscribed"), chosen),
        suppression,
    )


def _wrong_newsletter(newsletter: str, chosen: Collection[str], offered: Mapping[str, Collection[str]]) -> str:
    if not newsletter:
        return "no newsletter: add a column 'newsletter', or name one with --newsletter"
    if newsletter not in offered:
        return f"no newsletter {newsletter!r} in the settings (there are: {', '.join(sorted(offered)) or 'none'})"
    topics = offered[newsletter]
    unknown = [topic for topic in chosen if topic not in topics]
    if unknown:
        return f"newsletter {newsletter!r} has no topic {unknown[0]!r} (it has: {', '.join(sorted(topics)) or 'none'})"
    return ""


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
