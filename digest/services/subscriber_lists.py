"""Import of subscriber lists with their consent, and export of everything that an import elsewhere needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from digest.deliver.address import AddressError, canonical
from digest.deliver.subscriber import Subscriber, Suppression, SuppressionReason
from digest.deliver.subscriber_list.consent import ORDER, Consent
from digest.deliver.subscriber_list.export import with_guard
from digest.deliver.subscriber_list.rows import BadRow, Heading, Person, read_rows
from digest.services.context import Context
from digest.services.newsletters import newsletter_of

if TYPE_CHECKING:
    from digest.services.subscriptions import Subscriptions

#: The columns of an export.
COLUMNS: Final = ("address", "name", "language", "timezone", "newsletter", "topics", "state")
#: The word for a suppression in an export; each is read back as the same suppression.
_SUPPRESSION_WORDS: Final[dict[SuppressionReason, Consent]] = {
    "bounce": "bounced",
    "complaint": "complained",
    "unsubscribe": "blocked",
    "manual": "blocked",
}


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """The result of an import.

    `added` people are new, `known` ones were there; `subscriptions` are new, `ended` ones were ended by the list;
    `suppressed` addresses are not mailed any more. `held_back` are addresses of the list that are not mailed because of
    a suppression here. `left` are rows with consent of people who had left here: they stay unsubscribed.
    """

    added: int = 0
    known: int = 0
    subscriptions: int = 0
    ended: int = 0
    suppressed: int = 0
    held_back: int = 0
    left: int = 0
    bad: tuple[BadRow, ...] = ()
    unused: tuple[str, ...] = ()


class SubscriberLists:
    """Reading and writing lists of subscribers."""

    def __init__(self, context: Context, subscriptions: Subscriptions) -> None:
        self._settings, self._store, self._clock = context.settings, context.store, context.clock
        self._subscriptions = subscriptions

    def import_csv(self, text: str, newsletter: str | None = None) -> ImportSummary:
        """Import subscribers from CSV text; `newsletter` is for rows that name none.

        Consent never grows: who left here stays unsubscribed, and of several rows of one person the most restrictive
        counts. Opt-outs and suppressions of the list take effect for known people, too. Raises SettingsError for an
        unknown newsletter.
        """
        if newsletter:
            newsletter_of(self._settings, newsletter)
        bad: list[BadRow] = []
        unused: tuple[str, ...] = ()
        people: dict[tuple[str, str], Person] = {}
        for row in read_rows(text, self._settings.offered, newsletter):
            if isinstance(row, BadRow):
                bad.append(row)
            elif isinstance(row, Heading):
                unused = row.unused
            else:
                key = (_key(row.subscriber.address), row.subscription.newsletter)
                people[key] = _stricter(people.get(key), row)
        summary = self._apply(list(people.values()))
        return ImportSummary(**summary, bad=tuple(bad), unused=unused)

    def _apply(self, people: Sequence[Person]) -> dict[str, int]:
        """Write the rows: completed names and opt-outs of known people, then new people, then suppressions."""
        now, store = self._clock(), self._store
        held_back = store.suppressions.matching(person.subscriber.address for person in people)
        ended = left = 0
        for person in people:
            known = store.subscribers.find(person.subscriber.address)
            if known is None or person.suppression is not None:
                continue
            newsletter = person.subscription.newsletter
            states = {each.newsletter: each.state for each in store.subscriptions.of(known.id)}
            if person.subscription.state == "unsubscribed":
                ended += len(store.subscriptions.unsubscribe(known.id, newsletter, now=now, detail="import"))
            elif states.get(newsletter) == "unsubscribed":
                left += 1
            completed = _completed(known, person.subscriber)
            if completed != known:
                store.subscribers.update(completed)
        mailed = [person for person in people if person.suppression is None]
        imported = store.subscribers.import_many([(each.subscriber, (each.subscription,)) for each in mailed], now=now)
        for person in people:
            if person.suppression is not None:
                store.suppressions.add(person.subscriber.address, person.suppression, "import", now=now)
        return {
            "added": imported.added,
            "known": imported.known,
            "subscriptions": imported.subscriptions,
            "ended": ended,
            "suppressed": sum(each.suppression is not None for each in people),
            "held_back": sum(each.subscriber.address in held_back for each in mailed),
            "left": left,
        }

    def export(self, newsletter: str | None = None) -> Iterator[tuple[str, ...]]:
        """Yield the rows of an export under `COLUMNS`, one per subscription, then addresses that are only suppressed.

        A suppressed person's rows say so in `state`, so that no import elsewhere takes them for consent. Raises
        SettingsError for an unknown newsletter before the first row.
        """
        suppressions = {_key(row.address): row for row in self._store.suppressions.all() if row.address}
        exported = set()
        for subscriber, subscriptions in self._subscriptions.listing(newsletter):
            suppression = suppressions.get(_key(subscriber.address))
            if suppression is not None:
                exported.add(_key(subscriber.address))
            person = (subscriber.address, subscriber.name, subscriber.language, subscriber.timezone)
            for each in subscriptions:
                state = each.state if suppression is None else _SUPPRESSION_WORDS[suppression.reason]
                yield tuple(map(with_guard, (*person, each.newsletter, " ".join(each.topics), state)))
        if newsletter is None:
            yield from (_suppressed_row(row) for key, row in suppressions.items() if key not in exported)


def _key(address: str) -> str:
    """Return the form in which addresses are compared."""
    try:
        return canonical(address).key
    except AddressError:
        return address.casefold()


def _completed(known: Subscriber, row: Subscriber) -> Subscriber:
    """Return a known person with what the row adds: nothing that they have is overwritten."""
    return replace(
        known,
        name=known.name or row.name,
        language=known.language or row.language,
        timezone=known.timezone or row.timezone,
    )


def _suppressed_row(suppression: Suppression) -> tuple[str, ...]:
    return (with_guard(suppression.address), "", "", "", "", "", _SUPPRESSION_WORDS[suppression.reason])


def _stricter(first: Person | None, second: Person) -> Person:
    """Return the row with less consent, with the name that one of them has."""
    if first is None:
        return second
    return max(first, second, key=_rank)


def _rank(person: Person) -> int:
    word: Consent = person.subscription.state
    if person.suppression is not None:
        word = _SUPPRESSION_WORDS[person.suppression]
    return ORDER.index(word)
