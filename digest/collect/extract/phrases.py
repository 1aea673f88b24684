"""Phrases that pages put around an article: one table for each language in `data/noise/<language>.toml`.

Adding a language means adding a file. Phrases are compared by `key`: without case, accents, punctuation. A file has
these parts, most of them lists of phrases by reason:

`alone`   the block consists of the phrase: 'Publicité', 'Share this article', 'Comments (12)'.
`opens`   the block begins with the phrase and is not a sentence: 'Lire aussi : <link>'.
`calls`   the block begins with the phrase and asks to subscribe, follow or download: 'Sign up for our ...'.
`says`    the phrase occurs anywhere in a short block.
`ends`    as `alone`, for headings near the end of the page: comments, related articles.
`who`     words of bylines: `opens` begin one, `words` may occur in one beside names. An opening word that ends with a
          colon needs one, or a dash: in scripts without case, 'كتب جديدة' is new books, 'كتب: أحمد علي' a byline.
`when`    words of date lines beside months, days and numbers, which come from CLDR.
`walls`   wording of consent walls, paywalls and error pages.

English labels occur on pages of any language ('Share'), so its `alone`, `calls` and `says` apply everywhere.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from digest import resources
from digest.text.words import words as vocabulary
from digest.text.words import written_like

#: Scripts with few or no blanks between words; Korean also as the parts into which NFKD splits its letters.
WIDE = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_COMBINING = re.compile(
    "[" + "".join(c for c in map(chr, range(0x300, 0x3100)) if unicodedata.category(c) == "Mn") + "\ufe20-\ufe2f]+"
)
_WORDS = re.compile(r"\w+")

Phrases = tuple[tuple[str, str], ...]  # (key of the phrase, reason)


@lru_cache(maxsize=8192)
def key(text: str) -> str:
    """Return `text` as it is compared: its words in lower case without accents, separated by single blanks."""
    plain = text.lower() if text.isascii() else _COMBINING.sub("", unicodedata.normalize("NFKD", text).casefold())
    return " ".join(_WORDS.findall(plain))


@dataclass(frozen=True, slots=True)
class PhraseTable:
    """The phrases of one language, as keys."""

    alone: dict[str, str]
    ends: dict[str, str]
    opens: dict[str, Phrases]  # by their first character
    calls: dict[str, Phrases]
    says: dict[str, Phrases]  # by their first word; in unspaced scripts by ""
    walls: Phrases
    byline_openings: tuple[str, ...]
    byline_openings_before_colon: frozenset[str]
    captions: tuple[str, ...]  # as written, with a capital and without
    byline_words: frozenset[str]  # words of bylines and dates
    months: frozenset[str]
    unspaced_words: tuple[str, ...]  # `byline_words` of unspaced scripts, the longest first
    speech: frozenset[str] = frozenset()  # verbs of saying
    unspaced_speech: tuple[str, ...] = ()  # those of unspaced scripts

    def opening(self, words: str) -> Iterator[tuple[str, str]]:
        """Yield the phrases of `opens` that a key begins with, with their reasons; whole words in spaced scripts."""
        return _beginning(self.opens, words)

    def saying(self, words: str) -> Iterator[tuple[str, str]]:
        """Yield the phrases of `says` that a key contains, with their reasons, consent first."""
        known = (p for word in ("", *(w for w in words.split() if w in self.says)) for p in self.says.get(word, ()))
        matches = [(phrase, why) for phrase, why in known if phrase in words]
        yield from sorted(
            matches, key=lambda phrase: phrase[1] != "consent"
        )  # consent walls mention other subjects too

    def calling(self, words: str) -> Iterator[tuple[str, str]]:
        """Yield the phrases of `calls` that a key begins with, with their reasons."""
        return _beginning(self.calls, words)


def _beginning(phrases: dict[str, Phrases], words: str) -> Iterator[tuple[str, str]]:
    for phrase, why in phrases.get(words[:1], ()):
        if words.startswith(phrase) and (WIDE.match(words) or words[len(phrase) : len(phrase) + 1] in ("", " ")):
            yield phrase, why


@cache
def phrase_table(language: str) -> PhraseTable:
    """Return the table of a language (any BCP 47 tag); for an unknown one, the phrases that apply everywhere."""
    language = written_like(language)
    own, english = _load(language), _load("en")
    months = _calendar(language, "months") | _calendar("en", "months")
    days = _calendar(language, "days") | _calendar("en", "days") | _calendar(language, "day_periods")
    speech = {key(verb) for verb in vocabulary(language).speech}
    opens = own.get("who", {}).get("opens", ())
    small = _single(own, "when") | _single(own, "who") | months | days
    return PhraseTable(
        alone={**_by_phrase(english, "alone"), **_by_phrase(own, "alone")},
        ends=_by_phrase(own, "ends"),
        opens=_by_first(_by_phrase(own, "opens")),
        calls=_by_first({**_by_phrase(english, "calls"), **_by_phrase(own, "calls")}),
        says=_by_word({**_by_phrase(english, "says"), **_by_phrase(own, "says")}),
        walls=tuple({**_by_phrase(english, "walls"), **_by_phrase(own, "walls")}.items()),
        byline_openings=tuple(key(phrase) for phrase in opens if not phrase.endswith(":")),
        byline_openings_before_colon=frozenset(key(phrase) for phrase in opens if phrase.endswith(":")),
        captions=tuple(form for phrase in _captions(own) for form in (phrase, phrase.capitalize())),
        byline_words=frozenset(small),
        months=frozenset(word for word in months if not word.isdigit()),
        unspaced_words=tuple(sorted((w for w in small if WIDE.search(w)), key=len, reverse=True)),
        speech=frozenset(verb for verb in speech if not WIDE.search(verb)),
        unspaced_speech=tuple(verb for verb in speech if WIDE.search(verb) and len(verb) > 1),
    )


@cache
def _load(language: str) -> dict[str, Any]:
    source = resources.find_data(f"collect/extract/data/noise/{language}.toml") if language.isalpha() else None
    return tomllib.loads(source or "")


def _captions(data: dict[str, Any]) -> list[str]:
    return list(data.get("opens", {}).get("caption", ()))


def _by_phrase(data: dict[str, Any], part: str) -> dict[str, str]:
    return {key(phrase): reason for reason, phrases in data.get(part, {}).items() for phrase in phrases}


def _by_first(phrases: dict[str, str]) -> dict[str, Phrases]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for phrase, why in phrases.items():
        groups.setdefault(phrase[0], []).append((phrase, why))
    return {first: tuple(some) for first, some in groups.items()}


def _by_word(phrases: dict[str, str]) -> dict[str, Phrases]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for phrase, why in phrases.items():
        groups.setdefault("" if WIDE.search(phrase) else phrase.split()[0], []).append((phrase, why))
    return {word: tuple(some) for word, some in groups.items()}


def _single(data: dict[str, Any], part: str) -> frozenset[str]:
    return frozenset(word for phrase in data.get(part, {}).get("words", ()) for word in key(phrase).split())


@cache
def _calendar(language: str, part: str) -> frozenset[str]:
    """Return the words of CLDR's names of months, days or day periods, in every form."""
    from babel import Locale, UnknownLocaleError

    try:
        forms: Iterable[Any] = getattr(Locale.parse(language), part).values()
    except (UnknownLocaleError, ValueError):
        return frozenset()
    names = (n for widths in forms for width in ("wide", "abbreviated") for n in widths.get(width, {}).values())
    return frozenset(word for name in names for word in key(str(name)).split())
