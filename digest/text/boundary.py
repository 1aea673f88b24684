"""Boundary: whether a mark ends a sentence, judged by the word before it and the word after it.

Judging by both neighbours follows Kiss & Strunk, 'Unsupervised Multilingual Sentence Boundary Detection' (2006); tables
stand in for their statistics, which a single article is too short for. Everything looked at lies within a few dozen
characters of the mark, so that the cost of a text grows with its length alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from digest.text.words import Words

_WIDE = "。｡！？"  # full-width marks have their blank built in
_SURE = "؟۔।॥։።။‼⁇⁈⁉\u037e" + _WIDE  # marks that do nothing but end a sentence
MARKS = ".!?…" + _SURE

_NEAR = 40  # characters looked back: longer than any abbreviation with the word before it
_OPENERS = re.escape("«‹»“„‚‘\"'([{¿¡「『（【《〈—–-•*·,`©§#@$€£¥₹~")
_NEXT = re.compile(rf"\s*+(?P<open>(?:[{_OPENERS}]\s?){{0,4}}+)(?P<word>[^\W_]++(?:['’]\w++)?)?")
_CLAUSE = re.compile(rf"[^，、；：,;:{re.escape(MARKS)}]{{1,12}}(?=[，。：])")
_DUTCH = re.compile(r"\s['’][a-z]\s([A-Z]\w*)")  # 's Avonds: the capital comes with the second word
_APOSTROPHE = re.compile("['’]")
_INITIALS = re.compile(r"[^\W\d_](?:[.\-‐]{1,2}[^\W\d_]){0,5}\Z")  # J, J.-P, U.S
_NEXT_INITIAL = re.compile(r"\s[^\W\d_]\.")
_ROMAN = re.compile(r"[IVXLCDM]+\Z")
_NO_VOWEL = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ][bcdfghjklmnpqrstvwxz]{1,3}\Z")  # Lt, Brgy: cut short, whatever they are
_VOWELS = "aeiouyáàâãäåæéèêëíìîïóòôõöøúùûüýаеиоуыэюяіїє"
_SYLLABLE = re.compile("[\u1100-\uffff]")  # a letter of these scripts is a word, not an initial
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
    """Whether the sentence ends here. What follows is never the end of the text."""
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
        return False  # what has no word yet belongs to this sentence: '. . .', '! "'
    if word[0].islower():
        return not stop.closed and "(" not in following["open"] and _ends_before_small(stop, table)
    if stop.mark == ".":
        return _ends_at_dot(stop, word, table)
    return stop.mark[-1] not in "!?" or not (word in table.inner or _told(stop, table))  # 'Yahoo! Inc.'


def _ends_without_blank(stop: Stop, table: Words) -> bool:
    """Full-width marks need no blank; others lost theirs ('fin.Alors') if a word that opens sentences follows."""
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
    """Where no blank parts words: what goes on after a quotation, a bracket, or a name that ends in a mark."""
    text, end = stop.text, stop.end
    if not stop.closed:
        return text.startswith(table.joins, end)
    if text[end - 1] in ")）" and text[stop.start] not in "(（":
        return True
    clause = _CLAUSE.match(text, end)
    return text.startswith(table.carries_on, end) or (clause is not None and clause[0].endswith(tuple(table.speech)))


def _token(stop: Stop) -> tuple[str, list[str]]:
    """The word right before the mark, without what opens it, and the words near it; "" when a blank is there."""
    near = stop.text[max(stop.start, stop.at - _NEAR) : stop.at].split()
    if not near or stop.text[stop.at - 1].isspace():
        return "", near
    return near[-1].lstrip("([{«‹“„‚‘\"'¿¡—–-"), near


def _kinds(token: str, near: list[str]) -> set[str]:
    """The ways a word may stand in a table: as it is, in small letters, after an apostrophe, with the one before it."""
    tail = _APOSTROPHE.split(token)[-1]
    kinds = {token, tail, token.lower(), tail.lower()}
    if tail.endswith("str"):
        kinds.add("str")  # 'Hauptstr. 12', 'Kerkstr. 5'
    if len(near) > 1 and near[-2].endswith("."):
        kinds.add((near[-2] + token).lower())  # 'z. B.', 'т. п.'
    return kinds


def _ends_before_small(stop: Stop, table: Words) -> bool:
    """A small letter goes on with the sentence, except after a plain word that can be no abbreviation.

    Careless writers begin so. 'Pourquoi ? demande-t-il' and '... ou pas' go on, unless this one began so itself.
    """
    if stop.mark != ".":
        return stop.mark[-1] in "!?" and stop.text[stop.start].islower()
    token, near = _token(stop)
    tail = _APOSTROPHE.split(token)[-1].rstrip('"”’»)')
    plain = len(tail) > 6 or (len(tail) > 3 and tail[-1] in _VOWELS)  # abbreviations are short or cut before a vowel
    return plain and bool(table.function) and tail.isalpha() and table.abbreviations.isdisjoint(_kinds(token, near))


def _ends_at_dot(stop: Stop, word: str, table: Words) -> bool:
    """The hard case: a single dot, a blank, and no small letter after it."""
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
    """By the kind of abbreviation; None where it is used as the ordinary word that it also is."""
    numeral = word[0].isdigit() or bool(_ROMAN.match(word))
    if not table.ends.isdisjoint(kinds):
        return True
    if not table.after_number.isdisjoint(kinds) and len(near) > 1 and near[-2].rstrip(",")[-1:].isdigit():
        return not numeral
    if not table.titles.isdisjoint(kinds) or not table.never.isdisjoint(kinds):
        # What is written like an ordinary word may be one, if what follows can be neither name nor example.
        return opens and len(token) > 2 and token.islower() and token.isalpha() and word.lower() not in _PARTICLES
    if not table.numbers.isdisjoint(kinds):
        return False if numeral else None
    return opens


def _ends_at_number(token: str, first: bool, word: str, opens: bool, table: Words) -> bool:
    """'am 3. Mai' goes on in languages that write ordinals so; '1. Foo' numbers a list anywhere."""
    if first:
        return False
    if not table.ordinals or len(token) > 2:
        return True
    return word.lower() not in table.months and (opens or not table.capitals)


def _ends_at_initial(token: str, near: list[str], first: bool, word: str, opens: bool) -> bool:
    """'J. Smith', 'U.S. troops' go on; 'the U.S. The', 'plan B. Le' end."""
    if first or not opens or (token.islower() and len(token) == 1):
        return not first and token.islower() and len(token) == 1
    if len(token) > 1 or word.lower() not in _PARTICLES or len(near) < 2:
        return True
    return near[-2][0].islower() and len(near[-2]) > 3  # 'le plan B. Le', not 'par J. Le Goff'


def _opens(word: str, table: Words) -> bool:
    """Whether a word typically opens sentences: it is one of the language's function words."""
    low = word.lower()
    return low in table.function or _APOSTROPHE.split(low)[0] in table.function


def _told(stop: Stop, table: Words) -> bool:
    """'"Is it true?" Smith asked.': after a quotation comes its speaker."""
    if not stop.closed or not table.speech:
        return False
    ahead = stop.text[stop.end : stop.end + 60].partition("\n")[0].split()
    return any(w.rstrip(".,:;") in table.speech for w in ahead[1:4])
