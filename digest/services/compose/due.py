"""Due work: slots to compose and policies to apply. Calendar and policy decide what is due, the store who does it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from digest import events
from digest.compose.edition import Edition
from digest.compose.review import next_step
from digest.compose.slot import due
from digest.errors import AlreadySent, DigestError, EditConflict, EditionError
from digest.services.compose.compose_edition import compose
from digest.services.compose.llm_leads import AskWriter
from digest.services.newsletters import calendar_of, policy_of
from digest.settings import Settings
from digest.store.leases import IsGone, nobody_is_gone

if TYPE_CHECKING:
    from digest.store import Store

#: Tells editors that an edition waits, and why they hear it now.
Remind = Callable[[Edition, str], None]

#: After downtime longer than this, older slots are not even recorded.
LOOK_BACK: Final = timedelta(days=7)


Outcome = Literal["composed", "skipped", "approved", "reminded", "missed", "failed"]
#: The log event of each outcome.
EVENT_OF: Final[Mapping[Outcome, str]] = {
    "composed": events.EDITION_COMPOSED,
    "skipped": events.EDITION_SKIPPED,
    "approved": events.EDITION_APPROVED,
    "reminded": events.EDITION_REMINDED,
    "missed": events.SLOT_MISSED,
    "failed": events.EDITION_FAILED,
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One change of an edition or slot, with its reason."""

    edition_id: str
    what: Outcome
    reason: str = ""


def compose_due(
    store: Store,
    settings: Settings,
    now: datetime,
    since: Callable[[str], datetime],
    author: str = "schedule",
    writer: AskWriter | None = None,
    owner: str = "",
    is_gone: IsGone = nobody_is_gone,
) -> list[Happened]:
    """Compose every slot that is due and not taken; record those missed in downtime.

    `since` returns from when on a newsletter's slots count. Of several processes, the one that inserts the unique slot
    row composes. A slot whose process died without an outcome is taken over when its lease ends, or at once when that
    process certainly `is_gone` or was this `owner` itself (an error on the way). Editions too late to send are skipped
    first: their stories go into what is composed next.
    """
    happened = _skip_due(store, settings, now)
    for key, newsletter in settings.newsletters.items():
        calendar = calendar_of(newsletter)
        start = max(since(key), now - LOOK_BACK)
        decided = {slot.slot for slot in store.slots.of(key) if slot.outcome}
        due_slots = due(calendar, now, decided, start)
        for slot in due_slots.missed:
            if now < slot.send_at:
                continue  # a closed slot is recorded when its time has come
            if not store.slots.claim(key, slot.key, now, owner=owner, is_gone=is_gone):
                continue  # another process composes or records it
            reason = slot.closed or "the program was not running at its time"
            store.slots.decide(key, slot.key, "skipped", reason, now=now)
            happened.append(Happened(f"{key} {slot.key}", "missed", reason))
        if due_slots.slot is None:
            continue
        if not store.slots.claim(key, due_slots.slot.key, now, owner=owner, is_gone=is_gone):
            continue
        try:
            edition = compose(store, settings, key, due_slots.slot, now=now, author=author, writer=writer)
        except EditConflict:
            continue  # an editor has composed it by hand since
        what: Outcome = "skipped" if edition.state == "skipped" else "composed"
        happened.append(Happened(edition.id, what, edition.reason))
    return happened


def review_due(store: Store, settings: Settings, now: datetime, remind: Remind) -> tuple[list[Happened], list[str]]:
    """Apply each newsletter's policy to its open editions; return what happened, and the ids to be sent now."""
    happened: list[Happened] = []
    ready: list[str] = []
    for edition in store.editions.in_state("draft", "in_review", "approved", "sending"):
        newsletter = settings.newsletters.get(edition.newsletter)
        if newsletter is None:
            continue
        reminded = _reminders(store, edition)
        step = next_step(edition, policy_of(newsletter), now, reminded)
        if step.do == "send":
            ready.append(edition.id)
        elif step.do == "approve":
            try:
                store.editions.approve(edition.id, edition.content_hash, f"policy: {step.reason}", now=now)
            except (AlreadySent, EditConflict):
                continue  # another process was faster, or an editor changed it: the next run decides
            except EditionError as error:
                happened.append(Happened(edition.id, "failed", str(error)))
                continue
            happened.append(Happened(edition.id, "approved", step.reason))
            ready.append(edition.id)
        elif step.do == "skip":
            happened += _skip(store, edition, step.reason, now)
        elif step.do == "remind" and store.editions.note_once(
            edition.id, "schedule", json.dumps({"do": "remind", "number": reminded + 1}), now=now
        ):
            try:
                remind(edition, step.reason)
            except DigestError as error:  # a failing mail server of editors must not stop the others
                happened.append(Happened(edition.id, "failed", f"reminder: {error}"))
            happened.append(Happened(edition.id, "reminded", step.reason))
    return happened, ready


def _skip_due(store: Store, settings: Settings, now: datetime) -> list[Happened]:
    """Skip the editions that their newsletter's policy skips by now."""
    happened: list[Happened] = []
    for edition in store.editions.in_state("draft", "in_review", "approved"):
        if newsletter := settings.newsletters.get(edition.newsletter):
            step = next_step(edition, policy_of(newsletter), now)
            happened += _skip(store, edition, step.reason, now) if step.do == "skip" else []
    return happened


def _skip(store: Store, edition: Edition, reason: str, now: datetime) -> list[Happened]:
    if not store.editions.set_state(
        edition.id, ("draft", "in_review", "approved"), "skipped", reason, now=now, author="policy"
    ):
        return []  # it was sent or cancelled since
    store.slots.decide(edition.newsletter, edition.slot, "skipped", reason, now=now, edition_id=edition.id)
    return [Happened(edition.id, "skipped", reason)]


def _reminders(store: Store, edition: Edition) -> int:
    actions = (json.loads(record.action) for record in store.editions.versions(edition.id))
    return sum(1 for action in actions if action.get("do") == "remind")
