"""Memo: a plain mail from the program to an editor, in the newsletter's language; in no edition's books. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

from digest.collect.health import Breach
from digest.compose.edition import Edition
from digest.compose.review import IfUnreviewed
from digest.deliver.mime.headers import checked
from digest.deliver.mime.message import Message
from digest.text.locale import Locale

Fate = IfUnreviewed | Literal[""]


@dataclass(frozen=True, slots=True)
class Memo:
    """What is told. `key` names it: the same memo to the same person is the same message."""

    key: str
    subject: str
    text: str
    sender_name: str
    sender_address: str
    date: datetime


def memo(what: Memo, number: int, address: str) -> Message:
    """One copy, for the person who is `number`th. Raises RenderError for a text that cannot stand in a header.

    `Auto-Submitted` (RFC 3834) keeps holiday answers from coming back.
    """
    mail = EmailMessage(policy=SMTP.clone(max_line_length=76))
    domain = what.sender_address.rpartition("@")[2]
    code = hashlib.blake2b(f"{what.key}\n{address}".encode(), digest_size=12).hexdigest()
    mail["From"] = Address(checked("From", what.sender_name), addr_spec=what.sender_address)
    mail["To"] = Address(addr_spec=address)
    mail["Subject"] = checked("Subject", what.subject)
    mail["Date"] = what.date
    mail["Message-ID"] = f"<{code}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(what.text, cte="quoted-printable")
    return Message(what.key, number, what.sender_address, address, str(mail["Message-ID"]), (mail.as_bytes(),))


def subject(edition: Edition, tongue: Locale) -> str:
    """The subject of a reminder."""
    return tongue.gettext("%(edition)s waits for review", edition=edition.id)


def reminder(edition: Edition, fate: Fate, late: timedelta, sources: Sequence[Breach], tongue: Locale) -> str:
    """The text of a reminder: what is in the edition, what becomes of it, what its sources do otherwise, what to type.

    `fate` is what happens when nobody comes, "" while there is time; `late` how long after its time it may be sent.
    """
    said = [tongue.gettext("This edition still waits for review.") if fate else _waits(edition, tongue)]
    if fate == "send":
        said.append(tongue.gettext("It goes out as it is at its sending time."))
    elif fate == "skip":
        said.append(tongue.gettext("It is skipped at its sending time."))
    elif fate == "hold":
        span = tongue.span(late.total_seconds())
        said.append(
            tongue.gettext("It is not sent without approval, and skipped %(span)s after its sending time.", span=span)
        )
    parts = [_moment(edition.slot, tongue), " ".join(said)]
    parts.append("\n".join(f"{number:2}. {story.title}" for number, story in enumerate(edition.stories, 1)))
    if sources:
        parts.append(f"{tongue.gettext('Sources to look at:')}\n{_listed(sources, tongue)}")
    parts.append(
        _commands(
            (tongue.gettext("Look"), f"digest preview {edition.id}"),
            (tongue.gettext("Change"), f"digest edit {edition.id}"),
            (tongue.gettext("Approve"), f"digest approve {edition.id}"),
        )
    )
    return "\n\n".join(filter(None, parts)) + "\n"


def warning(slot: str, sources: Sequence[Breach], tongue: Locale) -> str:
    """The text of a warning of sources, before the edition of a slot (local ISO time) is composed."""
    said = tongue.gettext("This edition will be composed soon. Its sources do otherwise than they used to:")
    commands = _commands(
        (tongue.gettext("Look"), "digest feeds list"), (tongue.gettext("Try"), "digest feeds test URL")
    )
    return "\n\n".join([_moment(slot, tongue), said, _listed(sources, tongue), commands]) + "\n"


def warned(tongue: Locale) -> str:
    """The subject of a warning."""
    return tongue.gettext("sources to look at")


def halted(edition_id: str, reason: str, counts: Mapping[str, int], tongue: Locale) -> str:
    """The text of a notice that sending stopped: why, how far it came by the states of deliveries, what to type."""
    said = tongue.gettext("Sending %(edition)s was paused, because of this:", edition=edition_id)
    so_far = "\n".join(f"{number:8} {state}" for state, number in sorted(counts.items()) if number)
    commands = _commands(
        (tongue.gettext("Who, and why"), f"digest deliveries {edition_id}"),
        (tongue.gettext("Go on"), f"digest deliver {edition_id} --resume"),
        (tongue.gettext("Give it up"), f"digest deliver {edition_id} --cancel"),
    )
    calm = tongue.gettext("Nobody who waits is forgotten, and nobody gets it twice when it goes on.")
    return "\n\n".join([said, reason, f"{tongue.gettext('So far:')}\n{so_far}", calm, commands]) + "\n"


def paused(edition_id: str, tongue: Locale) -> str:
    """The subject of that notice."""
    return tongue.gettext("sending %(edition)s was paused", edition=edition_id)


def words(breach: Breach, tongue: Locale) -> str:
    """What a source does otherwise, in one clause. What a server or a page said stays as it was said."""
    share, span, usual = tongue.percent(breach.share), tongue.span(breach.seconds), tongue.span(breach.usual)
    number, total = tongue.number(breach.number), tongue.number(breach.total)
    said = {
        "gone": tongue.gettext("gone for good"),
        "failing": tongue.ngettext("failed once", "failed %(n)s times in a row", breach.number),
        "flood": tongue.gettext("brought far more at once than ever; the new entries are held"),
        "silent": tongue.gettext("silent for %(span)s, usually %(usual)s", span=span, usual=usual),
        "undated": tongue.gettext("%(share)s of its entries have no date", share=share),
        "unread": tongue.gettext("%(number)s of %(total)s articles could not be read", number=number, total=total),
    }.get(breach.kind, "")
    return ": ".join(filter(None, (said, breach.detail)))


def _waits(edition: Edition, tongue: Locale) -> str:
    if not edition.stories:
        return tongue.gettext("This edition waits for review, and has no story.")
    stories = tongue.ngettext("%(n)s story", "%(n)s stories", len(edition.stories))
    return tongue.gettext("This edition waits for review: %(stories)s.", stories=stories)


def _listed(sources: Sequence[Breach], tongue: Locale) -> str:
    return "\n".join(f"- {breach.source}: {words(breach, tongue)}" for breach in sources)


def _commands(*lines: tuple[str, str]) -> str:
    width = max(len(label) for label, _ in lines) + 1
    return "\n".join(f"{f'{label}:':<{width}}  {command}" for label, command in lines)


def _moment(slot: str, tongue: Locale) -> str:
    """When an edition is due, as a line of its own."""
    local = datetime.fromisoformat(slot)
    return f"{tongue.full_date(local.date())}, {tongue.time(local)}"
