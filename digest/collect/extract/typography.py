"""Join text that pages divide for its look only: drop caps and ruby annotations. Changes an lxml tree."""

from __future__ import annotations

import re
from collections import Counter

from digest.collect.extract.dom import INLINE, Element
from digest.text.words import words

_DROP_CAP = re.compile(
    r"(?:^|[^a-z])(?:drop-?caps?|initial-?letter|initial|first-?(?:letter|char)|let+rin[ea]|capolettera|capitular|"
    r"letra-?capital|versal|initiale|anfangsbuchstabe|kapitalka|bukvica|uncial|anfang)",
    re.IGNORECASE,
)
_QUOTES = "\"'“”„«»‘’¿¡( "
_LETTER = re.compile(rf"[{_QUOTES}]*[^\W\d_]['’]?")
_WORD = re.compile(r"[^\W\d_]+")
_ONE_LETTER_WORDS = frozenset("a i o y e u à è é ó w z v k s в и с к у о я а б ж ο η ה".split())
_BRACKETS = " \n()（）【】〔〕"
_MOST_RUBY = 20  # annotated words; a page with more spells out the reading of every word, for learners
_OPENERS = ("span", "b", "strong", "big", "font", "em", "i")
_SAMPLE = 20_000  # characters of the page whose words decide whether a letter is a word of its own


def join_ruby(tree: Element) -> None:
    """Replace each <ruby> by its base text, followed by the reading in brackets unless the page annotates everything.

    A page may leave out <rp>, the brackets for software without ruby (HTML Standard 4.5.12).
    """
    rubies = list(tree.iter("ruby"))
    for ruby in rubies:
        base, reading = _ruby_parts(ruby)
        tail = ruby.tail
        shown = f"{base}（{reading}）" if reading and len(rubies) <= _MOST_RUBY else base
        for child in list(ruby):
            ruby.remove(child)
        ruby.tag, ruby.text, ruby.tail = "span", shown, tail


def _ruby_parts(ruby: Element) -> tuple[str, str]:
    """Return the base text and the first annotation of a <ruby>, each joined over its parts."""
    base, reading, other = [ruby.text or ""], [], ""
    for child in ruby:
        text = child.text_content().strip(_BRACKETS)
        if child.tag == "rt":
            reading.append(text)
        elif child.tag == "rtc":
            other = other or text
        elif child.tag != "rp":
            base.append(text)
        base.append((child.tail or "").strip())
    return "".join(base).strip(), "".join(reading) or other


def join_drop_caps(tree: Element) -> None:
    """Join the first letter of a paragraph with the rest of its word, where an element of its own divides them."""
    counts: Counter[str] | None = None
    for element in list(tree.iter(*_OPENERS, "div", "p")):
        letter = element.text.strip() if element.text and len(element) == 0 and len(element.text) < 12 else ""
        if not letter or not _LETTER.fullmatch(letter):
            continue
        outer = _outermost(element)
        named = any(_DROP_CAP.search(f"{e.get('class') or ''} {e.get('id') or ''}") for e in {element, outer})
        if named or _opens_paragraph(outer):
            if counts is None:
                counts = Counter(re.findall(r"[^\W\d_]+", tree.text_content()[:_SAMPLE].lower()))
            _join(outer, letter, named, counts, tree.get("lang") or "")


def _outermost(element: Element) -> Element:
    """Return the outermost inline element that contains nothing but this one."""
    parent = element.getparent()
    while (
        parent is not None
        and parent.tag in _OPENERS
        and len(parent) == 1
        and not (parent.text or "").strip()
        and not (element.tail or "").strip()
    ):
        element, parent = parent, parent.getparent()
    return element


def _opens_paragraph(element: Element) -> bool:
    """Return whether an unnamed element is the very beginning of a <p>."""
    parent = element.getparent()
    if parent is None or parent.tag != "p" or parent[0] is not element:
        return False
    return element.tag in _OPENERS and not (parent.text or "").strip()


def _join(outer: Element, letter: str, named: bool, counts: Counter[str], language: str) -> None:
    """Remove the gap between a letter and the text after it, if both are one word."""
    tail = outer.tail or ""
    holder: Element | None
    if tail.strip():
        holder, attribute, gap = outer, "tail", tail[0].isspace() or outer.tag not in INLINE
    else:
        gap, attribute, holder = bool(tail) or outer.tag not in INLINE, "text", outer.getnext()
        while holder is not None and len(holder) and not (holder.text or "").strip():
            gap, holder = gap or bool(holder.text) or holder.tag not in INLINE, holder[0]
        if holder is None or (holder.tag not in INLINE and not (named and holder.tag in ("p", "div"))):
            return
        gap = gap or holder.tag not in INLINE or (holder.text or "")[:1].isspace()
    rest = (getattr(holder, attribute) or "").lstrip()
    match = _WORD.match(rest)
    if not gap or match is None or not match[0][0].islower() or not _is_one_word(letter, match[0], counts, language):
        return
    if holder is outer:
        outer.tag, outer.tail = "span", rest
        return
    holder.text = f"{letter}{rest}"
    for child in list(outer):
        outer.remove(child)
    outer.text, outer.tail = None, (outer.tail or "").strip() or None


def _is_one_word(letter: str, rest: str, counts: Counter[str], language: str) -> bool:
    """Return whether a letter and the text after it are one word, by the words of the page and of its language.

    Most letters are no word of their own; for the others ('A storm', 'A fter') one of both readings must be known.
    """
    function, whole = words(language).function, f"{letter.strip(_QUOTES).lower()}{rest}"
    if whole in function or counts[whole]:
        return True
    alone = letter.strip(_QUOTES).lower()
    return not (rest in function or counts[rest] > 1 or alone in _ONE_LETTER_WORDS)
