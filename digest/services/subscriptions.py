"""Subscriptions: join, leave, come back, choose topics and erase; and who must not be mailed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from digest.deliver.address import canonical
from digest.deliver.subscriber import Subscriber, Subscription, Suppression
from digest.errors import HeldBack
from digest.services.context import Context
from digest.services.newsletters import newsletter_of, require_topic
from digest.text.clean import one_line

if TYPE_CHECKING:
    from digest.store.bounces import BounceRecord
    from digest.store.privacy import SubscriberEvent

#: Characters of a name that are kept.
LONGEST_NAME: Final = 200
_EVER: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class OwnSubscription:
    """A subscription as its own subscriber may see it; `topics` are (key, title, chosen) in the newsletter's order."""

    newsletter: str
    title: str
    language: str
    active: bool
    topics: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """Everything known of an address; `deliveries` are (edition, state, reason, when), the latest first."""

    subscriber: Subscriber | None
    subscriptions: tuple[Subscription, ...]
    suppression: Suppression | None
    events: tuple[SubscriberEvent, ...]
    deliveries: tuple[tuple[str, str, str, datetime], ...]
    bounces: tuple[BounceRecord, ...]

    @property
    def is_unknown(self) -> bool:
        """Whether nobody has this address and nothing forbids mailing it."""
        return self.subscriber is None and self.suppression is None

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON of `digest subscribers why`."""
        return {
            "subscriber": self.subscriber and asdict(self.subscriber),
            "subscriptions": [asdict(subscription) for subscription in self.subscriptions],
            "suppression": self.suppression and asdict(self.suppression),
            "events": [event._asdict() for event in self.events],
            "deliveries": [list(row) for row in self.deliveries],
            "returned": [bounce._asdict() for bounce in self.bounces],
        }


class Subscriptions:
    """Subscribers and their subscriptions; the command line and the web pages both use it."""

    def __init__(self, context: Context) -> None:
        self._settings, self._store, self._clock = context.settings, context.store, context.clock

    # --- by an operator, who answers for the consent ------------------------------------------------------------

    def add(
        self,
        address: str,
        newsletter: str,
        *,
        name: str = "",
        language: str = "",
        topics: Sequence[str] = (),
        again: bool = False,
    ) -> Subscriber:
        """Subscribe an address, confirmed. Raises HeldBack for a suppressed one, unless `again` lifts that.

        Raises SettingsError for an unknown newsletter or topic, AddressError for no address.
        """
        newsletter_of(self._settings, newsletter)
        for topic in topics:
            require_topic(self._settings, newsletter, topic)
        now, text = self._clock(), canonical(address).text
        suppression = self._store.privacy.export(text).suppression
        if suppression is not None and not again:
            raise HeldBack(
                f"{text} is not mailed ({suppression.reason} since {suppression.since:%Y-%m-%d})", "with --again it is"
            )
        subscriber = self._store.subscribers.add(text, one_line(name, LONGEST_NAME), language, now=now)
        detail = "by hand" if suppression is None else f"by hand, again after: {suppression.reason}"
        self._store.subscriptions.subscribe(subscriber.id, newsletter, topics, "confirmed", now=now, detail=detail)
        if suppression is not None:
            self._store.suppressions.remove(text)
        return subscriber

    def listing(self, newsletter: str | None = None) -> Iterator[tuple[Subscriber, tuple[Subscription, ...]]]:
        """Yield everybody with their subscriptions, or only those of one newsletter.

        Raises SettingsError at the end for a newsletter that nobody has and the settings do not know.
        """
        nobody = True
        for subscriber, subscriptions in self._store.subscribers.all():
            chosen = tuple(each for each in subscriptions if newsletter in (None, each.newsletter))
            if newsletter is None or chosen:
                nobody = False
                yield subscriber, chosen
        if newsletter is not None and nobody:
            newsletter_of(self._settings, newsletter)

    def erase(self, address: str) -> bool:
        """Forget a person: address, name, subscriptions and history. False for an unknown address."""
        return self._store.privacy.erase(address)

    def known(self, address: str) -> KnownAddress:
        """Return everything known of an address."""
        why, bounces = self._store.privacy.export(address), self._store.bounces.of(address, _EVER)
        return KnownAddress(
            why.subscriber, why.subscriptions, why.suppression, why.events, why.deliveries, tuple(bounces)
        )

    # --- by the subscriber, who proves by a link of ours who they are -------------------------------------------

    def view(self, subscriber_id: int, newsletter: str) -> OwnSubscription | None:
        """Return a person's subscription to a newsletter; None when either is unknown."""
        settings = self._settings.newsletters.get(newsletter)
        subscriber = self._store.subscribers.get(subscriber_id)
        subscription = self._find(subscriber_id, newsletter)
        if settings is None or subscriber is None or subscription is None:
            return None
        chosen = subscription.topics or settings.topics
        topics = tuple((topic, self._settings.topics[topic].title, topic in chosen) for topic in settings.topics)
        language = subscriber.language or settings.language
        active = subscription.state != "unsubscribed"
        return OwnSubscription(newsletter, settings.title, language, active, topics)

    def leave(self, subscriber_id: int, newsletter: str) -> None:
        """End a subscription; again and again changes nothing."""
        self._store.subscriptions.unsubscribe(subscriber_id, newsletter, now=self._clock(), detail="link")

    def rejoin(self, subscriber_id: int, newsletter: str) -> None:
        """Take back leaving, for a subscription that had been confirmed: a link in a mail proves no more than that."""
        subscription = self._find(subscriber_id, newsletter)
        if subscription is None or subscription.state != "unsubscribed" or subscription.confirmed_at is None:
            return
        self._store.subscriptions.subscribe(
            subscriber_id, newsletter, subscription.topics, "confirmed", now=self._clock(), detail="link"
        )

    def choose_topics(self, subscriber_id: int, newsletter: str, topics: Sequence[str]) -> None:
        """Set the topics of a confirmed subscription; all of them, or none, means the whole newsletter."""
        settings = self._settings.newsletters.get(newsletter)
        subscription = self._find(subscriber_id, newsletter)
        if settings is None or subscription is None or subscription.state != "confirmed":
            return
        chosen = tuple(topic for topic in settings.topics if topic in topics)
        whole = len(chosen) == len(settings.topics)
        self._store.subscriptions.subscribe(
            subscriber_id, newsletter, () if whole else chosen, "confirmed", now=self._clock()
        )

    def _find(self, subscriber_id: int, newsletter: str) -> Subscription | None:
        subscriptions = self._store.subscriptions.of(subscriber_id)
        return next((each for each in subscriptions if each.newsletter == newsletter), None)
