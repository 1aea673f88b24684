"""Names and quotations of a text, and whether another text has them too. Pure.

A name is a capitalised word inside a sentence, or a word in capitals. The first word of a sentence may be a name too,
so it must be known unless it is a function word. Scripts without capitals do not mark names: there every content word
must be known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from digest.compose.llm.lexicon import lexicon_of
from digest.text.sentence import sentences
from digest.text.stem import fold, stem
from digest.text.words import Words, words

_WORD = re.compile(r"[^\W_]+")
_BESIDE = re.compile(r"[ \u00a0\u202f'’&-]*\Z")  # separators between the words of one name
_DOTTED = re.compile(r"\b((?:[^\W\d_]\.){2,})")
_RUN = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u30a0-\u30ff\u3400-\u9fff]+")  # written without spaces; no hiragana
_HIRAGANA = re.compile(r"[\u3040-\u309f]+")
_QUOTED = re.compile(
    r"“([^“”]*)(?:”|\Z|(?=\n\s*\n))|„([^„“”]*)[“”]|«([^«»]*)»|»([^«»]*)«|「([^「」]*)」|『([^『』]*)』"
    r'|"([^"]*)"|(?<!\w)‘([^‘\n]*?)’(?!\w)'
)
_MARKS = re.compile(r'["“”„«»「」『』]')


class _Token(NamedTuple):
    word: str
    beside: bool  # follows the word before it without punctuation between
    opens: bool  # begins a sentence


@dataclass(frozen=True, slots=True)
class _Known:
    """The words of a source: all stems, the capitalised ones (and those inside a sentence), all spellings, and pairs.

    A pair may have one word between ('President Anna Baker' names a 'President Baker').
    """

    stems: frozenset[str]
    capitals: frozenset[str]
    inner: frozenset[str]
    spelled: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    text: str


def unknown_name(answer: str, source: str, language: str) -> str:
    """Return the first name of `answer` that `source` does not have, "" when it has all.

    The parts of a name must be adjacent in the source: 'Anna Baker' and 'John Smith' do not allow 'John Baker'.
    """
    known, table = _known(source, language), words(language)
    before: _Token | None = None
    for token in _tokens(answer, language):
        if _HIRAGANA.fullmatch(token.word):
            before = None
        elif _RUN.search(token.word):
            if missing := _unknown_run(token.word, known.text, table):
                return missing
            before = None
        elif not _is_known(token, known, table):
            return token.word
        elif not _named(token, known, table):
            before = None
        else:
            pair = before is not None and token.beside and (stem(before.word, language), stem(token.word, language))
            if pair and before is not None and pair not in known.pairs:
                return f"{before.word} {token.word}"
            before = token
    return ""


def unknown_quotation(answer: str, source: str) -> str:
    """Return the first quotation of `answer` that is not (part of) one in `source`, "" when all are."""
    said = [_bare(quoted) for quoted in quotations(source)]
    for quoted in quotations(answer):
        bare = _bare(quoted)
        if bare and not any(f" {bare} " in f" {other} " for other in said):
            return quoted
    return ""


def quotations(text: str) -> list[str]:
    """Return the texts between quotation marks of any kind."""
    return [next(part for part in match.groups() if part is not None) for match in _QUOTED.finditer(text)]


def left_open(text: str) -> bool:
    """Return whether a quotation mark has no partner."""
    unclosed = "„" not in text and text.count("“") != text.count("”")  # German quotations end with “
    return unclosed or bool(_MARKS.search(_QUOTED.sub(" ", text)))


def _bare(text: str) -> str:
    """Return the words alone, so that punctuation, spaces and kinds of apostrophe do not matter."""
    return " ".join(word.casefold() for word in _WORD.findall(text))


def _is_known(token: _Token, known: _Known, table: Words) -> bool:
    word, root = token.word, stem(token.word, table.language)
    function = word.lower() in table.function
    if word.isdigit() or _numeral(word, table.language):
        return True  # `numbers` judges them
    if any(c.isdigit() for c in word) or (len(word) > 1 and word.isupper()) or any(c.isupper() for c in word[1:]):
        return fold(word) in known.spelled  # '5G', 'NATO', 'iPhone'
    if token.opens or word.upper() == word.lower():  # the first word of a sentence, or a script without capitals
        return function or root in known.stems
    return not word[0].isupper() or root in known.capitals or (function and len(word) == 1)  # English 'I'


def _numeral(word: str, language: str) -> bool:
    """Return whether a word is a numeral ('Milliarden', which German capitalises)."""
    spoken = lexicon_of(language)
    return word.casefold() in spoken.scales or word.casefold() in spoken.numbers or bool(spoken.percent.fullmatch(word))


def _named(token: _Token, known: _Known, table: Words) -> bool:
    """Return whether a known word belongs to a name; the first of a sentence is one if it is capitalised elsewhere."""
    if _numeral(token.word, table.language):
        return False
    return token.word[0].isupper() and (not token.opens or stem(token.word, table.language) in known.inner)


def _unknown_run(run: str, source: str, table: Words) -> str:
    """Return the part of an unspaced run that pieces of the source cannot form; function words are free.

    Only pieces of two or more letters count.
    """
    for part in _RUN.findall(run):
        if part in source:
            continue
        reach = [True] + [False] * len(part)
        for end in range(1, len(part) + 1):
            for start in range(max(0, end - 12), end):
                piece = part[start:end]
                fits = piece in table.function or (end - start > 1 and piece in source)
                if reach[start] and fits:
                    reach[end] = True
                    break
        if not reach[-1]:
            return str(part)
    return ""


def _tokens(text: str, language: str) -> Iterator[_Token]:
    plain = _DOTTED.sub(lambda m: m[1].replace(".", ""), text)
    for start, end in sentences(plain, language):
        last = start
        for number, match in enumerate(_WORD.finditer(plain, start, end)):
            yield _Token(match[0], number > 0 and bool(_BESIDE.match(plain[last : match.start()])), number == 0)
            last = match.end()


@lru_cache(maxsize=4)
def _known(source: str, language: str) -> _Known:
    tokens = list(_tokens(source, language))
    roots = [stem(token.word, language) for token in tokens]
    pairs = set()
    for place, token in enumerate(tokens):
        if place and token.beside:
            pairs.add((roots[place - 1], roots[place]))
            if place > 1 and tokens[place - 1].beside:
                pairs.add((roots[place - 2], roots[place]))
    return _Known(
        stems=frozenset(roots),
        capitals=frozenset(root for root, token in zip(roots, tokens, strict=True) if token.word[0].isupper()),
        inner=frozenset(
            root for root, token in zip(roots, tokens, strict=True) if token.word[0].isupper() and not token.opens
        ),
        spelled=frozenset(fold(token.word) for token in tokens),
        pairs=frozenset(pairs),
        text=source,
    )
