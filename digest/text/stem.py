"""Comparable forms of words: case and accents folded, endings removed by the Snowball rules of the language. Pure.

`fold` makes 'ÉLECTION' and 'élection' equal, in every script. `stem` makes 'élections' equal too, where Snowball knows
the language; elsewhere it only folds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import Stemmer

from digest.text.token import letters

#: Two-letter code (BCP 47 primary subtag) -> Snowball algorithm. https://snowballstem.org/algorithms/
ALGORITHMS: Final = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

#: Letters that Unicode does not decompose and that people type in a plain form.
_PLAIN: Final = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "’": "'", "ʼ": "'"}
)


def fold(text: str) -> str:
    """Return the text in lower case without accents (`Électricité` -> `electricite`)."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return "".join(c for c in plain if not unicodedata.combining(c))


#: Short French words whose final s Snowball keeps: élus, lois, villas.
_FRENCH_PLURAL: Final = re.compile(r"..[aiou]s$")


@lru_cache(maxsize=64)
def _stemmer(algorithm: str) -> Stemmer.Stemmer:
    stemmer = Stemmer.Stemmer(algorithm)
    stemmer.maxCacheSize = 0  # `stem` has its own cache
    return stemmer


@lru_cache(maxsize=200_000)
def stem(word: str, language: str) -> str:
    """Return one word folded and without its ending; `language` is a two-letter code, "" or an unknown one only folds.

    A word with a digit is unchanged. Stems are for comparing, not for showing.
    """
    folded = unicodedata.normalize("NFC", word).casefold().replace("’", "'")
    algorithm = ALGORITHMS.get(language)
    if algorithm and letters(folded).isalpha():
        folded = _stemmer(algorithm).stemWord(folded)
        if language == "ar":  # the algorithm removes an article and a plural in two steps
            folded = _stemmer(algorithm).stemWord(folded)
        if language == "fr" and _FRENCH_PLURAL.search(folded):
            folded = folded[:-1]
    return fold(folded)


def stems(words: Iterable[str], language: str) -> list[str]:
    """Each word's `stem`, in order."""
    return [stem(word, language) for word in words]
