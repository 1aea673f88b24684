"""From a page's blocks to an article: its language, what to take out, its credit, its lead; and the ladder. Pure.

The rungs, the best first: the page's text; structured data (JSON-LD's article body, the description); the text that the
feed carries; the title alone. `Lead.rung` says which one was reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from digest.collect import agency
from digest.collect.article import Article, Image, Removed
from digest.collect.entry import Entry
from digest.collect.extract import noise, walls
from digest.collect.extract.boilerplate import REASON, HostMemory, remove
from digest.collect.extract.clean import clean, join
from digest.collect.extract.credit import split as split_credit
from digest.collect.extract.page import LEFT_OUT, Block, Facts, Page
from digest.collect.lead import Lead, Rung, choose
from digest.text.clean import one_line
from digest.text.language import detect

_SAMPLE = 600  # characters that the language is told by
_OPEN, _OUTWEIGHS = 1_000, 2.5  # characters of a declared text, and how many times the text that was found
_BRIEF = 600  # characters; a shorter text may well be one question or quotation
_LONGEST_LEAD = 2_000  # characters; whatever has a longer sentence is no prose
_TEXT = 60  # characters; a description that is shorter says no more than the title


@dataclass(frozen=True, slots=True)
class LeadTarget:
    """How long a lead is wanted: whole sentences at most, and Latin characters aimed at."""

    sentences: int = 2
    characters: int = 280


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an article before its page is understood. `feed` holds the text of `entry` as blocks.

    `language` is the one it is in, if that is certain.
    """

    source: str
    url: str = ""
    language: str = ""
    entry: Entry | None = None
    feed: Page | None = None
    lead: LeadTarget = LeadTarget()


def understand(page: Page, known: Known) -> Article:
    """The article of a page, from the highest rung that bears."""
    language = _language(page, known)
    cleaned = clean(page, language)
    blocks, credit, cut = _take_credit(cleaned.blocks, language)
    text = join(blocks)
    wall = walls.find(page, text, cleaned.removed, language)
    article = replace(
        _facts(page.facts, known, language),
        removed=(*cleaned.removed, *cut),
        credit=credit or _credit_of(cleaned.removed),
    )
    if not article.author:
        article = replace(article, author=_author_of((*cleaned.removed, *cut), language))
    if wall and wall.left == "nothing":
        return _step_down(replace(article, problem=wall.problem), page.facts, known, told=wall.told)
    if not wall and page.facts.free is not False and len(page.facts.body) > max(_OPEN, _OUTWEIGHS * len(text)):
        return _step_down(article, page.facts, known, told=True)  # the page gives its text whole, but not in its markup
    introduction = page.blocks[page.standfirst].text if page.standfirst is not None else ""
    lead = _lead(text, article.title, language, known.lead, introduction)
    return replace(
        article,
        text=text,
        standfirst=introduction if text.startswith(introduction) else "",
        lead=lead,
        problem=wall.problem if wall else page.problem or _without_sentences(text, lead),
    )


def of_feed(known: Known, problem: str | None) -> Article:
    """The article of an entry whose page was not to be had: the feed's own text, else the title alone."""
    if known.entry is None or known.feed is None:
        return Article(known.source, known.url, "", language=known.language, problem=problem)
    article = understand(replace(known.feed, problem=problem), replace(known, feed=None))
    rung: Rung = "feed-summary" if article.lead.sentences else "title"
    return replace(article, problem=problem, lead=replace(article.lead, rung=rung))


def without_repeated(article: Article, memory: HostMemory, target: LeadTarget = LeadTarget()) -> Article:
    """The article without the lines that its host repeats, its lead chosen anew if any of them went."""
    text, lines = remove(memory, article.text)
    if not lines:
        return article
    lead = _lead(text, article.title, article.language, target, article.standfirst, article.lead.rung)
    removed = (*article.removed, *(Removed(line, REASON) for line in lines))
    standfirst = article.standfirst if text.startswith(article.standfirst) else ""
    return replace(article, text=text, lead=lead, removed=removed, standfirst=standfirst)


def _step_down(article: Article, facts: Facts, known: Known, *, told: bool) -> Article:
    """The rungs below the page. `told` says whether what stands in its structured data is about the article."""
    for text in (facts.body, facts.description) if told else ():
        if len(text) >= _TEXT:
            lead = _lead(text, article.title, article.language, known.lead, rung="structured-data")
            if lead.sentences:
                return replace(article, text=text, lead=lead)
    if known.entry is None:
        return replace(article, lead=Lead((), "title"))
    below = of_feed(known, article.problem)
    return replace(
        article if told else below,
        text=below.text,
        lead=below.lead,
        credit=below.credit,
        removed=(*article.removed, *below.removed),
    )


def _language(page: Page, known: Known) -> str:
    if known.language:
        return known.language
    declared = (*page.facts.languages, known.entry.language if known.entry else "")
    sample = " ".join(block.text for block in page.blocks)[:_SAMPLE] or page.shown[:_SAMPLE] or page.facts.title
    return detect(sample, tuple(tag for tag in declared if tag))


def _facts(facts: Facts, known: Known, language: str) -> Article:
    """The article without its text: what the page says of itself, and where it says nothing, what the feed says."""
    entry = known.entry
    title, author = facts.title, facts.author
    published, modified, image = facts.published, facts.modified, facts.image
    if entry:
        title, author = title or one_line(entry.title), author or one_line(entry.author)
        published, modified = published or entry.published, modified or entry.updated
        image = image or (Image(entry.image_url) if entry.image_url else None)
    return Article(
        source=known.source,
        url=facts.url or known.url or (entry.url if entry else ""),
        title=title,
        language=language,
        author=author,
        published=published,
        modified=modified,
        section=facts.section,
        site_name=facts.site_name,
        image=image,
    )


def _take_credit(blocks: Sequence[Block], language: str) -> tuple[list[Block], str, tuple[Removed, ...]]:
    """Move credit lines out of the text; a block that loses its end keeps its kind."""
    left, credit, removed = split_credit([block.text for block in blocks], language)
    kept: list[Block] = []
    source = iter(blocks)
    for text in left:
        block = next((b for b in source if b.text.startswith(text)), None)
        kept.append(replace(block, text=text) if block else Block(text))
    return kept, credit, removed


def _author_of(removed: Sequence[Removed], language: str) -> str:
    """Who the first byline of the page names; it may be a credit as well ('By Jane Miller, with AFP')."""
    bylines = (piece.text for piece in removed if piece.reason in ("byline", "credit"))
    return next((name for text in bylines if (name := noise.author(text, language))), "")


def _without_sentences(text: str, lead: Lead) -> str | None:
    """A long text without one usable sentence is a table, a list, or no text at all."""
    return "no sentence fit for a lead" if len(text) > _BRIEF and not lead.sentences else None


def _credit_of(removed: Sequence[Removed]) -> str:
    """The agency that a byline names: 'The Courier with AFP, published on ...'."""
    return next(
        (name for piece in removed if piece.reason in ("byline", LEFT_OUT) and (name := agency.find(piece.text))), ""
    )


def _lead(text: str, title: str, language: str, target: LeadTarget, standfirst: str = "", rung: Rung = "page") -> Lead:
    if not text:
        return Lead((), "title")
    lead = choose(
        text,
        title,
        language,
        sentences=target.sentences,
        characters=target.characters,
        standfirst=standfirst,
        rung=rung,
    )
    return lead if lead.sentences and len(lead.text) <= _LONGEST_LEAD else Lead((), "title")
