"""Grounding: whether a written lead says only what its article says. Pure.

A language model sometimes invents, and an invented number is worse than a dull lead. Its answer is accepted only if
each number, name, quotation and negation is in the article, and if it is on the article's subject, in its language, in
whole sentences and within the length. The rules may refuse a good lead. They cannot see a changed subject and object:
words of the article in another order.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from digest.collect.lead_candidates import width
from digest.collect.salience import terms
from digest.compose.events.contradiction import facts
from digest.compose.events.terms import tokens
from digest.compose.llm import entities, negation
from digest.compose.llm.numbers import missing
from digest.text.clean import one_line
from digest.text.language import detect
from digest.text.sentence import sentences
from digest.text.words import primary, words

#: Minimum share of the answer's content words that must be in the article; the rest may be synonyms.
OWN_WORDS: Final = 0.6
#: Minimum share that must be in the article's title or lead, so that the answer is on its main subject.
ABOUT: Final = 2

_MARKUP: Final = re.compile(r"[<>{}|`*#\\\[\]]|__")
_ADDRESS: Final = re.compile(
    r"https?:|www\.|@|\b[\w-]+\.(?:[a-z]{2,}/|(?:com|org|net|info|biz|io|app|example)\b)", re.I
)
_OPENERS: Final = "\"“„«»「『'‘¿¡"
_BROKEN: Final = re.compile(r"(?:\.\.\.|…)\W*\Z")
_WHOLE: Final = re.compile(r"[.!。！।۔．](?:[\"'”’»›)」』）“ \u00a0\u202f])*\Z")


@dataclass(frozen=True, slots=True)
class Source:
    """The article that a lead is written from, and the maximum length.

    `text` is (the beginning of) the article, `lead` its extracted sentences; `characters` are Latin letters, as in
    `digest.collect.lead.choose`.
    """

    title: str
    text: str
    lead: str
    language: str
    sentences: int = 2
    characters: int = 280


def tidied(answer: str) -> str:
    """Return an answer on one line without invisible characters."""
    return unicodedata.normalize("NFC", one_line(answer, 4000))


def unfit(source: Source) -> str:
    """Return why no answer about this source could be checked, so that no request is needed; "" when it can be."""
    known = negation.known(source.language)
    return "" if known else f"how this language ({source.language or 'unknown'}) says no is not known: see lexicon.toml"


def refusal(answer: str, source: Source) -> str:
    """Return why this answer (`tidied`) cannot be the lead; "" when it can."""
    return (
        unfit(source)
        or _form(answer, source)
        or _language(answer, source)
        or _claims(answer, source)
        or _matter(answer, source)
    )


def _form(answer: str, source: Source) -> str:
    if not answer:
        return "empty"
    count, length = len(sentences(answer, source.language)), width(answer)
    begins = not answer[0].islower() and (answer[0].isalnum() or answer[0] in _OPENERS)
    faults = (
        (_MARKUP.search(answer), "it has marks of a program, not of prose"),
        (_ADDRESS.search(answer), "it has an address of the web"),
        (not _WHOLE.search(answer) or _BROKEN.search(answer), "it does not end with a whole sentence"),
        (not begins, "it does not begin like a sentence"),
        (entities.left_open(answer), "a quotation mark is left open"),
        (count > source.sentences, f"too long: {count} sentences instead of {source.sentences}"),
        (length > source.characters, f"too long: {length:.0f} characters instead of {source.characters}"),
    )
    return next((reason for fault, reason in faults if fault), "")


def _language(answer: str, source: Source) -> str:
    wanted, found = primary(source.language), detect(answer, (source.language,))
    return "" if found == wanted else f"wrong language: {found or 'unknown'} instead of {wanted}"


def _claims(answer: str, source: Source) -> str:
    whole, language = f"{source.title}\n\n{source.text}", primary(source.language)
    if quoted := entities.unknown_quotation(answer, whole):
        return f"the article does not quote: {quoted[:80]}"
    if number := missing(answer, whole, language):
        return f"the article does not have the number {number}"
    if name := entities.unknown_name(answer, whole, language):
        return f"the article does not name {name}"
    said, known = (facts(text, tokens(text), language) for text in (answer, whole))
    if said.months & ~known.months or said.weekdays & ~known.weekdays:
        return "the article does not name that day or month"
    return negation.reversal(answer, whole, language)


def _matter(answer: str, source: Source) -> str:
    table = words(source.language)
    said = {t.term for t in terms(answer, table)}
    own = {t.term for t in terms(f"{source.title}\n{source.text}", table)}
    about = {t.term for t in terms(f"{source.title}\n{source.lead}", table)}
    if len(said & about) < min(ABOUT, len(about)):
        return "it is not about what the article is about"
    if len(said & own) < OWN_WORDS * len(said):
        return "too few of its words are the article's"
    return ""
