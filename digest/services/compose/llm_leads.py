"""Written leads: what a language model wrote about the stories of an edition, taken where it is grounded.

The article's own sentences are always there first. Whatever goes wrong they stand, and the record says why.
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

#: Asks a language model about each source, by story key.
AskWriter = Callable[[Mapping[str, Source]], Mapping[str, "Reply"]]

#: So much of an article is sent, in characters; the news stands at its head. Claims are checked against just this.
SENT: Final = 12_000
#: A text shorter than this many times the wanted lead is as good as a lead already.
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
        take=lambda: store.meta.take("llm requests", clock().date().isoformat(), settings.daily),
    )
    service = Service(
        settings.url,
        settings.model,
        settings.key.get_secret_value(),
        settings.timeout.total_seconds(),
        context.settings.user_agent,
    )
    return lambda sources: ask(sources, service, cache, context.stopping.is_set)


def with_written_leads(composed: Composed, ask: AskWriter, wanted: LeadSettings) -> Composed:
    """The composition with written leads where they are grounded; each story's record says what came of it.

    Never raises: an edition without written leads is whole.
    """
    sources = {
        story.key: source_of(story, composed.articles[story.key], wanted)
        for story in composed.edition.stories
        if story.key in composed.articles and _worthwhile(composed.articles[story.key], wanted)
    }
    if not sources:
        return composed
    unfitting = {key: _refused(reason) for key, source in sources.items() if (reason := unfit(source))}
    try:
        replies = ask({key: source for key, source in sources.items() if key not in unfitting})
        records = unfitting | {key: _record(reply, sources[key]) for key, reply in replies.items()}
    except Exception as error:  # the one border of this feature: nothing in it may cost readers their edition
        records = {key: _refused(f"{type(error).__name__}: {error}"[:200]) for key in sources}
    return _with_records(composed, records)


def source_of(story: EditionStory, article: Article, wanted: LeadSettings) -> Source:
    """What a lead of this story is to be written from."""
    text = article.text[:SENT]
    return Source(story.title, text, story.lead, article.language, wanted.sentences, wanted.characters)


def _worthwhile(article: Article, wanted: LeadSettings) -> bool:
    """Not from the remains behind a wall, nor where an editor or writer was at work already, nor for a few lines."""
    by_hand = article.lead.rung in ("editor", "llm")
    return not article.problem and not by_hand and len(article.text) >= WORTHWHILE * wanted.characters


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
