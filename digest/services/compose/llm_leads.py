"""Written leads: a language model writes leads for the stories of an edition; only grounded ones are taken.

Every story has the article's own sentences as its lead first. When anything goes wrong they stay, and the record of the
story says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from digest.collect.article import Article
from digest.compose.composer import Composed
from digest.compose.edition import EditionStory, frozen
from digest.compose.llm.grounding import Source, refusal, tidied, unfit
from digest.services.context import Context
from digest.settings.model import LeadSettings

if TYPE_CHECKING:
    from digest.compose.llm.client import Reply

#: Asks a language model for a lead from each source; both mappings are by story key.
AskWriter = Callable[[Mapping[str, Source]], Mapping[str, "Reply"]]

#: Characters of an article that are sent: news stands at its head. Claims are checked against this part alone.
SENT: Final = 12_000
#: A text shorter than this many times the length of a lead needs no written one.
WORTHWHILE: Final = 1.5


def lead_writer(context: Context) -> AskWriter | None:
    """Return the writer that `[llm]` configures; None when it is off, and then nothing of it is imported."""
    settings = context.settings.llm
    if not settings.url or not settings.model or not settings.daily:
        return None
    from digest.compose.llm.client import Cache, Service, ask

    store, clock = context.store, context.clock
    cache = Cache(
        load=lambda key: store.articles.cached("written lead", key),
        save=lambda key, value: store.articles.save_cached("written lead", key, value, now=clock()),
        take=lambda: store.rate_limits.allow_in_period("llm requests", clock().date().isoformat(), settings.daily),
    )
    service = Service(
        settings.url,
        settings.model,
        settings.key.get_secret_value(),
        settings.timeout.total_seconds(),
        context.settings.user_agent,
    )
    return lambda sources: ask(sources, service, cache, context.stopping.is_set)


def with_written_leads(composed: Composed, ask: AskWriter, settings: LeadSettings) -> Composed:
    """Return the composition with written leads where they are grounded; the story's record holds the outcome.

    Never raises: an edition without written leads is complete.
    """
    sources = {
        story.key: source_of(story, composed.articles[story.key], settings)
        for story in composed.edition.stories
        if story.key in composed.articles and _worthwhile(composed.articles[story.key], settings)
    }
    if not sources:
        return composed
    unfitting = {key: _refused(reason) for key, source in sources.items() if (reason := unfit(source))}
    try:
        replies = ask({key: source for key, source in sources.items() if key not in unfitting})
        records = unfitting | {key: _record(reply, sources[key]) for key, reply in replies.items()}
    except Exception as error:  # nothing in this feature may cost readers their edition
        records = {key: _refused(f"{type(error).__name__}: {error}"[:200]) for key in sources}
    return _with_records(composed, records)


def source_of(story: EditionStory, article: Article, settings: LeadSettings) -> Source:
    """Return the source that a lead of this story is written from."""
    text = article.text[:SENT]
    return Source(story.title, text, story.lead, article.language, settings.sentences, settings.characters)


def _worthwhile(article: Article, settings: LeadSettings) -> bool:
    """Whether a lead should be written: not from text behind a paywall, over an editor's lead, or for a few lines."""
    by_hand = article.lead.rung in ("editor", "llm")
    return not article.problem and not by_hand and len(article.text) >= WORTHWHILE * settings.characters


def _record(reply: Reply, source: Source) -> dict[str, Any]:
    if reply.problem:
        return _refused(reply.problem)
    answer = tidied(reply.text)
    reason = refusal(answer, source)
    return {"taken": not reason, "reason": reason, "text": answer, "kept": reply.cached}


def _refused(reason: str) -> dict[str, Any]:
    return {"taken": False, "reason": reason, "text": "", "kept": False}


def _with_records(composed: Composed, records: Mapping[str, dict[str, Any]]) -> Composed:
    taken = {key: record["text"] for key, record in records.items() if record["taken"]}

    def printed(story: EditionStory) -> EditionStory:
        if story.key not in taken:
            return story
        return replace(story, lead=taken[story.key], written=True, extract=story.lead)

    def explained(why: dict[str, Any]) -> dict[str, Any]:
        record = records.get(why.get("story", {}).get("key", "")) if why.get("leads") else None
        if record is None:
            return why
        return {**why, "written": record, **({"lead_from": "llm"} if record["taken"] else {})}

    edition = composed.edition
    sections = tuple(replace(s, stories=tuple(map(printed, s.stories))) for s in edition.sections)
    return replace(
        composed, edition=frozen(replace(edition, sections=sections)), why=tuple(map(explained, composed.why))
    )
