"""Sentences: where each begins and ends, in any language.

One pass over the marks that may end a sentence, each judged by the word before it and the word after it, with the
abbreviations and months of the language (`words.py`). Judging by both neighbours follows Kiss & Strunk, 'Unsupervised
Multilingual Sentence Boundary Detection' (2006); tables stand in for their statistics, which a single article is too
short for.
"""

from __future__ import annotations

import re
from itertools import islice

from digest.text.words import Words, words

_WIDE = "。｡！？"  # full-width marks have their blank built in
_SURE = "؟۔।॥።‼⁇⁈⁉" + _WIDE  # marks that do nothing but end a sentence
_CLOSERS = re.escape("'”’»›)]}」』】）〉》＂")
_OPENERS = re.escape("«‹»“„‚‘\"'([{¿¡「『（【《〈—–-•*·,`")
# A run of marks with what closes after it, or a newline. Possessive throughout, so that no input makes it go back.
_MARK = re.compile(
    rf"(?P<mark>[.!?…։{_SURE}]++)(?P<close>(?:[ \u00a0\u202f][»›](?!\w)| ?''(?=\s|\Z)|[“«](?=[\s,.;:)]|\Z)|[{_CLOSERS}])*+)"
    rf"|\n[^\S\n]*+(?P<gap>\n\s*+)?|\u2029"
)
_NEXT = re.compile(rf"\s*+(?P<open>(?:[{_OPENERS}]\s?){{0,4}}+)(?P<word>[^\W_]++(?:['’]\w++)?)?")
_BLANK = re.compile(r"\s*+")
_BULLET = re.compile(r"\s*+(?:[-–—•*·▪●]\s|\d{1,2}[.)]\s)")
_LETTERS = re.compile(r"[^\W\d_](?:[.\-‐]{1,2}[^\W\d_]){0,5}\Z")  # J, J.-P, U.S
_ROMAN = re.compile(r"[IVXLCDM]+\Z")
_NO_VOWEL = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ][bcdfghjklmnpqrstvwxz]{1,3}\Z")
_VOWELS = "aeiouyáàâãäåæéèêëíìîïóòôõöøúùûüýаеиоуыэюяіїє"
_PARTICLES = frozenset(
    "de la le les van von der den ter ten el al du di da do dos das del della ben bin af av zu zur y e".split()
)


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Offsets `(start, end)` of the sentences of `text`, in order, in code points, without the blanks around them.

    `language` is a BCP 47 tag, or "" when unknown. Every character that is not a blank lies in exactly one sentence.
    A blank line always ends a sentence. Linear in the length of the text.
    """
    table = words(language)
    found: list[tuple[int, int]] = []
    start = _skip(text, 0)
    quotes = inside = 0  # straight quotation marks of this paragraph, and of this sentence: odd means one is open
    counted = start
    for mark in _MARK.finditer(text):
        if mark.start() < start:
            continue
        if mark["mark"] is None:
            if mark["gap"] is None and not _line_ends(text, start, mark.start(), mark.end()):
                continue
            end = mark.start()
        else:
            seen = text.count('"', counted, mark.start())
            quotes, inside, counted = quotes + seen, inside + seen, mark.start()
            end = _close(text, mark.end(), inside % 2 == 1 or quotes % 2 == 1)
            if not _ends(text, start, mark, end, table):
                continue
        found.append((start, end))
        quotes += text.count('"', counted, end)
        start = counted = _skip(text, end)
        inside = 0
        if "\n" in text[end:start]:
            quotes = 0
    if start < len(text):
        found.append((start, len(text.rstrip())))
    return found


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _close(text: str, end: int, quoted: bool) -> int:
    """Take in the straight quotation mark after a stop if it closes; typists leave a blank before it at times."""
    if text.startswith('"', end) and (quoted or not text[end + 1 : end + 2].isalnum()):
        return end + 2 if text[end + 1 : end + 2] in (")", "]", ".") else end + 1
    if quoted and text.startswith(' "', end) and not text[end + 2 : end + 3].strip():
        return end + 2
    return end


def _line_ends(text: str, start: int, end: int, following: int) -> bool:
    """A single newline ends a sentence before a list item, and after a short line such as a heading.

    Longer lines are taken for wrapped text. 40 is below any usual wrapping width.
    """
    if _BULLET.match(text, following):
        return True
    line = max(start, text.rfind("\n", start, end) + 1)
    head = text[following : following + 1]
    return end - line < 40 and bool(head.strip()) and not head.islower() and text[end - 1] not in ",;-–—"


def _ends(text: str, start: int, mark: re.Match[str], end: int, table: Words) -> bool:
    """Whether the sentence from `start` ends with this mark, whose closing quotes reach to `end`."""
    if end >= len(text):
        return True
    stop, at = mark["mark"], mark.start()
    after = text[end]
    if not after.isspace():
        return _ends_without_blank(text, start, at, stop, end, table)
    if text[at - 1 : at] in ("(", "[") and text[mark.end("mark")] in ")]":
        return text[max(start, at - 5) : at - 1].rstrip()[-1:] in tuple(
            ".!?"
        )  # a mark of its own in brackets: (?), [...]
    following = _NEXT.match(text, end)
    word = following["word"] if following else None
    if not word or not following:
        return False  # what has no word yet belongs to this sentence: '. . .', '! "'
    if word[0].islower():
        return end == mark.end("mark") and "(" not in following["open"] and _ends_before_small(text, start, mark, table)
    if stop[-1] in _SURE or (stop[-1] in "!?" and not _told(text, end, mark, table)):
        return True
    if stop != ".":
        return stop[-1] not in "!?"
    return _ends_at_dot(text, start, at, word, bool(following["open"]), table)


def _ends_without_blank(text: str, start: int, at: int, stop: str, end: int, table: Words) -> bool:
    """Full-width marks need no blank; others lost theirs ('fin.Alors') if a word that opens sentences follows."""
    after = text[end]
    if stop[-1] in _SURE or (stop[-1] in "!?" and "\u3000" <= after <= "\u9fff"):
        closed = end > at + len(stop)
        return not (after in "，、；：,;:.!?…" + _SURE or (closed and text.startswith(table.carries_on, end)))
    before = text[at - 1 : at]
    if not (before.islower() or before.isdigit() or before in '"”’»)]'):
        return "\uac00" <= before <= "\ud7a3" and "\uac00" <= after <= "\ud7a3"
    following = _NEXT.match(text, end)
    word = following["word"] if following else None
    return bool(
        word
        and word[0].isupper()
        and following
        and text[following.end() : following.end() + 1] == " "
        and _opens(word, table)
    )


def _ends_before_small(text: str, start: int, mark: re.Match[str], table: Words) -> bool:
    """A small letter goes on with the sentence, except after a plain word that can be no abbreviation.

    Headlines set in running text and careless writers begin so. 'Pourquoi ? demande-t-il' and '... ou pas' go on.
    """
    stop, at = mark["mark"], mark.start()
    if stop != ".":
        return stop[-1] in "!?" and not mark["close"] and text[start].islower()
    near = text[max(start, at - 40) : at].split()
    token = near[-1].lstrip("([{«‹“„‚‘\"'¿¡—–-") if near and not text[at - 1].isspace() else ""
    tail = re.split("['’]", token)[-1]
    kinds = {token, tail, token.lower(), tail.lower()}
    known = table.titles | table.never | table.numbers | table.inner
    plain = len(tail) > 6 or (len(tail) > 3 and tail[-1] in _VOWELS)  # abbreviations are cut before a vowel
    return plain and bool(table.function) and tail.rstrip('"”’»)').isalpha() and not known & kinds


def _ends_at_dot(text: str, start: int, at: int, word: str, quote: bool, table: Words) -> bool:
    """The hard case: a single dot, a blank, and no small letter after it."""
    near = text[max(start, at - 40) : at].split()
    if not near or text[at - 1].isspace():
        return True
    token = near[-1].lstrip("([{«‹“„‚‘\"'¿¡—–-")
    tail = re.split("['’]", token)[-1]
    kinds = {token, tail, token.lower(), tail.lower()}
    numeral = word[0].isdigit() or bool(_ROMAN.match(word))
    if len(near) > 1 and near[-2].endswith("."):
        kinds.add(near[-2].lower() + token.lower())  # 'z. B.', 'т. п.'
    if table.ends & kinds:
        return True
    if table.after_number & kinds and len(near) > 1 and near[-2].rstrip(",")[-1:].isdigit():
        return not numeral
    if table.titles & kinds or table.never & kinds:
        return False
    if table.numbers & kinds and numeral:
        return False
    opens = _opens(word, table)
    if table.inner & kinds:
        return opens
    if token.isdigit():
        return _ends_at_number(token, len(near) == 1 and at - len(token) == start, word, table)
    if _LETTERS.match(token):
        return _ends_at_initial(token, near, at - len(token) <= start, word, opens)
    if table.ordinals and _ROMAN.match(token):
        return opens
    return opens or not _NO_VOWEL.match(token)


def _ends_at_number(token: str, first: bool, word: str, table: Words) -> bool:
    if first:
        return False  # '1. Foo' numbers a list
    if not table.ordinals or len(token) > 2:
        return True
    if word.lower() in table.months:
        return False
    return _opens(word, table) or not table.capitals


def _ends_at_initial(token: str, near: list[str], first: bool, word: str, opens: bool) -> bool:
    """'J. Smith', 'U.S. troops' go on; 'the U.S. The', 'plan B. Le' end."""
    if first or not opens:
        return not first and token.islower() and len(token) == 1
    if len(token) > 1 or word.lower() not in _PARTICLES or len(near) < 2:
        return True
    return near[-2][0].islower() and len(near[-2]) > 3  # 'le plan B. Le', not 'par J. Le Goff'


def _opens(word: str, table: Words) -> bool:
    low = word.lower()
    return low in table.function or re.split("['’]", low)[0] in table.function


def _told(text: str, end: int, mark: re.Match[str], table: Words) -> bool:
    """'"Is it true?" Smith asked.': after a quotation comes its speaker."""
    if end == mark.end("mark") or not table.speech:
        return False
    ahead = text[end : end + 60].split("\n")[0].split()
    return any(w.rstrip(".,:;") in table.speech for w in islice(ahead, 1, 4))
