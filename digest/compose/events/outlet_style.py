"""Series: what one outlet repeats from article to article, which tells its house style and no event. Pure.

'The post ... appeared first on ...', 'Episode 22 with ...', the heading of a weekly list: between two articles of one
outlet the words of such phrases prove nothing. Between two outlets they count in full. Single words that an outlet
repeats are no habit: they are what its town's flood is called in all of the day's articles. Nor are those of a long
phrase that its titles have now here, now there, as no house style does: 'the fire in the mill' is the event.

And a column ('Horoscope for Monday', 'Markets wrap', 'Crossword no. 1,204') has the same heading every day and is never
yesterday's story.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from digest.compose.events.contradiction import calendar_words
from digest.compose.events.similarity import Vectors
from digest.text.stem import stem
from digest.text.words import words

#: A phrase of so many words in a row is its outlet's habit when it stands in so many of the outlet's articles in the
#: batch, and in this part of them: whole phrases soon, two words (the outlet's name in a dateline) only nearly always.
PHRASES: Final = ((4, 3, 0.1), (2, 4, 0.67))
#: What one outlet publishes under the same heading so many days later is the next part of a column.
APART: Final = 0.5


def outlet(url: str) -> str:
    """Who published an article, as far as its address tells; "" when there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:  # an address of a shape that no browser would open
        return ""


def heading(title: Sequence[str], language: str) -> tuple[str, ...]:
    """What a column's titles, given in tokens, have in common: the stems without the date and the number of the day.

    A number that counts something stays: 'toll rises to 17 dead' is not the heading of '12 dead'.
    """
    dates, function = calendar_words(language), words(language).function
    known = []
    for number, token in enumerate(title):
        after = title[number + 1] if number + 1 < len(title) else ""
        counts = bool(after) and not after[0].isdigit() and after not in dates and after.lower() not in function
        if token not in dates and (counts or not token[0].isdigit()):
            known.append(stem(token, language))
    return tuple(known)


def apart(one: float | None, other: float | None) -> bool:
    """Whether two publications, in days, are of different days; not when one is unknown."""
    return one is not None and other is not None and abs(one - other) >= APART


def habits(texts: Sequence[Sequence[Sequence[str]]], outlets: Sequence[str]) -> list[frozenset[str]]:
    """For each text (its title and its opening, each as words in order) the words of its outlet's phrases.

    None for an outlet "".
    """
    by_outlet: defaultdict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(outlets):
        if name:
            by_outlet[name].append(number)
    found = [frozenset[str]()] * len(texts)
    for numbers in by_outlet.values():
        its = [texts[number] for number in numbers]
        long, short = (_repeated(its, *how) for how in PHRASES)
        words = short | (long - _wandering([parts[0] for parts in its]))
        for number in numbers:
            found[number] = words
    return found


def without_habits(
    cosine: Mapping[tuple[int, int], float], outlets: Sequence[str], words: Sequence[Iterable[str]], batch: Vectors
) -> dict[tuple[int, int], float]:
    """The likeness of each pair, less what two articles of one outlet owe to its habits (`words`, of `habits`)."""
    owing = [_weights(batch, text, words[text]) for text in range(len(outlets))]
    return {
        (i, j): value - (_owed(owing[i], owing[j]) if outlets[i] == outlets[j] else 0.0)
        for (i, j), value in cosine.items()
    }


def _repeated(texts: Sequence[Sequence[Sequence[str]]], length: int, few: int, often: float) -> frozenset[str]:
    """The words of the phrases of that length that stand in `few` texts and the part `often` of them."""
    if len(texts) < few:
        return frozenset()
    spread = Counter(phrase for parts in texts for phrase in _phrases(parts, length))
    enough = max(few, often * len(texts))
    return frozenset(word for phrase, count in spread.items() if count >= enough for word in phrase)


def _wandering(titles: Sequence[Sequence[str]]) -> frozenset[str]:
    """Words that several titles have, neither always as far from the head nor always as far from the end."""
    head, end = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    for title in titles:
        for place, word in enumerate(title):
            head[word].add(place)
            end[word].add(len(title) - place)
    return frozenset(word for word in head if len(head[word]) > 1 and len(end[word]) > 1)


def _phrases(parts: Sequence[Sequence[str]], length: int) -> set[tuple[str, ...]]:
    return {phrase for part in parts for phrase in zip(*(part[n:] for n in range(length)), strict=False)}


def _weights(batch: Vectors, text: int, words: Iterable[str]) -> dict[int, float]:
    terms = {batch.number[word] for word in words if word in batch.number}
    return {term: weight for term, weight in batch.row(text) if term in terms} if terms else {}


def _owed(one: Mapping[int, float], other: Mapping[int, float]) -> float:
    return sum(weight * other[term] for term, weight in one.items() if term in other)
