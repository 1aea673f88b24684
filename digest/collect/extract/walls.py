"""Recognise pages shown in place of an article: consent walls, paywalls, errors, checks for robots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from digest.collect.article import Removed
from digest.collect.extract import noise
from digest.collect.extract.page import LISTING, Page
from digest.collect.extract.phrases import key, phrase_table
from digest.collect.extract.prose import weight

_OPENING = 2_000  # characters; the free part behind a paywall is rarely longer, an article rarely shorter
_NOTICE = 600  # maximum characters of an error page or a check for robots
_CONSENT = 4_000  # maximum characters of a consent wall
_PER_PHRASE = 700  # maximum characters of text per consent phrase; an article on privacy has fewer phrases
_STATUS = frozenset(("400", "401", "403", "404", "410", "500", "502", "503", "504"))
_LINE = 40  # minimum characters of one line of an article
_LEAST = 120  # minimum characters of an article


@dataclass(frozen=True, slots=True)
class Wall:
    """The obstacle. An `opening` of the article may be readable, or `nothing` of it.

    `declarations_apply` is True if the page's metadata describes the article all the same.
    """

    problem: str
    readable: Literal["opening", "nothing"]
    declarations_apply: bool = True


def find(page: Page, text: str, removed: tuple[Removed, ...], language: str) -> Wall | None:
    """Return the wall of a page whose cleaned text is `text`, or None."""
    size = weight(text)
    if page.problem == LISTING:
        return Wall(LISTING, "nothing", declarations_apply=False)
    if size < _NOTICE and (why := _notice(page, text, language)):
        return Wall(why, "nothing", declarations_apply=False)
    if _is_consent(page, text, removed, language):
        return Wall("a consent wall in place of the article", "nothing", declarations_apply=bool(page.facts.body))
    if size < _OPENING and _is_paywall(page, removed, language):
        return Wall("a paywall: only the opening can be read", "opening")
    return _emptiness(page, text) if size < _LEAST and not _is_whole(page, text) else None


def _emptiness(page: Page, text: str) -> Wall:
    """Return the wall of a page without text. Its JSON-LD may contain the article."""
    if not text:
        return Wall((page.problem if not page.blocks else None) or "no article text on the page", "nothing")
    declared = page.facts.free is not False and len(page.facts.body) >= max(_LEAST, 2 * len(text))
    return Wall("next to no text on the page", "nothing" if declared else "opening")


def _phrases(language: str, kind: str) -> list[str]:
    return [phrase for phrase, reason in phrase_table(language).walls if reason == kind]


def _count_phrases(text: str, language: str, kind: str) -> int:
    """Return how many phrases of a kind a text contains."""
    words = f" {key(text)} "
    return sum(phrase in words for phrase in _phrases(language, kind))


def _notice(page: Page, text: str, language: str) -> str | None:
    title = page.facts.title
    shown = f"{text} {page.shown[:_NOTICE] if page.visible < 2 * _NOTICE else ''}"
    if _is_error_title(title, language) or (
        _count_phrases(shown, language, "error") and _count_phrases(title, language, "error")
    ):
        return "an error page"
    if _count_phrases(title, language, "robot") or _count_phrases(shown, language, "robot") > (weight(text) >= _LEAST):
        return "a check for robots or a demand for JavaScript"
    return "an error page" if weight(text) < _LEAST and _count_phrases(shown, language, "error") else None


def _is_error_title(title: str, language: str) -> bool:
    """Return whether a title is an HTTP status, or mostly an error phrase."""
    words = key(title)
    count = max((len(phrase) for phrase in _phrases(language, "error") if f" {phrase} " in f" {words} "), default=0)
    return words.split(" ")[0] in _STATUS or 2 * count >= max(1, len(words))


def _is_consent(page: Page, text: str, removed: tuple[Removed, ...], language: str) -> bool:
    if len(text) > _CONSENT:
        return False
    if any(noise.is_report(block.text, language) for block in page.blocks):
        return False  # an article about such walls
    count = _count_phrases(text, language, "consent")
    if count >= 2 and len(text) <= count * _PER_PHRASE:
        return True
    was_removed = any(piece.reason == "consent" for piece in removed)
    return weight(text) < _LEAST and (was_removed or _count_phrases(page.shown, language, "consent") >= 2)


def _is_paywall(page: Page, removed: tuple[Removed, ...], language: str) -> bool:
    """Return whether the page declares that it is not free, or its end asks for a subscription."""
    if page.facts.free is False:
        return True
    end = " ".join((*(block.text for block in page.blocks[-6:]), *(piece.text for piece in removed[-6:]), page.after))
    return _count_phrases(end, language, "paywall") > 0


def _is_whole(page: Page, text: str) -> bool:
    """Return whether a short text is the whole article: a brief, a note, a short post."""
    lines = text.splitlines()
    return any(weight(line) >= _LINE for line in lines) and any(len(block.text) >= _LINE for block in page.blocks)
