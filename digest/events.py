"""Log events: the stable names that operators filter by, with their fields. Pure.

`docs/log-events.md` lists them; a test keeps this module, that page and the code in step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

BOUNCES_INGESTED: Final = "bounces.ingested"
DELIVERY_FAILED: Final = "delivery.failed"
DELIVERY_FINISHED: Final = "delivery.finished"
DELIVERY_IN_DOUBT: Final = "delivery.in_doubt"
EDITION_APPROVED: Final = "edition.approved"
EDITION_COMPOSED: Final = "edition.composed"
EDITION_FAILED: Final = "edition.failed"
EDITION_PAUSED: Final = "edition.paused"
EDITION_REMINDED: Final = "edition.reminded"
EDITION_SKIPPED: Final = "edition.skipped"
EDITION_WAITING: Final = "edition.waiting"
FEED_UNHEALTHY: Final = "feed.unhealthy"
FEEDS_COLLECTED: Final = "feeds.collected"
JOB_FAILED: Final = "job.failed"
NOTIFICATION_FAILED: Final = "notification.failed"
NOTIFICATION_NO_RECIPIENTS: Final = "notification.no_recipients"
NOTIFICATION_SENT: Final = "notification.sent"
RETENTION_PRUNED: Final = "retention.pruned"
SLOT_MISSED: Final = "slot.missed"
WEBHOOK_REFUSED: Final = "webhook.refused"


@dataclass(frozen=True, slots=True)
class Event:
    """The meaning of one event, and the fields that it may have besides level and time."""

    meaning: str
    fields: tuple[str, ...]


EVENTS: Final[Mapping[str, Event]] = {
    BOUNCES_INGESTED: Event(
        "Returned mail was read from the mailbox, or a mail service reported some.", ("source", "changed", "effects")
    ),
    DELIVERY_FAILED: Event("An edition could not be sent now; the next run tries again.", ("edition", "reason")),
    DELIVERY_FINISHED: Event(
        "A run of sending ended; `stopped` says why it ended early.", ("edition", "state", "sent", "stopped")
    ),
    DELIVERY_IN_DOUBT: Event(
        "The server never answered for some messages: they may have arrived or not.", ("edition", "messages", "remedy")
    ),
    EDITION_APPROVED: Event("A review policy approved an edition.", ("edition", "reason")),
    EDITION_COMPOSED: Event("The edition of a due slot was composed.", ("edition", "reason")),
    EDITION_FAILED: Event("A review policy or a reminder could not be carried out.", ("edition", "reason")),
    EDITION_PAUSED: Event("Sending an edition was paused until a person resumes it.", ("edition", "reason")),
    EDITION_REMINDED: Event("An edition's editors were due a reminder.", ("edition", "reason")),
    EDITION_SKIPPED: Event("An edition will not be sent; its stories go into the next one.", ("edition", "reason")),
    EDITION_WAITING: Event("An edition waits for an editor.", ("edition", "reason", "remedy")),
    FEED_UNHEALTHY: Event("A feed of an edition that waits is not well.", ("feed", "problem", "remedy")),
    FEEDS_COLLECTED: Event("A round of collecting polled some feeds.", ("feeds", "failed", "new", "changed")),
    JOB_FAILED: Event("A job ended with an unexpected error; it runs again at its next time.", ("job", "error")),
    NOTIFICATION_FAILED: Event("A mail to editors was not taken by the mail server.", ("kind", "edition", "reason")),
    NOTIFICATION_NO_RECIPIENTS: Event("A mail to editors had nobody to go to.", ("kind", "edition", "remedy")),
    NOTIFICATION_SENT: Event("Editors were warned of unhealthy feeds before the cut-off.", ("kind", "newsletter")),
    RETENTION_PRUNED: Event("Old texts were forgotten.", ("entries", "articles")),
    SLOT_MISSED: Event("A slot passed without an edition.", ("edition", "reason")),
    WEBHOOK_REFUSED: Event("A webhook did not prove that it comes from the mail service.", ("source", "reason")),
}


def table() -> str:
    """Return the events as a Markdown table, by name."""
    rows = [
        f"| `{name}` | {', '.join(f'`{field}`' for field in event.fields)} | {event.meaning} |"
        for name, event in sorted(EVENTS.items())
    ]
    return "\n".join(["| event | fields | meaning |", "| --- | --- | --- |", *rows]) + "\n"
