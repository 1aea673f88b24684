"""What pages put around an article: labels, boxes, bylines and dates, by a data table for each language.

A table is `data/noise/<language>.toml`; adding a language means adding a file. Its parts hold lists of phrases by
reason, compared without case, accents, punctuation and counters:

`alone`   the block says this and nothing else: 'Publicité', 'Share this article', 'Comments (12)'.
`opens`   the block begins with this and is no sentence of the article: 'Lire aussi : <link>'.
`says`    wording that only furniture uses, anywhere in a block of up to 400 characters.
`ends`    as `alone`, but what follows it near the end of the page belongs to it: comments, related articles.
`who`     words of bylines: `opens` begin one, `words` may stand in one beside names.
`when`    words of date lines beside months, days and numbers.

Labels of other languages stand on pages too ('Share' on a French page), so `alone` and `says` of English hold
everywhere; the rest goes by the language of the text.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

SHORT = 400  # characters; longer blocks are text, whatever they say
_WORDS = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[a-z]{1,2})?|\d+h\d*")
_STOP = tuple(".!?…。！？")


@lru_cache(maxsize=8192)
def key(text: str) -> str:
    """`text` as compared: words in lower case without accents, single blanks between."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(_WORDS.findall("".join(c for c in plain if not unicodedata.combining(c))))


@dataclass(frozen=True, slots=True)
class Table:
    """The phrases of one language, as keys. `alone` and `ends` map a phrase to its reason."""

    alone: dict[str, str]
    ends: dict[str, str]
    opens: tuple[tuple[str, str], ...]
    says: tuple[tuple[str, str], ...]
    who: frozenset[str]
    by: tuple[str, ...]
    when: frozenset[str]


@cache
def table(language: str) -> Table:
    """Phrases for a language, with those of English that hold everywhere. An unknown language has only these."""
    own, english = _load(language), _load("en")
    when = set(_flat(own, "when", "words")) | _calendar(language) | _calendar("en")
    return Table(
        alone={**_by_phrase(english, "alone"), **_by_phrase(own, "alone")},
        ends=_by_phrase(own, "ends"),
        opens=tuple(_by_phrase(own, "opens").items()),
        says=tuple({**_by_phrase(english, "says"), **_by_phrase(own, "says")}.items()),
        who=frozenset(_flat(own, "who", "words")),
        by=tuple(_flat(own, "who", "opens")),
        when=frozenset(w for phrase in when for w in phrase.split()),
    )


@cache
def _load(language: str) -> dict[str, Any]:
    source = files("digest.collect") / "data" / "noise" / f"{language}.toml"
    return tomllib.loads(source.read_text("utf-8")) if language.isalpha() and source.is_file() else {}


def _by_phrase(data: dict[str, Any], part: str) -> dict[str, str]:
    return {key(phrase): reason for reason, phrases in data.get(part, {}).items() for phrase in phrases}


def _flat(data: dict[str, Any], part: str, name: str) -> Iterable[str]:
    return (key(phrase) for phrase in data.get(part, {}).get(name, ()))


@cache
def _calendar(language: str) -> set[str]:
    """Names of months and days, long and short, in every grammatical form that CLDR knows."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return set()
    forms = (locale.months, locale.days, locale.day_periods)
    names = (
        n
        for form in forms
        for widths in form.values()
        for w in ("wide", "abbreviated")
        for n in widths.get(w, {}).values()
    )
    return {word for name in names for word in key(str(name)).split()}


def reason(text: str, language: str, links: frozenset[str] = frozenset()) -> str | None:
    """Why this block is not the article, or None. `links` are the keys of the texts of the page's links."""
    if len(text) > SHORT:
        return None
    phrases, words = table(language), key(text)
    if not words:
        return "no words"
    if why := phrases.alone.get(words) or phrases.alone.get(_uncounted(words)):
        return why
    for phrase, why in phrases.opens:
        if words.startswith(phrase + " ") and _is_label(text, words[len(phrase) + 1 :], phrase, links):
            return why
    return next((why for phrase, why in phrases.says if phrase in words), None)


def _uncounted(words: str) -> str:
    return " ".join(w for w in words.split() if not w.isdigit())


def _is_label(text: str, rest: str, phrase: str, links: frozenset[str]) -> bool:
    """A phrase that opens a block makes it furniture if a colon follows, a link makes up the rest, or it is no sentence."""
    head = text[: len(phrase) + 12]
    if ":" in head or "：" in head or rest in links or key(text) in links:
        return True
    return not text.rstrip(" »”\"')").endswith(_STOP) and len(rest.split()) <= 12


def ends_article(text: str, language: str) -> str | None:
    """The reason, if this block is the heading of something that follows the article."""
    return None if len(text) > 80 else table(language).ends.get(_uncounted(key(text)))


def is_signature(text: str, language: str, names: Iterable[str] = ()) -> str | None:
    """'byline' or 'date' for a line made only of names, words of bylines and of dates: who and when, not what.

    `names` are keys of what the page calls its author, agency and site.
    """
    if len(text) > 200:
        return None
    phrases, rest = table(language), f" {key(text)} "
    for name in names:
        if name:
            rest = rest.replace(f" {name} ", " \0 ")
    words = rest.split()
    left = [
        w for w in words if w != "\0" and w not in phrases.when and w not in phrases.who and not _NUMBER.fullmatch(w)
    ]
    if not left:
        dated = any(w.isdigit() or _NUMBER.fullmatch(w) for w in words)
        return "date" if dated and "\0" not in words else "byline" if "\0" in words or dated else None
    opened = next((p for p in phrases.by if rest.startswith(f" {p} ")), None)
    if opened and len(left) <= 8 and not text.rstrip().endswith(_STOP) and _all_names(text, left):
        return "byline"
    return None


def _all_names(text: str, left: list[str]) -> bool:
    """Whether every remaining word is written like a name: with a capital, in a script that has capitals."""
    capitals = {key(w) for w in _WORDS.findall(text) if w[0].isupper()}
    return all(w in capitals for w in left)
