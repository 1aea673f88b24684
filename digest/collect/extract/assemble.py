"""Assemble an article from a parsed page: language, cleaned text, credit, lead.

The text comes from the best available source: the page; structured data (JSON-LD's article body, the description); the
text of the feed; the title alone. `Lead.rung` names it.
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
from digest.collect.extract.page import LEFT_OUT, Block, Page, PageFacts
from digest.collect.lead import Lead, Rung, choose
from digest.text.clean import one_line
from digest.text.language import detect

_SAMPLE = 600  # characters from which the language is detected
_OPEN, _OUTWEIGHS = (
    1_000,
    2.5,
)  # minimum characters of a declared text, and minimum multiple of the page's
_BRIEF = 600  # characters; a shorter text may be a single question or quotation
_LONGEST_LEAD = 2_000  # characters; a text with a longer sentence is not prose
_TEXT = 60  # minimum characters of a description; a shorter one adds nothing to the title


@dataclass(frozen=True, slots=True)
class LeadTarget:
    """Desired length of a lead: maximum number of sentences, and target length in Latin characters."""

    sentences: int = 2
    characters: int = 280


@dataclass(frozen=True, slots=True)
class PageContext:
    """Facts about an article from outside its page. `feed` is the text of `entry` as a page.

    `language` is set if it is certain.
    """

    source: str
    url: str = ""
    language: str = ""
    entry: Entry | None = None
    feed: Page | None = None
    lead: LeadTarget = LeadTarget()


def assemble(page: Page, context: PageContext) -> Article:
    """Return the article of a page, from the best source that has a text."""
    language = _language(page, context)
    cleaned = clean(page, language)
    blocks, credit, cut = _take_credit(cleaned.blocks, language)
    text = join(blocks)
    wall = walls.find(page, text, cleaned.removed, language)
    article = replace(
        _facts(page.facts, context, language),
        removed=(*cleaned.removed, *cut),
        credit=credit or _credit_of(cleaned.removed),
    )
    if not article.author:
        article = replace(article, author=_author_of((*cleaned.removed, *cut), language))
    if wall and wall.readable == "nothing":
        return _fall_back(replace(article, problem=wall.problem), page.facts, context, declared=wall.declarations_apply)
    if not wall and page.facts.free is not False and len(page.facts.body) > max(_OPEN, _OUTWEIGHS * len(text)):
        return _fall_back(article, page.facts, context, declared=True)  # the whole text is in its JSON-LD only
    introduction = page.blocks[page.standfirst].text if page.standfirst is not None else ""
    lead = _lead(text, article.title, language, context.lead, introduction)
    return replace(
        article,
        text=text,
        standfirst=introduction if text.startswith(introduction) else "",
        lead=lead,
        problem=wall.problem if wall else page.problem or _missing_sentences(text, lead),
    )


def assemble_from_feed(context: PageContext, problem: str | None) -> Article:
    """Return the article of an entry without a readable page: the text of the feed, else the title alone."""
    if context.entry is None or context.feed is None:
        return Article(context.source, context.url, "", language=context.language, problem=problem)
    article = assemble(replace(context.feed, problem=problem), replace(context, feed=None))
    rung: Rung = "feed-summary" if article.lead.sentences else "title"
    return replace(article, problem=problem, lead=replace(article.lead, rung=rung))


def remove_repeated_lines(article: Article, memory: HostMemory, target: LeadTarget = LeadTarget()) -> Article:
    """Return the article without the lines that its host repeats, with a new lead if there were any."""
    text, lines = remove(memory, article.text)
    if not lines:
        return article
    lead = _lead(text, article.title, article.language, target, article.standfirst, article.lead.rung)
    removed = (*article.removed, *(Removed(line, REASON) for line in lines))
    standfirst = article.standfirst if text.startswith(article.standfirst) else ""
    return replace(article, text=text, lead=lead, removed=removed, standfirst=standfirst)


def _fall_back(article: Article, facts: PageFacts, context: PageContext, *, declared: bool) -> Article:
    """Return the article from the sources below the page; structured data only if `declared`."""
    for text in (facts.body, facts.description) if declared else ():
        if len(text) >= _TEXT:
            lead = _lead(text, article.title, article.language, context.lead, rung="structured-data")
            if lead.sentences:
                return replace(article, text=text, lead=lead)
    if context.entry is None:
        return replace(article, lead=Lead((), "title"))
    below = assemble_from_feed(context, article.problem)
    return replace(
        article if declared else below,
        text=below.text,
        lead=below.lead,
        credit=below.credit,
        removed=(*article.removed, *below.removed),
    )


def _language(page: Page, context: PageContext) -> str:
    if context.language:
        return context.language
    declared = (*page.facts.languages, context.entry.language if context.entry else "")
    sample = " ".join(block.text for block in page.blocks)[:_SAMPLE] or page.shown[:_SAMPLE] or page.facts.title
    return detect(sample, tuple(tag for tag in declared if tag))


def _facts(facts: PageFacts, context: PageContext, language: str) -> Article:
    """Return the article without its text: the metadata of the page, completed by that of the feed."""
    entry = context.entry
    title, author = facts.title, facts.author
    published, modified, image = facts.published, facts.modified, facts.image
    if entry:
        title, author = title or one_line(entry.title), author or one_line(entry.author)
        published, modified = published or entry.published, modified or entry.updated
        image = image or (Image(entry.image_url) if entry.image_url else None)
    return Article(
        source=context.source,
        url=facts.url or context.url or (entry.url if entry else ""),
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
    """Split credit lines from the blocks. A block that loses its end keeps its kind."""
    left, credit, removed = split_credit([block.text for block in blocks], language)
    kept: list[Block] = []
    source = iter(blocks)
    for text in left:
        block = next((b for b in source if b.text.startswith(text)), None)
        kept.append(replace(block, text=text) if block else Block(text))
    return kept, credit, removed


def _author_of(removed: Sequence[Removed], language: str) -> str:
    """Return the author in the first byline of the page, which may be a credit too ('By Jane Miller, with AFP')."""
    bylines = (piece.text for piece in removed if piece.reason in ("byline", "credit"))
    return next((name for text in bylines if (name := noise.author(text, language))), "")


def _missing_sentences(text: str, lead: Lead) -> str | None:
    """Return the problem of a long text without a usable sentence: it is a table, a list, or no text."""
    return "no sentence fit for a lead" if len(text) > _BRIEF and not lead.sentences else None


def _credit_of(removed: Sequence[Removed]) -> str:
    """Return the agency in a byline: 'The Courier with AFP, published on ...'."""
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
