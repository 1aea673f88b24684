"""Whether a mark ends a sentence, judged by the word before it and the word after it.

Judging by both neighbours follows Kiss & Strunk, 'Unsupervised Multilingual Sentence Boundary Detection' (2006). Tables
replace their statistics, because a single article is too short for them. Each decision reads only a few dozen
characters around the mark, so the cost of a text is linear in its length.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from digest.text.words import Words

_WIDE = "。｡！？"  # full-width marks need no space after them
_SURE = "؟۔।॥։።။‼⁇⁈⁉\u037e" + _WIDE  # marks whose only use is to end a sentence
MARKS = ".!?…" + _SURE

_NEAR = 40  # characters to look back: longer than any abbreviation with the word before it
_OPENERS = re.escape("«‹»“„‚‘\"'([{¿¡「『（【《〈—–-•*·,`©§#@$€£¥₹~")
_NEXT = re.compile(rf"\s*+(?P<open>(?:[{_OPENERS}]\s?){{0,4}}+)(?P<word>[^\W_]++(?:['’]\w++)?)?")
_CLAUSE = re.compile(rf"[^，、；：,;:{re.escape(MARKS)}]{{1,12}}(?=[，。：])")
_DUTCH = re.compile(r"\s['’][a-z]\s([A-Z]\w*)")  # 's Avonds: the second word has the capital
_APOSTROPHE = re.compile("['’]")
_INITIALS = re.compile(r"[^\W\d_](?:[.\-‐]{1,2}[^\W\d_]){0,5}\Z")  # J, J.-P, U.S
_NEXT_INITIAL = re.compile(r"\s[^\W\d_]\.")
_ROMAN = re.compile(r"[IVXLCDM]+\Z")
_NO_VOWEL = re.compile(
    r"[BCDFGHJKLMNPQRSTVWXZ][bcdfghjklmnpqrstvwxz]{1,3}\Z"
)  # Lt, Brgy: a word without a vowel is an abbreviation
_VOWELS = "aeiouyáàâãäåæéèêëíìîïóòôõöøúùûüýаеиоуыэюяіїє"
_SYLLABLE = re.compile("[\u1100-\uffff]")  # a single letter of these scripts is a word, not an initial
_HANGUL = re.compile("[\uac00-\ud7a3]")
# Small words inside names: after an initial they do not open a sentence ('J. Le Goff', 'A. van Dyck').
_SMALL = "de la le les van von der den ter ten el al du di da do dos das del della ben bin af av zu zur y e"
_PARTICLES = frozenset(_SMALL.split())


class Stop(NamedTuple):
    """A mark at `at`, in a sentence that began at `start`; `end` is after the quotes and brackets `closed` with it."""

    text: str
    start: int
    at: int
    mark: str
    end: int
    closed: bool


def ends(stop: Stop, table: Words) -> bool:
    """Return whether the sentence ends at `stop`, which is never at the end of the text."""
    text, end = stop.text, stop.end
    if not text[end].isspace():
        return _ends_without_blank(stop, table)
    if text[stop.at - 1 : stop.at] in ("(", "[") and text[end - 1] in ")]":
        before = text[max(stop.start, stop.at - 5) : stop.at - 1].rstrip()
        return before.endswith((".", "!", "?"))  # a mark in brackets of its own: (?), [...]
    following = _NEXT.match(text, end)
    word = following["word"] if following else None
    if dutch := _DUTCH.match(text, end):
        word = dutch[1]
    if not following or not word:
        return False  # marks without a word after them belong to this sentence: '. . .', '! "'
    if word[0].islower():
        return not stop.closed and "(" not in following["open"] and _ends_before_small(stop, table)
    if stop.mark == ".":
        return _ends_at_dot(stop, word, table)
    return stop.mark[-1] not in "!?" or not (word in table.inner or _speaker_follows(stop, table))  # 'Yahoo! Inc.'


def _ends_without_blank(stop: Stop, table: Words) -> bool:
    """Return whether a mark without a space after it ends the sentence.

    Full-width marks do. Others do where the space was lost ('fin.Alors'): a word that opens sentences follows.
    """
    text, at, mark, end, last = stop.text, stop.at, stop.mark, stop.end, stop.mark[-1]
    after = text[end]
    if last in _SURE or (last in "!?" and "\u3000" <= after <= "\u9fff"):
        return after not in "，、；：,;:" + MARKS and not _carries_on(stop, table)
    before = text[at - 1 : at]
    if after in ",;:":
        return False
    if _HANGUL.match(before) and _HANGUL.match(after):
        return not _carries_on(stop, table)
    if not (before.islower() or before.isdigit() or before in tuple('"”’»)]') or (before.isupper() and mark != ".")):
        return False
    following = _NEXT.match(text, end)
    word = following["word"] if following else None
    if not following or not word or not word[0].isupper():
        return False
    return text.startswith(" ", following.end()) and _opens(word, table)


def _carries_on(stop: Stop, table: Words) -> bool:
    """Return whether the sentence continues after a quotation, a bracket or a name, in scripts without spaces."""
    text, end = stop.text, stop.end
    if not stop.closed:
        return text.startswith(table.joins, end)
    if text[end - 1] in ")）" and text[stop.start] not in "(（":
        return True
    clause = _CLAUSE.match(text, end)
    return text.startswith(table.carries_on, end) or (clause is not None and clause[0].endswith(tuple(table.speech)))


def _token(stop: Stop) -> tuple[str, list[str]]:
    """Return the word before the mark without opening punctuation ("" after a space), and the words near it."""
    near = stop.text[max(stop.start, stop.at - _NEAR) : stop.at].split()
    if not near or stop.text[stop.at - 1].isspace():
        return "", near
    return near[-1].lstrip("([{«‹“„‚‘\"'¿¡—–-"), near


def _kinds(token: str, near: list[str]) -> set[str]:
    """Return the forms to look a word up by: as written, in lower case, after an apostrophe, with the word before."""
    tail = _APOSTROPHE.split(token)[-1]
    kinds = {token, tail, token.lower(), tail.lower()}
    if tail.endswith("str"):
        kinds.add("str")  # 'Hauptstr. 12', 'Kerkstr. 5'
    if len(near) > 1 and near[-2].endswith("."):
        kinds.add((near[-2] + token).lower())  # 'z. B.', 'т. п.'
    return kinds


def _ends_before_small(stop: Stop, table: Words) -> bool:
    """Return whether the sentence ends before a lower-case word: only after a word that cannot be an abbreviation.

    Some writers begin sentences in lower case. After '?', '!' and '...' the sentence continues ('Pourquoi ?
    demande-t-il'), unless it began in lower case itself.
    """
    if stop.mark != ".":
        return stop.mark[-1] in "!?" and stop.text[stop.start].islower()
    token, near = _token(stop)
    tail = _APOSTROPHE.split(token)[-1].rstrip('"”’»)')
    plain = len(tail) > 6 or (len(tail) > 3 and tail[-1] in _VOWELS)  # abbreviations are short or cut before a vowel
    return plain and bool(table.function) and tail.isalpha() and table.abbreviations.isdisjoint(_kinds(token, near))


def _ends_at_dot(stop: Stop, word: str, table: Words) -> bool:
    """Return whether a dot ends the sentence when a space and a word without a lower-case initial follow."""
    token, near = _token(stop)
    if not token:
        return True
    first = stop.at - len(token) <= stop.start
    opens = _opens(word, table)
    kinds = _kinds(token, near)
    if not table.abbreviations.isdisjoint(kinds):
        known = _ends_at_abbreviation(token, kinds, near, word, opens, table)
        if known is not None:
            return known
    if token.isdigit():
        dated = table.dates and (word[0].isdigit() or (near[-2:-1] != [] and near[-2].rstrip(".").isdigit()))
        return not dated and _ends_at_number(token, first, word, opens, table)
    if len(token) == 1 and token.isupper() and _NEXT_INITIAL.match(stop.text, stop.end):
        return False  # 'U. S. Highway'
    if _INITIALS.match(token) and not _SYLLABLE.match(token):
        return _ends_at_initial(token, near, first, word, opens)
    return opens or not (_NO_VOWEL.match(token) or (table.ordinals and _ROMAN.match(token)))


def _ends_at_abbreviation(
    token: str, kinds: set[str], near: list[str], word: str, opens: bool, table: Words
) -> bool | None:
    """Judge a dot by the kind of abbreviation before it; None where the word is used as an ordinary word."""
    numeral = word[0].isdigit() or bool(_ROMAN.match(word))
    if not table.ends.isdisjoint(kinds):
        return True
    if not table.after_number.isdisjoint(kinds) and len(near) > 1 and near[-2].rstrip(",")[-1:].isdigit():
        return not numeral
    if not table.titles.isdisjoint(kinds) or not table.never.isdisjoint(kinds):
        # An abbreviation that is also an ordinary word is one if neither a name nor an example follows.
        return opens and len(token) > 2 and token.islower() and token.isalpha() and word.lower() not in _PARTICLES
    if not table.numbers.isdisjoint(kinds):
        return False if numeral else None
    return opens


def _ends_at_number(token: str, first: bool, word: str, opens: bool, table: Words) -> bool:
    """Judge a dot after a number: 'am 3. Mai' continues where ordinals have a dot, '1. Foo' numbers a list."""
    if first:
        return False
    if not table.ordinals or len(token) > 2:
        return True
    return word.lower() not in table.months and (opens or not table.capitals)


def _ends_at_initial(token: str, near: list[str], first: bool, word: str, opens: bool) -> bool:
    """Judge a dot after initials: 'J. Smith' and 'U.S. troops' continue, 'the U.S. The' and 'plan B. Le' end."""
    if first or not opens or (token.islower() and len(token) == 1):
        return not first and token.islower() and len(token) == 1
    if len(token) > 1 or word.lower() not in _PARTICLES or len(near) < 2:
        return True
    return near[-2][0].islower() and len(near[-2]) > 3  # 'le plan B. Le', not 'par J. Le Goff'


def _opens(word: str, table: Words) -> bool:
    """Return whether a word typically opens sentences: it is a function word of the language."""
    low = word.lower()
    return low in table.function or _APOSTROPHE.split(low)[0] in table.function


def _speaker_follows(stop: Stop, table: Words) -> bool:
    """Return whether a speaker follows a quotation, as in '"Is it true?" Smith asked.'."""
    if not stop.closed or not table.speech:
        return False
    ahead = stop.text[stop.end : stop.end + 60].partition("\n")[0].split()
    return any(w.rstrip(".,:;") in table.speech for w in ahead[1:4])
