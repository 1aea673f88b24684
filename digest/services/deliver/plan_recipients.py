"""Plan recipients: an approval freezes who gets an edition, and in which variant."""

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
from digest.services.deliver.overlap import Overlap

if TYPE_CHECKING:
    from digest.store import Store


def plan(
    store: Store,
    edition: Edition,
    readers: Iterable[tuple[Subscriber, Subscription]],
    options: VariantOptions,
    now: datetime,
) -> int:
    """Freeze the recipients of an edition; return how many are new. Planning again adds missing ones alone."""
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
    """Yield the deliveries that planning would freeze; `readers` come by ascending subscriber id."""
    stream = (AudienceMember(subscriber, subscription) for subscriber, subscription in readers)
    return plan_deliveries(edition, stream, options, now, Overlap(store, edition))


def give_back(
    store: Store,
    edition: Edition,
    readers: Iterable[tuple[Subscriber, Subscription]],
    options: VariantOptions,
    now: datetime,
) -> int:
    """Give back stories left out for another newsletter that does not come after all; return for how many readers.

    Nobody loses a story here, and a delivery that was tried stays as it is.
    """
    everything = {story.key for story in edition.stories}
    if all(_shown(variant, edition) == everything for variant in store.deliveries.variants(edition.id)):
        return 0
    revised = recipients(store, edition, readers, options, now)
    return store.deliveries.revise(edition.id, _fuller(store.deliveries.listing(edition.id), revised, edition), now=now)


def _fuller(planned: Iterator[Delivery], revised: Iterable[Delivery], edition: Edition) -> Iterator[Delivery]:
    """Yield those of `revised` that show more than the subscriber's planned row; both come by subscriber id."""
    shown = cache(lambda variant: _shown(variant, edition))
    row = next(planned, None)
    for delivery in revised:
        while row is not None and row.subscriber_id < delivery.subscriber_id:
            row = next(planned, None)
        if row is None:
            return
        same = row.subscriber_id == delivery.subscriber_id
        if same and delivery.state == "planned" and shown(row.variant) < shown(delivery.variant):
            yield delivery


def _shown(variant: str, edition: Edition) -> set[str]:
    """Return the keys of the stories that a variant shows."""
    parsed = Variant.parse(variant)
    return {story.key for section in parsed.sections(edition) for story in section.stories}.difference(parsed.without)
