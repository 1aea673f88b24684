"""Overlap of newsletters: stories of an edition that its subscribers had in another newsletter. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from digest.collect.article import Article
from digest.collect.lead import Lead, LeadSentence
from digest.compose.edition import Edition, EditionStory
from digest.compose.ledger import NEWS, Told, judge_all, news
from digest.compose.story import Candidate, Story, moment


def repeats(edition: Edition, told: Sequence[Told]) -> Mapping[str, str]:
    """Return the key of each story that the ledger has, mapped to the key of the earlier story.

    The rule of the ledger applies to printed texts: the same leading article is a repeat, and so is an article on the
    same event, unless it is newer and has new facts.
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
    """Return the edition without these stories; sections that become empty are left out."""
    if not keys:
        return edition
    sections = (replace(s, stories=tuple(x for x in s.stories if x.key not in keys)) for s in edition.sections)
    return replace(edition, sections=tuple(section for section in sections if section.stories))


def _has_news(candidate: Candidate, tellings: Sequence[Told]) -> bool:
    if any(candidate.key in telling.article_keys for telling in tellings):
        return False
    return moment(candidate) > max(telling.at for telling in tellings) and news(candidate, tellings)[0] >= NEWS


def _candidate(story: EditionStory, edition: Edition) -> Candidate:
    """Return a printed story as a candidate, as far as the printed text allows."""
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
