"""Notification: a plain mail to an editor, in the newsletter's language. It is not a delivery of an edition. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

from digest.collect.health import Issue
from digest.compose.edition import Edition
from digest.compose.review import IfUnreviewed
from digest.deliver.mime.headers import checked
from digest.deliver.mime.message import Message
from digest.text.locale import Locale

ReviewOutcome = IfUnreviewed | Literal[""]


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification. `key` identifies it: the same key and address give the same Message-ID."""

    key: str
    subject: str
    text: str
    sender_name: str
    sender_address: str
    date: datetime


def notification_message(notification: Notification, number: int, address: str) -> Message:
    """Return the copy for the `number`th editor. Raises RenderError for text that is not valid in a header.

    `Auto-Submitted` (RFC 3834) prevents vacation replies.
    """
    mail = EmailMessage(policy=SMTP.clone(max_line_length=76))
    domain = notification.sender_address.rpartition("@")[2]
    code = hashlib.blake2b(f"{notification.key}\n{address}".encode(), digest_size=12).hexdigest()
    mail["From"] = Address(checked("From", notification.sender_name), addr_spec=notification.sender_address)
    mail["To"] = Address(addr_spec=address)
    mail["Subject"] = checked("Subject", notification.subject)
    mail["Date"] = notification.date
    mail["Message-ID"] = f"<{code}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(notification.text, cte="quoted-printable")
    return Message(
        notification.key, number, notification.sender_address, address, str(mail["Message-ID"]), (mail.as_bytes(),)
    )


def reminder_subject(edition: Edition, locale: Locale) -> str:
    """Return the subject of a reminder."""
    return locale.gettext("%(edition)s waits for review", edition=edition.id)


def reminder(edition: Edition, outcome: ReviewOutcome, late: timedelta, issues: Sequence[Issue], locale: Locale) -> str:
    """Return the text of a reminder: the edition's stories, what happens to it, its feed issues, commands to type.

    `outcome` is what happens without a review, "" while there is time; `late` is how long after its time it may be
    sent.
    """
    sentences = [locale.gettext("This edition still waits for review.") if outcome else _waiting(edition, locale)]
    if outcome == "send":
        sentences.append(locale.gettext("It goes out as it is at its sending time."))
    elif outcome == "skip":
        sentences.append(locale.gettext("It is skipped at its sending time."))
    elif outcome == "hold":
        span = locale.span(late.total_seconds())
        sentences.append(
            locale.gettext("It is not sent without approval, and skipped %(span)s after its sending time.", span=span)
        )
    paragraphs = [_due_line(edition.slot, locale), " ".join(sentences)]
    paragraphs.append("\n".join(f"{number:2}. {story.title}" for number, story in enumerate(edition.stories, 1)))
    if issues:
        paragraphs.append(f"{locale.gettext('Sources to look at:')}\n{_issue_list(issues, locale)}")
    paragraphs.append(
        _command_list(
            (locale.gettext("Look"), f"digest preview {edition.id}"),
            (locale.gettext("Change"), f"digest edit {edition.id}"),
            (locale.gettext("Approve"), f"digest approve {edition.id}"),
        )
    )
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def warning(slot: str, issues: Sequence[Issue], locale: Locale) -> str:
    """Return the text of a warning about feeds before the edition of a slot (local ISO time) is composed."""
    intro = locale.gettext("This edition will be composed soon. Its sources do otherwise than they used to:")
    commands = _command_list(
        (locale.gettext("Look"), "digest feeds list"), (locale.gettext("Try"), "digest feeds test URL")
    )
    return "\n\n".join([_due_line(slot, locale), intro, _issue_list(issues, locale), commands]) + "\n"


def warning_subject(locale: Locale) -> str:
    """Return the subject of a warning."""
    return locale.gettext("sources to look at")


def paused(edition_id: str, reason: str, counts: Mapping[str, int], locale: Locale) -> str:
    """Return the text of a notice that sending paused: the reason, deliveries by state, commands to type."""
    intro = locale.gettext("Sending %(edition)s was paused, because of this:", edition=edition_id)
    so_far = "\n".join(f"{number:8} {state}" for state, number in sorted(counts.items()) if number)
    commands = _command_list(
        (locale.gettext("Who, and why"), f"digest deliveries {edition_id}"),
        (locale.gettext("Go on"), f"digest deliver {edition_id} --resume"),
        (locale.gettext("Give it up"), f"digest deliver {edition_id} --cancel"),
    )
    reassurance = locale.gettext("Nobody who waits is forgotten, and nobody gets it twice when it goes on.")
    return "\n\n".join([intro, reason, f"{locale.gettext('So far:')}\n{so_far}", reassurance, commands]) + "\n"


def paused_subject(edition_id: str, locale: Locale) -> str:
    """Return the subject of that notice."""
    return locale.gettext("sending %(edition)s was paused", edition=edition_id)


def in_doubt(edition_id: str, counts: Mapping[str, int], locale: Locale) -> str:
    """Return the text of a notice that messages may have arrived or not: deliveries by state, commands to type."""
    intro = locale.gettext(
        "%(edition)s was sent, but for some messages no answer came: they may have arrived or not.", edition=edition_id
    )
    so_far = "\n".join(f"{number:8} {state}" for state, number in sorted(counts.items()) if number)
    commands = _command_list(
        (locale.gettext("Who, and why"), f"digest deliveries {edition_id} --state unknown"),
        (locale.gettext("Send those again"), f"digest deliver {edition_id} --in-doubt"),
    )
    return "\n\n".join([intro, f"{locale.gettext('So far:')}\n{so_far}", commands]) + "\n"


def in_doubt_subject(edition_id: str, locale: Locale) -> str:
    """Return the subject of that notice."""
    return locale.gettext("%(edition)s: some messages are in doubt", edition=edition_id)


def issue_text(issue: Issue, locale: Locale) -> str:
    """Return one clause on a feed's issue. Text from a server or a page is quoted unchanged."""
    share, span, usual = locale.percent(issue.share), locale.span(issue.seconds), locale.span(issue.usual)
    number, total = locale.number(issue.number), locale.number(issue.total)
    text = {
        "gone": locale.gettext("gone for good"),
        "failing": locale.ngettext("failed once", "failed %(n)s times in a row", issue.number),
        "flood": locale.gettext("brought far more at once than ever; the new entries are held"),
        "silent": locale.gettext("silent for %(span)s, usually %(usual)s", span=span, usual=usual),
        "undated": locale.gettext("%(share)s of its entries have no date", share=share),
        "unread": locale.gettext("%(number)s of %(total)s articles could not be read", number=number, total=total),
    }.get(issue.kind, "")
    return ": ".join(filter(None, (text, issue.detail)))


def _waiting(edition: Edition, locale: Locale) -> str:
    if not edition.stories:
        return locale.gettext("This edition waits for review, and has no story.")
    stories = locale.ngettext("%(n)s story", "%(n)s stories", len(edition.stories))
    return locale.gettext("This edition waits for review: %(stories)s.", stories=stories)


def _issue_list(issues: Sequence[Issue], locale: Locale) -> str:
    return "\n".join(f"- {issue.source}: {issue_text(issue, locale)}" for issue in issues)


def _command_list(*lines: tuple[str, str]) -> str:
    width = max(len(label) for label, _ in lines) + 1
    return "\n".join(f"{f'{label}:':<{width}}  {command}" for label, command in lines)


def _due_line(slot: str, locale: Locale) -> str:
    """Return a line with the date and time an edition is due."""
    local = datetime.fromisoformat(slot)
    return f"{locale.full_date(local.date())}, {locale.time(local)}"
