"""Compose an edition: its slot, the window of its articles and the ledger; the choice of stories itself is pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from digest.collect.article import Article
from digest.collect.entry import Entry
from digest.collect.feed import Feed
from digest.collect.lead import choose as choose_lead
from digest.compose import slot as slots
from digest.compose.composer import Brief, Composed
from digest.compose.composer import compose as choose
from digest.compose.edition import EDITABLE, Edition, edition_id, moved
from digest.compose.ledger import Told, remember
from digest.compose.review import first_state
from digest.compose.slot import Slot
from digest.compose.story import Candidate
from digest.errors import EditionError
from digest.services.compose.llm_leads import AskWriter, with_written_leads
from digest.services.newsletters import calendar_of, feeds_of, newsletter_of, policy_of
from digest.settings import Settings
from digest.settings.model import LeadSettings
from digest.store.ledger import PRINTED, LedgerRow

if TYPE_CHECKING:
    from digest.store import Store

#: A story printed longer ago than this may come back.
MEMORY: Final = timedelta(days=14)
#: Windows end this much after the cut-off, so that an article first seen exactly then is in.
INSTANT: Final = timedelta(microseconds=1)
#: The length that articles get a lead for when they are read (`extract.assemble.LeadTarget`).
USUAL_LEAD: Final = LeadSettings(sentences=2, characters=280)


def brief_of(settings: Settings, key: str) -> Brief:
    """Return the brief of a newsletter for its editions."""
    newsletter = newsletter_of(settings, key)
    topics = {topic: settings.topics[topic] for topic in newsletter.topics}
    return Brief(
        key=key,
        title=newsletter.title,
        language=newsletter.language,
        timezone=newsletter.timezone,
        topics=topics,
        limits={topic: topics[topic].limit for topic in topics},
        per_outlet=newsletter.outlet_limit,
        max_stories=newsletter.max_stories,
        min_stories=newsletter.min_stories,
        max_age=newsletter.max_age,
    )


def choose_slot(store: Store, settings: Settings, key: str, now: datetime) -> Slot:
    """Return the slot that composing by hand means: the one just due, or else the next. Repeated calls agree.

    A due slot before whose cut-off nothing at all was collected is passed over: a person who starts with digest at
    eight wants to see the articles there are, not an empty edition of seven.
    """
    newsletter = newsletter_of(settings, key)
    calendar = calendar_of(newsletter)
    just_due = slots.due(calendar, now, (), since=now - calendar.max_late - timedelta(days=1)).slot
    if just_due is not None and (
        store.editions.get(edition_id(key, just_due.local)) is not None
        or store.articles.candidates(
            list(feeds_of(settings, newsletter)), just_due.cut_off - newsletter.max_age, just_due.cut_off + INSTANT
        )
    ):
        return just_due
    coming = next((slot for slot in slots.slots(calendar, now) if not slot.closed and slot != just_due), None)
    if coming is None:
        raise EditionError(
            f"newsletter {key!r} has no slot within {slots.HORIZON.days} days", "see its days and pauses"
        )
    return coming


def compose(
    store: Store,
    settings: Settings,
    key: str,
    slot: Slot,
    *,
    now: datetime,
    author: str = "schedule",
    writer: AskWriter | None = None,
) -> Edition:
    """Compose, freeze and store the edition of a slot with the reasons of its choice; return it as stored.

    The content is what was first seen until the cut-off (or `now`, when that is earlier). An edition with too few
    stories is stored as skipped once the cut-off has passed; before, it is only returned, as more articles may come.
    `writer` writes leads of the printed stories (`llm_leads`). Raises EditConflict when the slot already has one.
    """
    composed = draft(store, settings, key, slot, now=now)
    edition = composed.edition
    if edition.state == "skipped" and now < slot.cut_off:
        return edition
    if edition.state != "skipped":
        if writer is not None:
            composed = with_written_leads(composed, writer, newsletter_of(settings, key).lead)
            edition = composed.edition
        state = first_state(policy_of(newsletter_of(settings, key)))
        edition = moved(edition, state)
        if state == "approved":
            edition = replace(edition, approved_hash=edition.content_hash, approved_by="policy: review = auto")
    why = json.dumps({"edition": edition.id, "candidates": composed.why}, ensure_ascii=False, sort_keys=True)
    store.editions.create(edition, why, now=now, author=author, ledger=ledger_rows(edition, composed.texts))
    return edition


def draft(store: Store, settings: Settings, key: str, slot: Slot, *, now: datetime) -> Composed:
    """Return the edition that composing a slot now would give, without storing it."""
    newsletter = newsletter_of(settings, key)
    calendar = calendar_of(newsletter)
    carried = {taken.slot for taken in store.slots.of(key) if taken.outcome == "skipped"}
    until = min(slot.cut_off, now)
    since = slots.window_start(calendar, replace(slot, cut_off=until), carried, newsletter.max_age)
    feeds = feeds_of(settings, newsletter)
    known = store.feeds.get(feeds)
    read = store.articles.candidates(list(feeds), since, until + INSTANT)
    candidates = [_candidate(entries, with_lead(article, newsletter.lead), feeds, known) for entries, article in read]
    return choose(brief_of(settings, key), slot, candidates, printed_before(store, key, slot), now=now)


def printed_before(store: Store, key: str, slot: Slot) -> list[Told]:
    """Return the stories of this newsletter's earlier editions, each once."""
    this = edition_id(key, slot.local)
    rows = store.ledger.since(key, slot.send_at - MEMORY)
    stories = {(row.edition_id, row.story_key): row.fingerprint for row in rows if row.edition_id != this}
    return [told_of(json.loads(fingerprint)) for fingerprint in stories.values()]


def ledger_rows(edition: Edition, texts: Mapping[str, str]) -> list[LedgerRow]:
    """Return the ledger rows that are stored with an edition; they count once it is approved.

    `texts` holds what the ledger keeps of the articles of each story, by the story's key.
    """
    rows = []
    for story in edition.stories:
        printed_story = remember(story, edition.id, edition.send_at, texts.get(story.key, ""))
        fingerprint = json.dumps(
            {name: getattr(printed_story, name) for name in printed_story.__slots__}, ensure_ascii=False, default=_iso
        )
        urls = story.article_keys or (story.url,)
        rows += [LedgerRow(story.key, url, story.title, story.lead, fingerprint) for url in urls]
    return rows


def kept_texts(store: Store, edition: Edition) -> dict[str, str]:
    """Return the texts that the ledger has of an edition's stories, by the story's key."""
    rows = store.ledger.since(edition.newsletter, edition.send_at, EDITABLE | set(PRINTED))
    return {row.story_key: json.loads(row.fingerprint).get("text", "") for row in rows if row.edition_id == edition.id}


def with_lead(article: Article, settings: LeadSettings) -> Article:
    """Return the article with a lead as long as a newsletter's settings say; articles are read for the default length.

    A lead written by an editor or a language model stays.
    """
    if settings == USUAL_LEAD or not article.text or article.lead.rung in ("editor", "llm", "title"):
        return article
    lead = choose_lead(
        article.text,
        article.title,
        article.language,
        sentences=settings.sentences,
        characters=settings.characters,
        standfirst=article.standfirst,
        rung=article.lead.rung,
    )
    return replace(article, lead=lead) if lead.sentences else article


def _iso(value: Any) -> str:
    return str(value.isoformat())


def told_of(facts: dict[str, Any]) -> Told:
    """Return a story of the ledger as `ledger_rows` stored it."""
    lists = {name: tuple(facts[name]) for name in ("article_keys", "fingerprint")}
    return Told(**{**facts, **lists, "at": datetime.fromisoformat(facts["at"])})


def _candidate(
    entries: Sequence[Entry],
    article: Article,
    feeds: dict[str, tuple[float, tuple[str, ...]]],
    known: Mapping[str, Feed],
) -> Candidate:
    """Return an article as a candidate, with topics, weight and categories of all the feeds that carry it."""
    first = entries[0]
    carrying = [feeds[entry.feed_url] for entry in entries if entry.feed_url in feeds]
    topics = tuple(dict.fromkeys(topic for _, brought in carrying for topic in brought))
    assert first.first_seen is not None  # the store sets it
    return Candidate(
        key=first.canonical_url or article.url or f"{first.feed_url}#{first.key}",
        article=replace(article, title=article.title or first.title, url=article.url or first.url),
        feed_url=first.feed_url,
        outlet=outlet_of(article, known.get(first.feed_url)),
        first_seen=first.first_seen,
        topics=topics,
        published=article.published or first.published,
        position=min(entry.position for entry in entries),
        weight=max((weight for weight, _ in carrying), default=1.0),
        categories=tuple(dict.fromkeys(category for entry in entries for category in entry.categories)),
    )


def outlet_of(article: Article, feed: Feed | None) -> str:
    """Return the outlet's name: from the page, or else the feed's title, or else the host."""
    if article.site_name:
        return article.site_name
    if feed is not None and feed.title:
        return feed.title
    return (urlsplit(article.url).hostname or article.source).removeprefix("www.")
