"""Word tables of a language, read from `data/<language>.toml`; an unknown language has empty tables.

`any.toml` holds abbreviations that newspapers use in every language of Latin script, and is part of every table.

Each file has two tables. `[stops]` serves sentence splitting. Abbreviations are written without their final dot; one
written in small letters stands for any case, one with a capital only for itself ('Me' is a French title, 'me' a word):

- `titles` stand before a name, so a capital after them is no evidence ('M. Dupont').
- `never` end a sentence, because they announce something ('cf.', 'z. B.').
- `numbers` announce a number, and are ordinary words before anything else ('art. 5', 'No. 10').
- `inner` may end a sentence: they do before a word that typically opens one ('Apple Inc. The ...').
- `ends` close a list or an era: a capital after them begins a sentence ('и т. п.').
- `after_number` become ordinary words when a number stands before them (Russian 'в 1990 г.', against 'г. Москва').
- `months` and `ordinals`: a dot after a small number makes it an ordinal ('am 3. Mai') in languages that write so.
- `capitals`: a capitalised word may follow an ordinal (German nouns, Turkish proper names).
- `marks` end sentences in this language alone (the Greek question mark).
- `dates`: a dot after a number may separate the numbers of a date ('2024. 5. 3.' in Korean).
- `joins`: in scripts without spaces, these follow a name that ends in a mark (Japanese 'の').
- `carries_on`: right after a closed quotation, these continue its sentence (Japanese 「…。」と).

`[words]` serves the choice of the lead:

- `function` words carry no topic; they also typically open sentences.
- `anaphora` as a first word, and `links` as first words (separated by `|`), point back to an earlier sentence.
- `pronouns` are those among them that stand for a person or thing; they also leave a quotation without its speaker.
- `demonstratives` do so before a noun that was not named yet ('cette réforme').
- `free` first words look like one of these but do not point back ('this week', 'il y a').
- `page`: first words of sentences about the page, not about the news ('in this article').
- `unspaced`: no spaces between words, so first words are compared letter by letter.
- `speech`: verbs of saying, which give a quotation its speaker.
- `places`: 'first', 'second', 'third' ... in order, the forms of each separated by `/`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from digest import resources

# Codes that the web still uses for languages that have a newer one (IANA language subtag registry), and Norwegian,
# where pages say 'no' for what is nearly always Bokmål.
_ALIASES = {
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "nb": "no",
    "nn": "no",
    "mo": "ro",
    "sh": "sr",
    "jp": "ja",
    "cn": "zh",
}
#: Languages similar enough to share the tables of another.
_SHARED = {"ms": "id", "bs": "hr"}


@dataclass(frozen=True, slots=True)
class Words:
    """The tables of one language, described in the module's docstring; empty where nothing is known."""

    language: str = ""
    titles: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    inner: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    after_number: frozenset[str] = frozenset()
    months: frozenset[str] = frozenset()
    ordinals: bool = False
    capitals: bool = False
    abbreviations: frozenset[str] = frozenset()  # the union of the tables above
    marks: str = ""
    dates: bool = False
    joins: tuple[str, ...] = ()
    carries_on: tuple[str, ...] = ()
    function: frozenset[str] = frozenset()
    anaphora: frozenset[str] = frozenset()
    links: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    unspaced: bool = False
    pronouns: frozenset[str] = frozenset()
    demonstratives: frozenset[str] = frozenset()
    speech: frozenset[str] = frozenset()
    places: Mapping[str, str] = field(default_factory=dict)  # a form -> its number, in digits


def primary(language: str) -> str:
    """Return the current primary subtag of a BCP 47 tag: 'pt-BR' is 'pt', 'iw' is 'he', 'zh_Hant' is 'zh'."""
    code = language.strip().replace("_", "-").partition("-")[0].lower()
    return _ALIASES.get(code, code)


def written_like(language: str) -> str:
    """Return the code of the language whose tables apply: 'no' for 'nb', Indonesian for Malay."""
    code = primary(language)
    return _SHARED.get(code, code)


def words(language: str) -> Words:
    """Return the tables of a language, given as any BCP 47 tag; empty tables for an unknown one."""
    return _load(primary(language))


@lru_cache(maxsize=64)
def _load(code: str) -> Words:
    stops, words_ = _tables(_SHARED.get(code, code))
    sets = {k: frozenset(v.split()) for k, v in {**stops, **words_}.items() if k in _SETS}
    for kind, shared in _tables("any")[0].items():
        sets[kind] = sets.get(kind, frozenset()) | frozenset(shared.split())
    return Words(
        code,
        ordinals=bool(stops.get("ordinals", False)),
        capitals=bool(stops.get("capitals", False)),
        marks=stops.get("marks", ""),
        dates=bool(stops.get("dates", False)),
        joins=tuple(stops.get("joins", "").split()),
        abbreviations=frozenset[str]().union(*(sets.get(kind, ()) for kind in _ABBREVIATIONS)),
        carries_on=tuple(sorted(stops.get("carries_on", "").split(), key=len, reverse=True)),
        unspaced=bool(words_.get("unspaced", False)),
        links=_phrases(words_, "links"),
        free=_phrases(words_, "free"),
        page=_phrases(words_, "page"),
        places={
            form: str(number)
            for number, forms in enumerate(words_.get("places", "").split(), 1)
            for form in forms.split("/")
        },
        **sets,
    )


def _phrases(table: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return phrases as first words are compared: words separated by single spaces, also at apostrophes."""
    return tuple(
        " ".join(re.findall(r"[^\W_]+(?:-[^\W_]+)*", phrase))
        for phrase in table.get(name, "").split("|")
        if phrase.strip()
    )


def _tables(code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    is_code = code.isascii() and code.isalpha() and len(code) < 4
    table = tomllib.loads((resources.find_data(f"text/data/{code}.toml") if is_code else "") or "")
    return table.get("stops", {}), table.get("words", {})


_ABBREVIATIONS = ("titles", "never", "numbers", "inner", "ends", "after_number")
_SETS = {*_ABBREVIATIONS, "months", "function", "anaphora", "pronouns", "demonstratives", "speech"}
