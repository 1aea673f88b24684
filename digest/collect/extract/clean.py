"""Separate the blocks of the article from the rest of the page, with a reason for each removed block.

The rules are the same for HTML and plain text. A page has three zones: above the first paragraph, the article, and
below the last paragraph. Above and below, weak evidence is enough to remove a line (a date, a link, a name); inside the
article, only a markup label or known wording removes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from digest.collect import agency
from digest.collect.article import Removed
from digest.collect.extract import noise, press_release, teasers
from digest.collect.extract.page import LEFT_OUT, Block, Page
from digest.collect.extract.phrases import key
from digest.collect.extract.prose import is_prose, weight
from digest.collect.extract.title import parts

_TAIL = 0.35  # maximum share of a text after a heading such as "Comments" that is removed with it
_ALL_LINK = 0.9  # share of a line inside links from which the line is one link
_ASIDE = 0.4  # maximum share of the text about cookies or subscriptions that is removed; more is the topic, or a wall
_NEAR = 4  # blocks after the first paragraph that may be a byline or a date
_MOST_REMOVED = 1_000  # removed pieces that are listed
_SHORT_LINE = 80  # characters
_CAPTION = 40  # minimum characters of a line that is compared with the texts of pictures
_PART_OF_TITLE = 0.4  # of a title's length: a shorter heading may be the first of the text


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The blocks of the article in order, the standfirst first; and the removed pieces with their reasons."""

    blocks: tuple[Block, ...] = ()
    removed: tuple[Removed, ...] = ()


@dataclass(slots=True)
class _Context:
    """Facts of the page that the rules need, and the list of removed pieces."""

    language: str
    titles: frozenset[str]
    parts: frozenset[str]  # of titles, between their bars and dashes
    names: tuple[str, ...]
    captions: frozenset[str] = frozenset()
    removed: list[Removed] = field(default_factory=list)

    def drop(self, block: Block, why: str) -> None:
        self.removed.append(Removed(block.text, why))


def clean(page: Page, language: str) -> Cleaned:
    """Remove title, byline, date, labels, boxes, captions, and everything after the end of the article."""
    titles = page.facts.titles
    context = _Context(
        language,
        titles=frozenset(k for t in titles if (k := key(t))),
        parts=frozenset(k for t in titles for part in parts(t) if (k := key(part))),
        names=_names(page),
        captions=page.captions,
    )
    introduction = page.blocks[page.standfirst] if page.standfirst is not None else None
    if introduction and (noise.reason(introduction.text, language) or _page_reason(introduction, context)):
        introduction = None
    blocks = _remove_sender(_remove_teasers(_remove_end(page.blocks, context), context), context)
    blocks = [b for b in blocks if b is not introduction]
    kept: list[Block] = []
    seen = {key(introduction.text)} if introduction else set()
    for block in blocks:
        if why := _reason(block, context) or _repetition(block, seen):
            context.drop(block, why)
        else:
            kept.append(block)
    kept = _remove_asides(kept, context)
    kept = _trim(kept, context)
    removed = tuple(context.removed[:_MOST_REMOVED])
    return Cleaned((introduction, *kept) if introduction else tuple(kept), removed)


def _reason(block: Block, context: _Context) -> str | None:
    """Return the reason to remove a block wherever it stands, or None."""
    if block.kind == "code":
        return None
    if key(block.text) in context.titles:
        return "title"
    if block.label and block.label != LEFT_OUT:
        return block.label
    if why := noise.reason(block.text, context.language, block.linked):
        return why
    if block.label:
        return _page_reason(block, context) or block.label
    return _caption_or_teaser(block, context)


def _caption_or_teaser(block: Block, context: _Context) -> str | None:
    """Return the reason for a caption with its credit, or for a paragraph that is one link to another article."""
    if block.kind in ("paragraph", "heading") and noise.is_picture_line(block.text, context.language):
        return "caption"
    if context.captions and block.kind == "paragraph" and _repeats_caption(key(block.text), context.captions):
        return "caption"
    teaser = block.linked >= _ALL_LINK and block.kind == "paragraph" and len(block.text.split()) > 3
    return "related" if teaser and block.text[-1].isalnum() and not noise.is_address(block.text) else None


def _repeats_caption(words: str, captions: frozenset[str]) -> bool:
    """Return whether a line repeats the alternative text of a picture, with or without its credit."""
    return len(words) >= _CAPTION and (
        words in captions or any(one.startswith(words) and len(words) >= 0.6 * len(one) for one in captions)
    )


def _repetition(block: Block, seen: set[str]) -> str | None:
    """Return the reason for a paragraph that occurred before: a pull quote, or the standfirst again."""
    words = key(block.text)
    if len(words) >= 30 and words in seen and block.kind in ("paragraph", "quote", "heading"):
        return "repetition"
    seen.add(words)
    return None


def _remove_asides(kept: list[Block], context: _Context) -> list[Block]:
    """Remove blocks about cookies or subscriptions, unless the article is about them."""
    total = sum(len(b.text) for b in kept)
    for why, test in (("consent", noise.speaks_of_consent), ("paywall", noise.speaks_of_paywall)):
        matching = [b for b in kept if test(b.text, context.language)]
        if 0 < sum(len(b.text) for b in matching) <= _ASIDE * total:
            for block in matching:
                context.drop(block, why)
            kept = [b for b in kept if b not in matching]
    return kept


def _trim(kept: list[Block], context: _Context) -> list[Block]:
    """Clean the zones above the first paragraph and below the last one."""
    body = [i for i, b in enumerate(kept) if is_prose(b.text, b.linked) and b.kind != "heading"]
    first, last = (body[0], body[-1]) if body else (len(kept), -1)
    out: list[Block] = []
    for index, block in enumerate(kept):
        why = None
        if index < first:
            why = _reason_above(block, context)
        elif index < first + _NEAR:
            why = _page_reason(block, context)
        if why is None and index > last >= 0:
            why = _reason_below(block, context, out[-1] if out else None)
        if why:
            context.drop(block, why)
        else:
            out.append(block)
    while out and ((out[-1].kind == "heading" and not is_prose(out[-1].text)) or _announces_nothing(out[-1])):
        context.drop(out.pop(), "heading without text")
    return out


def _announces_nothing(block: Block) -> bool:
    """Return whether a last line announces something that does not follow: 'More on this subject:'."""
    return block.text.endswith((":", "：")) and len(block.text) <= 80


def _reason_above(block: Block, context: _Context) -> str | None:
    if block.kind in ("code", "quote"):
        return None
    if why := _page_reason(block, context):
        return why
    words = key(block.text)
    if words in context.parts or any(
        f" {words} " in f" {title} " and len(words) >= _PART_OF_TITLE * len(title) for title in context.titles
    ):
        return "title"
    if noise.is_breadcrumb(block.text, context.titles) or noise.is_address(block.text):
        return "navigation"
    if block.linked >= _ALL_LINK and weight(block.text) < _SHORT_LINE:
        return "navigation"
    short = weight(block.text) < _SHORT_LINE and block.kind == "paragraph"
    return block.hint if short and block.hint in ("byline", "date") else None


def _reason_below(block: Block, context: _Context, before: Block | None) -> str | None:
    if why := _page_reason(block, context):
        return why
    if noise.is_address(block.text) and block.kind != "item":
        return "navigation"
    if before and before.text.endswith((":", "：")):
        return None
    return "navigation" if block.linked >= _ALL_LINK and weight(block.text) < _SHORT_LINE else None


def _page_reason(block: Block, context: _Context) -> str | None:
    if agency.is_line(block.text):  # becomes the credit
        return None
    if noise.is_rights(block.text):
        return "rights"
    return noise.signature(block.text, context.language, context.names) if block.kind != "row" else None


def _names(page: Page) -> tuple[str, ...]:
    """Return keys of author, site and section, the longest first."""
    facts = page.facts
    parts = [facts.author, facts.site_name, facts.section, *facts.author.replace(" and ", ",").split(",")]
    return tuple(sorted({k for p in parts if (k := key(p))}, key=len, reverse=True))


def _remove_end(blocks: Sequence[Block], context: _Context) -> list[Block]:
    """Remove everything after a heading of comments or related articles, if that is the smaller part of the page.

    A heading outside the selected text counts only if short lines alone follow: it may be a link above the text.
    """
    total = sum(len(b.text) for b in blocks)
    after, prose, cut = 0, False, None
    for index in range(len(blocks) - 1, -1, -1):
        block = blocks[index]
        after += len(block.text)
        if after > total * _TAIL:
            break
        if why := noise.ends_article(block.text, context.language):
            if block.label and prose:
                break
            cut = (index, why)
        prose = prose or (not block.label and is_prose(block.text, block.linked))
    if cut is None:
        return list(blocks)
    for block in blocks[cut[0] :]:
        context.drop(block, cut[1])
    return list(blocks[: cut[0]])


def _remove_teasers(blocks: list[Block], context: _Context) -> list[Block]:
    """Remove the list of other articles below the text. Other rules handle what follows that list."""
    end = len(blocks)
    while end and (blocks[end - 1].label or noise.reason(blocks[end - 1].text, context.language)):
        end -= 1
    begin = teasers.tail(blocks[:end])
    for block in blocks[begin:end]:
        context.drop(block, "related")
    return blocks[:begin] + blocks[end:]


def _remove_sender(blocks: list[Block], context: _Context) -> list[Block]:
    """Remove the paragraphs about the sender at the end of a press release."""
    end = press_release.end(blocks)
    for block in blocks[end:]:
        context.drop(block, "sender")
    return blocks[:end]


def join(blocks: Sequence[Block]) -> str:
    """Return the text: paragraphs separated by a blank line, list items and table rows by a line break."""
    out: list[str] = []
    for index, block in enumerate(blocks):
        if index:
            same = block.kind in ("item", "row") and blocks[index - 1].kind == block.kind
            out.append("\n" if same else "\n\n")
        out.append(block.text)
    return "".join(out)
