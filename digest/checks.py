"""Checkup: everything that could go wrong tomorrow morning, looked at today; each finding with its remedy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from digest.errors import DigestError, EditionError, Finding, Severity
from digest.services.deliver import templates

if TYPE_CHECKING:
    from digest.bootstrap import App

#: Editions looked at for messages in doubt.
LATEST: Final = 20


def check(app: App, newsletter: str | None = None) -> Iterator[Finding]:
    """Look at settings, store, outbox or mail server, feeds and mails; the quick things first."""
    yield from _settings(app)
    yield from app.database.check()
    yield from _sending(app)
    yield from _paused(app)
    yield from _in_doubt(app)
    yield from app.deliverability.keys()
    yield from _bounces(app)
    if app.settings.deliver.transport == "smtp":
        yield from app.deliverability.domains()
    yield from templates.check(app.settings, app.rendering.folders)
    yield from _logos(app)
    yield from _feeds(app)
    yield from _mails(app, newsletter)


def _settings(app: App) -> Iterator[Finding]:
    settings = app.settings
    yield Finding("settings", f"{settings.path}: read", severity="ok")
    if not settings.newsletters:
        yield Finding("settings", "no newsletter yet", "add a table [newsletters.NAME]", "warning")
    for key, newsletter in settings.newsletters.items():
        empty = [topic for topic in newsletter.topics if not settings.topics[topic].feeds]
        if len(empty) == len(newsletter.topics):
            yield Finding("settings", f"newsletter {key}: no topic of it has a feed", "digest feeds add URL", "warning")
        if newsletter.review != "auto" and not app.notifying.addresses(key):
            yield Finding(
                "settings",
                f"newsletter {key}: drafts wait for review, but nobody is told",
                f"digest editors add NAME ADDRESS, or name them in newsletters.{key}.editors",
                "warning",
            )
        if not (newsletter.postal_address or settings.site.postal_address):
            yield Finding(
                "settings",
                f"newsletter {key}: no postal address",
                "set site.postal_address: many countries' laws ask for one in every mail",
                "warning",
            )
    if settings.deliver.transport == "smtp" and not settings.site.base_url.startswith("https://"):
        yield Finding(
            "settings",
            f"site.base_url = {settings.site.base_url}: readers' links would not be safe",
            "set it to the https address where readers reach this program",
        )


def _sending(app: App) -> Iterator[Finding]:
    if reason := app.scheduling.sending_paused():
        yield Finding("sending", f"all sending is paused: {reason}", "digest schedule pause --resume", "warning")
    if app.settings.deliver.transport == "outbox":
        yield _writable(app.settings.deliver.outbox)
        return
    yield from app.deliverability.servers()


def _paused(app: App) -> Iterator[Finding]:
    """Editions that wait for a person in the middle of being sent."""
    from digest.services.deliver.sending import PAUSED_BY_HAND

    for edition in app.editions.paused():
        severity: Severity = "warning" if edition.reason == PAUSED_BY_HAND else "error"
        counts = app.sending.counts(edition)
        left = sum(counts.get(state, 0) for state in ("planned", "deferred"))
        what = f"{edition.id} is paused, {left} of {sum(counts.values())} messages to go: {edition.reason}"
        yield Finding("sending", what, f"put that right, then: digest deliver {edition.id} --resume", severity)


def _in_doubt(app: App) -> Iterator[Finding]:
    """Latest editions with messages that may have arrived or not."""
    for edition in app.editions.recent(LATEST):
        doubt = app.sending.counts(edition).get("unknown", 0) if edition.state == "sent" else 0
        if doubt:
            what = f"{edition.id} was sent, but {doubt} of its messages may have arrived or not: no answer came"
            remedy = f"look at: digest deliveries {edition.id}; send again: digest deliver {edition.id} --in-doubt"
            yield Finding("sending", what, remedy, "warning")


def _bounces(app: App) -> Iterator[Finding]:
    """The mailbox that returned mail comes to, where there is one."""
    if not app.settings.bounces.host:
        return
    try:
        waiting = app.returned_mail.waiting()
    except DigestError as error:
        yield Finding("bounces", error.message, error.remedy or "see [bounces] in settings.toml")
    else:
        settings = app.settings.bounces
        yield Finding(
            "bounces",
            f"{settings.host}:{settings.port}: signs us in; mails in {settings.folder}: {waiting}",
            severity="ok",
        )


def _writable(folder: Path) -> Finding:
    there = folder if folder.exists() else folder.parent
    if os.access(there, os.W_OK):
        return Finding("sending", f"messages go to files in {folder}", severity="ok")
    return Finding("sending", f"{folder} cannot be written", "change deliver.outbox, or the folder's rights")


def _feeds(app: App) -> Iterator[Finding]:
    issues = app.feeds.issues()
    for issue in issues:
        yield issue.finding()
    unhealthy = {issue.source for issue in issues}
    for listed in app.feeds.listing()[0]:
        if listed.feed.last_checked is None:
            yield Finding("feeds", f"{listed.feed.url}: never polled yet", "digest collect", "warning")
        elif listed.feed.url not in unhealthy:
            yield Finding("feeds", listed.feed.url, severity="ok")


def _logos(app: App) -> Iterator[Finding]:
    """The newsletters' logos, read or fetched as for a mail."""
    for key, newsletter in app.settings.newsletters.items():
        source = newsletter.brand.logo
        try:
            if source and app.pictures.logo(source) is None:
                problem = f"newsletter {key}: brand.logo: {source} gives no picture"
                yield Finding("templates", problem, "open it in a browser, or give a file", "warning")
        except DigestError as error:
            yield Finding("templates", f"newsletter {key}: {error.message}", error.remedy)


def _mails(app: App, newsletter: str | None) -> Iterator[Finding]:
    """The newest edition of each newsletter, rendered as it would be sent."""
    for key in [newsletter] if newsletter else list(app.settings.newsletters):
        try:
            edition = app.editions.get(key)
            rendered = app.rendering.render(edition)
        except EditionError:  # none yet
            severity: Severity = "warning" if newsletter is None else "error"
            yield Finding("mail", f"newsletter {key} has no edition yet to look at", f"digest compose {key}", severity)
            continue
        except DigestError as error:
            yield Finding("mail", f"{key}: {error.message}", error.remedy or "see settings.toml")
            continue
        for problem in rendered.problems:
            yield replace(problem, where="mail", problem=f"{edition.id}: {problem.problem}")
        if not rendered.problems:
            yield Finding("mail", f"{edition.id}: passes every check", severity="ok")
