"""What is shown in place of an article: consent walls, paywalls, errors, checks for robots. Pure; see `phrases`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from digest.collect.article import Removed
from digest.collect.extract import noise
from digest.collect.extract.page import LISTING, Page
from digest.collect.extract.phrases import key, table
from digest.collect.extract.prose import weight

_OPENING = 2_000  # characters: a text behind a paywall is rarely longer than this, an article rarely shorter
_NOTICE = 600  # characters of an error page or a check for robots
_CONSENT = 4_000  # characters of a consent wall
_PER_PHRASE = 700  # characters of text for each wording of consent; an article on privacy has fewer
_STATUS = frozenset(("400", "401", "403", "404", "410", "500", "502", "503", "504"))
_LINE = 40  # characters; a page without one of them shows crumbs
_LEAST = 120  # characters; less is no article


@dataclass(frozen=True, slots=True)
class Wall:
    """What stands in the way. An `opening` of the article may still be readable, or the page is `nothing` of it.

    `told` says whether the page's declarations are about the article all the same.
    """

    problem: str
    left: Literal["opening", "nothing"]
    told: bool = True


def find(page: Page, text: str, removed: tuple[Removed, ...], language: str) -> Wall | None:
    """The wall of a page whose cleaned text is `text`, or None."""
    size = weight(text)
    if page.problem == LISTING:
        return Wall(LISTING, "nothing", told=False)
    if size < _NOTICE and (why := _notice(page, text, language)):
        return Wall(why, "nothing", told=False)
    if _is_consent(page, text, removed, language):
        return Wall("a consent wall in place of the article", "nothing", told=bool(page.facts.body))
    if size < _OPENING and _is_paywall(page, removed, language):
        return Wall("a paywall: only the opening can be read", "opening")
    return _emptiness(page, text) if size < _LEAST and not _is_whole(page, text) else None


def _emptiness(page: Page, text: str) -> Wall:
    """A page without text. What its JSON-LD tells may be the article all the same."""
    if not text:
        return Wall((page.problem if not page.blocks else None) or "no article text on the page", "nothing")
    declared = page.facts.free is not False and len(page.facts.body) >= max(_LEAST, 2 * len(text))
    return Wall("next to no text on the page", "nothing" if declared else "opening")


def _phrases(language: str, kind: str) -> list[str]:
    return [phrase for phrase, reason in table(language).walls if reason == kind]


def _said(text: str, language: str, kind: str) -> int:
    """How many wordings of a kind stand in a text."""
    words = f" {key(text)} "
    return sum(phrase in words for phrase in _phrases(language, kind))


def _notice(page: Page, text: str, language: str) -> str | None:
    title = page.facts.title
    shown = f"{text} {page.shown[:_NOTICE] if page.visible < 2 * _NOTICE else ''}"
    if _is_error_title(title, language) or (_said(shown, language, "error") and _said(title, language, "error")):
        return "an error page"
    if _said(title, language, "robot") or _said(shown, language, "robot") > (weight(text) >= _LEAST):
        return "a check for robots or a demand for JavaScript"
    return "an error page" if weight(text) < _LEAST and _said(shown, language, "error") else None


def _is_error_title(title: str, language: str) -> bool:
    """A title that is an HTTP status, or wording of an error for the most part."""
    words = key(title)
    said = max((len(phrase) for phrase in _phrases(language, "error") if f" {phrase} " in f" {words} "), default=0)
    return words.split(" ")[0] in _STATUS or 2 * said >= max(1, len(words))


def _is_consent(page: Page, text: str, removed: tuple[Removed, ...], language: str) -> bool:
    if len(text) > _CONSENT:
        return False
    if any(noise.is_report(block.text, language) for block in page.blocks):
        return False  # an article on such walls
    said = _said(text, language, "consent")
    if said >= 2 and len(text) <= said * _PER_PHRASE:
        return True
    taken = any(piece.reason == "consent" for piece in removed)
    return weight(text) < _LEAST and (taken or _said(page.shown, language, "consent") >= 2)


def _is_paywall(page: Page, removed: tuple[Removed, ...], language: str) -> bool:
    """The page says it is not free, or its end asks for a subscription."""
    if page.facts.free is False:
        return True
    end = " ".join((*(block.text for block in page.blocks[-6:]), *(piece.text for piece in removed[-6:]), page.after))
    return _said(end, language, "paywall") > 0


def _is_whole(page: Page, text: str) -> bool:
    """Whether so short a text is all that the page holds beside its furniture: a brief, a note, a short post."""
    lines = text.splitlines()
    return any(weight(line) >= _LINE for line in lines) and any(len(block.text) >= _LINE for block in page.blocks)
