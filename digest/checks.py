"""Checkup: everything that could go wrong tomorrow morning, looked at today; each finding with its remedy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from digest.errors import DigestError, EditionError, SettingsError

if TYPE_CHECKING:
    from digest.bootstrap import App

#: Domains that RFC 2606 and RFC 6761 keep for examples and tests.
RESERVED = ("example", "example.org", "example.com", "example.net", "test", "invalid", "localhost")

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` says what to do; "" when all is well."""

    area: str
    level: Level
    message: str
    remedy: str = ""


def check(app: App, newsletter: str | None = None) -> Iterator[Finding]:
    """Look at settings, store, outbox or mail server, feeds and mails; the quick things first."""
    yield from _settings(app)
    for found in app.database.check():
        yield Finding("store", found.level, found.what, found.remedy)
    yield from _sending(app)
    yield from _paused(app)
    yield from _signing(app)
    yield from _returns(app)
    if app.settings.deliver.transport == "smtp":
        yield from _domains(app)
    yield from _templates(app)
    yield from _feeds(app)
    yield from _mails(app, newsletter)


def _settings(app: App) -> Iterator[Finding]:
    settings = app.settings
    yield Finding("settings", "ok", f"{settings.path}: read")
    if not settings.newsletters:
        yield Finding("settings", "warning", "no newsletter yet", "add a table [newsletters.NAME]")
    for key, newsletter in settings.newsletters.items():
        empty = [topic for topic in newsletter.topics if not settings.topics[topic].feeds]
        if len(empty) == len(newsletter.topics):
            yield Finding("settings", "warning", f"newsletter {key}: no topic of it has a feed", "digest feeds add URL")
        if newsletter.review != "auto" and not app.notifying.addresses(key):
            yield Finding(
                "settings",
                "warning",
                f"newsletter {key}: drafts wait for review, but nobody is told",
                f"digest editors add NAME ADDRESS, or name them in newsletters.{key}.editors",
            )
        if not (newsletter.postal_address or settings.site.postal_address):
            yield Finding(
                "settings",
                "warning",
                f"newsletter {key}: no postal address",
                "set site.postal_address: many countries' laws ask for one in every mail",
            )
    if settings.deliver.transport == "smtp" and not settings.site.base_url.startswith("https://"):
        yield Finding(
            "settings",
            "error",
            f"site.base_url = {settings.site.base_url}: readers' links would not be safe",
            "set it to the https address where readers reach this program",
        )


def _sending(app: App) -> Iterator[Finding]:
    if reason := app.scheduling.sending_paused():
        yield Finding("sending", "warning", f"all sending is paused: {reason}", "digest schedule pause --resume")
    if app.settings.deliver.transport == "outbox":
        yield _writable(app.settings.deliver.outbox)
        return
    from digest.deliver.smtp.connect import ConnectError, open_connection
    from digest.services.transports import relay

    for server in app.settings.servers:
        if server.ca_file is not None and not server.ca_file.is_file():
            missing = f"{server.host}:{server.port}: ca_file {server.ca_file} is not there"
            yield Finding("smtp", "error", missing, "name a file with the server's certificate, or none")
            continue
        try:
            opened = open_connection(relay(server, app.settings))
        except ConnectError as error:
            yield Finding("smtp", "error", f"{server.host}:{server.port}: {error}", "see [smtp] in settings.toml")
            continue
        opened.sock.close()
        features = [name for name, has in (("PIPELINING", opened.pipelining), ("SMTPUTF8", opened.smtputf8)) if has]
        found = ["answers", *(["signs us in"] if server.username else []), *(features or ["plain"])]
        yield Finding("smtp", "ok", f"{server.host}:{server.port}: {', '.join(found)}")


def _paused(app: App) -> Iterator[Finding]:
    """Editions that wait for a person in the middle of being sent."""
    from digest.services.sending import PAUSED_BY_HAND

    for edition in app.editions.paused():
        level: Level = "warning" if edition.reason == PAUSED_BY_HAND else "error"
        counts = app.sending.counts(edition)
        left = sum(counts.get(state, 0) for state in ("planned", "deferred"))
        what = f"{edition.id} is paused, {left} of {sum(counts.values())} messages to go: {edition.reason}"
        yield Finding("sending", level, what, f"put that right, then: digest deliver {edition.id} --resume")


def _signing(app: App) -> Iterator[Finding]:
    """The keys of `[dkim.*]`: with one that cannot be used nothing is sent."""
    try:
        keys = app.messages.signer.keys if app.messages.signer else ()
    except SettingsError as error:
        what, _, remedy = str(error).rpartition("; ")
        yield Finding("dkim", "error", what or remedy, remedy if what else "see [dkim] in settings.toml")
    else:
        for key in keys:
            yield Finding("dkim", "ok", f"{key.record_name}: signs every message")


def _returns(app: App) -> Iterator[Finding]:
    """The mailbox that returned mail comes to, where there is one."""
    if not app.settings.bounces.host:
        return
    try:
        waiting = app.returned_mail.waiting()
    except DigestError as error:
        yield Finding("bounces", "error", str(error), "see [bounces] in settings.toml")
    else:
        asked = app.settings.bounces
        yield Finding("bounces", "ok", f"{asked.host}:{asked.port}: signs us in; mails in {asked.folder}: {waiting}")


def _domains(app: App) -> Iterator[Finding]:
    """What DNS says of each sending domain, compared with the settings."""
    from digest.deliver.domain.dns import look_up
    from digest.deliver.domain.findings import Wanted, judge

    try:
        signer = app.messages.signer
    except SettingsError:  # told already
        signer = None
    keys = {key.record_name.lower(): key.record for key in signer.keys} if signer else {}
    envelope = app.messages.return_path.domain.lower()
    senders = {newsletter.sender.address.rpartition("@")[2].lower() for newsletter in app.settings.newsletters.values()}
    host = app.settings.smtp.host
    for sender in sorted(senders):
        if any(sender == name or sender.endswith("." + name) for name in RESERVED):
            remedy = "set newsletters' sender and site.mailbox to addresses of your own domain"
            yield Finding("dns", "error", f"{sender} is a name for examples: no mail of it will be taken", remedy)
            continue
        wanted = Wanted(sender, envelope, keys, host if "." in host and not host.startswith("127.") else "")
        for found in judge(wanted, look_up(wanted, app.settings.deliver.name_servers)):
            yield Finding("dns", found.level, found.message, found.remedy)


def _writable(folder: Path) -> Finding:
    there = folder if folder.exists() else folder.parent
    if os.access(there, os.W_OK):
        return Finding("sending", "ok", f"messages go to files in {folder}")
    return Finding("sending", "error", f"{folder} cannot be written", "change deliver.outbox, or the folder's rights")


def _templates(app: App) -> Iterator[Finding]:
    """The user's own mail templates, and each newsletter's theme and language."""
    from digest.deliver.render import templates
    from digest.text.locale import locale

    folders = app.rendering.folders
    wrong = templates.faults(folders)
    for fault in wrong:
        yield Finding("templates", "error", f"{fault.file}, line {fault.line}: {fault.message}", fault.remedy)
    if folders and not wrong:
        yield Finding("templates", "ok", f"{folders[0]}: no mistakes found")
    for key, newsletter in app.settings.newsletters.items():
        try:
            templates.theme(newsletter.theme, folders)
        except DigestError as error:
            yield Finding("templates", "error", f"newsletter {key}: {error}", f"set newsletters.{key}.theme")
        if not locale(newsletter.language, folders).translated:
            yield Finding(
                "templates",
                "warning",
                f"newsletter {key}: there are no words in '{newsletter.language}' yet, so the mail's own are English",
                f"translate into templates/locale/{newsletter.language}/LC_MESSAGES/digest.po",
            )


def _feeds(app: App) -> Iterator[Finding]:
    issues = app.feeds.issues()
    for issue in issues:
        yield Finding("feeds", "error" if issue.grave else "warning", str(issue), issue.remedy)
    sick = {issue.source for issue in issues}
    for listed in app.feeds.listing()[0]:
        if listed.feed.last_checked is None:
            yield Finding("feeds", "warning", f"{listed.feed.url}: never polled yet", "digest collect")
        elif listed.feed.url not in sick:
            yield Finding("feeds", "ok", listed.feed.url)


def _mails(app: App, newsletter: str | None) -> Iterator[Finding]:
    """The newest edition of each newsletter, rendered as it would be sent."""
    for key in [newsletter] if newsletter else list(app.settings.newsletters):
        try:
            edition = app.editions.get(key)
            rendered = app.rendering.render(edition)
        except EditionError:  # none yet
            level: Level = "warning" if newsletter is None else "error"
            yield Finding("mail", level, f"newsletter {key} has no edition yet to look at", f"digest compose {key}")
            continue
        except DigestError as error:
            what, _, remedy = str(error).rpartition("; ")
            yield Finding("mail", "error", f"{key}: {what or remedy}", remedy if what else "see settings.toml")
            continue
        for problem in rendered.problems:
            level = "error" if problem.blocking else "warning"
            yield Finding("mail", level, f"{edition.id}: {problem.message}", problem.remedy)
        if not rendered.problems:
            yield Finding("mail", "ok", f"{edition.id}: passes every check")
