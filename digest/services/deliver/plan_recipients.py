"""Planning: who gets an edition, and in which variant, is frozen when it is approved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from digest.compose.edition import Edition
from digest.deliver.audience import AudienceMember, Variant, VariantOptions
from digest.deliver.audience import plan as plan_deliveries
from digest.deliver.delivery import Delivery
from digest.deliver.subscriber import Subscriber, Subscription
from digest.failpoint import fault_point
from digest.gc_pause import paused_collection
from digest.services.deliver.overlap import Elsewhere

if TYPE_CHECKING:
    from digest.store import Store


def plan(
    store: Store,
    edition: Edition,
    readers: Iterable[tuple[Subscriber, Subscription]],
    options: VariantOptions,
    now: datetime,
) -> int:
    """Freeze who gets an edition; planning again adds who is missing and changes nothing else."""
    with paused_collection():
        count = store.deliveries.plan(edition.id, recipients(store, edition, readers, options, now), now=now)
    fault_point("deliver.planned")
    return count


def recipients(
    store: Store,
    edition: Edition,
    readers: Iterable[tuple[Subscriber, Subscription]],
    options: VariantOptions,
    now: datetime,
) -> Iterator[Delivery]:
    """Who gets an edition, and in which variant, as planning would freeze it; `readers` come by number."""
    stream = (AudienceMember(person, wish) for person, wish in readers)
    return plan_deliveries(edition, stream, options, now, Elsewhere(store, edition))


def give_back(
    store: Store,
    edition: Edition,
    readers: Iterable[tuple[Subscriber, Subscription]],
    options: VariantOptions,
    now: datetime,
) -> int:
    """Put back what was left out for the sake of another newsletter that does not come after all; for how many readers.

    Only gives: nobody loses a story here, and who has been handed anything stays as they are.
    """
    everything = {story.key for story in edition.stories}
    if all(_shown(variant, edition) == everything for variant in store.deliveries.variants(edition.id)):
        return 0
    wanted = recipients(store, edition, readers, options, now)
    return store.deliveries.revise(edition.id, _fuller(store.deliveries.listing(edition.id), wanted, edition), now=now)


def _fuller(planned: Iterator[Delivery], wanted: Iterable[Delivery], edition: Edition) -> Iterator[Delivery]:
    """Those of `wanted` that show more than the same reader's planned row; both come by reader."""
    shown = cache(lambda variant: _shown(variant, edition))
    row = next(planned, None)
    for delivery in wanted:
        while row is not None and row.subscriber_id < delivery.subscriber_id:
            row = next(planned, None)
        if row is None:
            return
        same = row.subscriber_id == delivery.subscriber_id
        if same and delivery.state == "planned" and shown(row.variant) < shown(delivery.variant):
            yield delivery


def _shown(variant: str, edition: Edition) -> set[str]:
    """The keys of the stories that a variant shows."""
    wish = Variant.parse(variant)
    return {story.key for section in wish.sections(edition) for story in section.stories}.difference(wish.without)
