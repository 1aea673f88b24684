"""Elsewhere: which stories of an edition its readers have from another newsletter. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from digest.collect.article import Article
from digest.collect.lead import Lead, LeadSentence
from digest.compose.edition import Edition, EditionStory
from digest.compose.ledger import NEWS, Told, judge_all, news
from digest.compose.story import Candidate, Story, moment


def repeats(edition: Edition, told: Sequence[Told]) -> Mapping[str, str]:
    """The key of each story that `told` knows, with the key it was told by.

    The ledger's rule, on what is printed: the same leading article is a repeat; so is one that tells the same event,
    unless it is newer than the telling and has news.
    """
    found: dict[str, str] = {}
    open_stories: list[Story] = []
    for story in edition.stories:
        candidate = _candidate(story, edition)
        keys = {story.url, *story.article_keys}
        tellings = [telling for telling in told if keys.intersection(telling.article_keys)]
        if not tellings:
            open_stories.append(Story(story.key, candidate))
        elif not _has_news(candidate, tellings):
            found[story.key] = tellings[-1].key
    matched = set(found.values())
    rest = [telling for telling in told if telling.key not in matched]
    if open_stories and rest:
        for key, verdict in judge_all(open_stories, rest).items():
            if verdict.kind == "repeat" and verdict.told is not None:
                found[key] = verdict.told.key
    return found


def without(edition: Edition, keys: Collection[str]) -> Edition:
    """The edition as it is for who had these stories elsewhere; a section that is empty then is left out."""
    if not keys:
        return edition
    sections = (replace(s, stories=tuple(x for x in s.stories if x.key not in keys)) for s in edition.sections)
    return replace(edition, sections=tuple(section for section in sections if section.stories))


def _has_news(candidate: Candidate, tellings: Sequence[Told]) -> bool:
    if any(candidate.key in telling.article_keys for telling in tellings):
        return False
    return moment(candidate) > max(telling.at for telling in tellings) and news(candidate, tellings)[0] >= NEWS


def _candidate(story: EditionStory, edition: Edition) -> Candidate:
    """A printed story as an article again, as far as print tells."""
    sentences = (LeadSentence(story.lead, 0, len(story.lead)),) if story.lead else ()
    article = Article(story.url, story.url, story.title, story.language, story.lead, Lead(sentences, "page"))
    return Candidate(
        key=story.url,
        article=article,
        feed_url="",
        outlet=story.outlet,
        first_seen=edition.cut_off,
        published=story.published,
    )
