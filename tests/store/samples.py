"""Small feeds, entries, articles, editions and readers that the tests of the store share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from weakref import WeakKeyDictionary

from digest.collect.article import Article, Image
from digest.collect.entry import Entry
from digest.collect.feed import Feed
from digest.compose.edition import Also, Edition, EditionState, EditionStory, Section, frozen
from digest.deliver.delivery import Delivery, DeliveryState
from digest.deliver.subscriber import Subscriber, Subscription, SubscriptionState
from digest.store import Store
from digest.store.claim import Claim, ProgressResult
from digest.store.claim_results import DeliveryResult

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
LEASE = timedelta(minutes=20)
HERALD = "https://herald.example/feed"
TIMES = "https://times.example/feed"


def minutes(number: float) -> datetime:
    """Return the time that many minutes after NOW."""
    return NOW + timedelta(minutes=number)


def entry(key: str, feed_url: str = HERALD, **facts: object) -> Entry:
    """An entry with a link of its own."""
    url = f"https://herald.example/{key}"
    basis = Entry(feed_url, key, url, url, f"Title {key}", content_hash=f"hash of {key}")
    return replace(basis, **facts)  # type: ignore[arg-type]


def article(key: str, **facts: object) -> Article:
    """Return the article of `entry(key)`."""
    url = f"https://herald.example/{key}"
    return replace(Article(url, url, f"Title {key}", language="en", text=f"Text {key}."), **facts)  # type: ignore[arg-type]


def keep(store: Store, *entries: Entry, now: datetime = NOW) -> None:
    """Store entries as accepted, each with its feed."""
    for feed_url in {one.feed_url for one in entries}:
        store.feeds.save(Feed(feed_url), [one for one in entries if one.feed_url == feed_url], now=now)


def read(store: Store, *keys: str, now: datetime = NOW) -> None:
    """Read every unread entry with one of these keys (or all)."""
    wanted = [one for one in store.articles.unread() if not keys or one.key in keys]
    store.articles.save([(one, article(one.key)) for one in wanted], now=now)


def story(key: str, **facts: object) -> EditionStory:
    """A printed story."""
    basis = EditionStory(key, f"https://herald.example/{key}", f"Title {key}", f"Lead {key}.", "en", "Herald")
    return replace(basis, **facts)  # type: ignore[arg-type]


def edition(**facts: object) -> Edition:
    """An edition of two stories, with every kind of value that must come back as it was."""
    paris = timezone(timedelta(hours=1))
    first = story(
        "a",
        published=datetime(2026, 11, 24, 5, 1, 2, 345678, tzinfo=paris),
        image=Image("https://herald.example/a.jpg", "«A»", 1200, 675),
        also=(Also("Times", "https://times.example/a"),),
        update=True,
        article_keys=("https://herald.example/a", "https://times.example/a"),
    )
    basis = Edition(
        id="morning-2026-11-24-0700",
        newsletter="morning",
        slot="2026-11-24T07:00",
        send_at=minutes(60),
        cut_off=minutes(15),
        title="The Morning",
        language="en",
        timezone="Europe/Paris",
        sections=(Section("world", "World", (first, story("b"))),),
        state="in_review",
    )
    return frozen(replace(basis, **facts))  # type: ignore[arg-type]


def stored_edition(store: Store, state: EditionState = "sending", **facts: object) -> Edition:
    """An edition in the store, due and being sent unless said otherwise."""
    if state == "sending":
        facts.setdefault("send_at", NOW)
    made = edition(state=state, **facts)
    store.editions.create(made, "{}", now=NOW)
    return made


def reader(
    store: Store,
    address: str,
    newsletter: str = "morning",
    topics: Sequence[str] = (),
    state: SubscriptionState = "confirmed",
) -> Subscriber:
    """A subscriber with one subscription."""
    person = store.subscribers.add(address, now=NOW)
    store.subscriptions.subscribe(person.id, newsletter, topics, state, now=NOW)
    return person


def crowd(store: Store, number: int, newsletter: str = "morning") -> list[Subscriber]:
    """Many confirmed readers, quickly."""
    people = [
        (Subscriber(0, f"reader{i}@example.org"), [Subscription(0, newsletter, "confirmed")]) for i in range(number)
    ]
    store.subscribers.import_many(people, now=NOW)
    return [person for person, _ in store.subscriptions.audience(newsletter)]


def planned(store: Store, edition_id: str, people: Iterable[Subscriber]) -> int:
    """Plan a delivery for each."""
    return store.deliveries.plan(
        edition_id, (Delivery(edition_id, person.id, person.address, "v1") for person in people), now=NOW
    )


#: The claims that tests hold, as senders would: one for each store, edition and owner.
_CLAIMS: WeakKeyDictionary[Store, dict[tuple[str, str], Claim]] = WeakKeyDictionary()


def claim(store: Store, edition_id: str, owner: str, now: datetime, lease: timedelta, limit: int) -> Sequence[Delivery]:
    """Claim up to `limit` deliveries, by the claim that this owner holds or a new one."""
    held = _CLAIMS.setdefault(store, {})
    known = held.get((edition_id, owner))
    if known is not None and known.lease == lease:
        return known.extend(limit, now=now)
    held[edition_id, owner] = new = store.claims.acquire(edition_id, owner, now=now, lease=lease, limit=limit)
    return new.deliveries


def claim_with(store: Store, edition_id: str, owner: str, epoch: int) -> Claim:
    """The claim with this epoch; where its owner has another one by now on this store, a stale copy of it."""
    known = _CLAIMS.setdefault(store, {}).get((edition_id, owner))
    return (
        known if known is not None and known.epoch == epoch else Claim(store.database, edition_id, owner, LEASE, epoch)
    )


def progress(
    store: Store,
    claimed: Sequence[Delivery],
    results: Iterable[DeliveryResult] = (),
    intents: Iterable[Delivery] = (),
    *,
    now: datetime = NOW,
) -> ProgressResult:
    """Record progress by the claim that holds these deliveries."""
    first = claimed[0]
    found = claim_with(store, first.edition_id, first.owner, first.epoch)
    return found.record_progress(list(results), list(intents), now=now)


def result(delivery: Delivery, state: DeliveryState, reason: str = "", later: datetime | None = None) -> DeliveryResult:
    """Return the result of a delivery."""
    return DeliveryResult(delivery.id, state, reason, later)


def accepted(delivery: Delivery, reason: str = "250 ok") -> DeliveryResult:
    """The server took it."""
    return result(delivery, "accepted", reason)
