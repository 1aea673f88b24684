"""Learn which lines a host repeats in its articles and remove them, in any language. Pure; stored as JSON per host.

A line that occurs in several articles is a label, a box or a notice of the site, unless the articles report one event:
then they may share sentences of an agency. So a line counts as repeated only if *dissimilar* articles have it, measured
by the names and title words that they do not share. A whole sentence needs more such articles than a short line, and is
kept where it is about the topic of the article: where its names occur in the title or in other lines.

Only hashes of a host's last articles are stored, so lines that a redesigned site no longer prints are forgotten.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from types import MappingProxyType

from digest.collect.extract.phrases import WIDE, key
from digest.collect.extract.prose import ends_sentence, weight

REASON = "repeated by the host"

_WINDOW = 120  # articles stored for a host
_WITNESSES = 8  # articles stored for one line, the latest ones
_FEWEST = 3  # dissimilar articles that must contain a short line, or any line near the start or end of each
_FEWEST_SENTENCE = 4  # for a sentence in the middle of the text
_SENTENCE = 40  # characters
_SHARE = 0.04  # of the stored articles; a sentence in the middle needs _SHARE_SENTENCE
_SHARE_SENTENCE = 0.25
# Share of common topic words above which two articles may report the same event: for a sentence with a name, a
# sentence without one, and a line that is not a sentence.
_ALIKE_NAMED, _ALIKE_SENTENCE, _ALIKE_LABEL = 0.2, 0.5, 0.8
_READ = 6_000  # characters of an article from which its topic words are taken
_TOPIC = 30  # topic words stored for an article
_EDGE = 3  # lines from either end
_LEFT = 0.3  # minimum share of a text that must remain; otherwise nothing is removed
_NAME = re.compile(r"(?<![.!?…»\"”:] )(?<!^)\b[^\W\d_]\w{2,}|\b\d{2,}\b")


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Articles that contain a line (the latest last), and whether it was always near the start or end of the text.

    `topical` lists the articles whose title or other lines share a name with the line.
    """

    articles: tuple[str, ...]
    edge: bool
    topical: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostMemory:
    """The last articles of one host by hash, each with its topic words, and the lines they contained."""

    articles: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    lines: Mapping[str, Occurrences] = field(default_factory=lambda: MappingProxyType({}))


def learn(memory: HostMemory, article: str, title: str, text: str) -> HostMemory:
    """Return the memory with one article added (`article` is its URL or name), replacing its earlier version.

    Runs in time linear in the text and in the memory.
    """
    name = _hash(article)
    articles = {known: topic for known, topic in memory.articles.items() if known != name}
    articles[name] = _topic(title, text)
    gone = set(list(articles)[:-_WINDOW])
    known = {n: t for n, t in articles.items() if n not in gone}
    gone.add(name)
    lines = dict(_without(memory.lines, gone))
    split = _split(text)
    names = [_names(line) for line in split]
    everywhere = Counter(name for line in names for name in line)
    everywhere.update(_title_words(title))
    for position, line in enumerate(split):
        edge = position < _EDGE or position >= len(split) - _EDGE
        topical = (name,) if any(everywhere[word] > 1 for word in names[position]) else ()
        place = _hash(key(line))
        seen = lines.get(place)
        if seen is None:
            lines[place] = Occurrences((name,), edge, topical)
        elif name not in seen.articles:
            witnesses = (*seen.articles, name)[-_WITNESSES:]
            lines[place] = Occurrences(witnesses, seen.edge and edge, (*seen.topical, *topical)[-_WITNESSES:])
    return HostMemory(MappingProxyType(known), MappingProxyType(lines))


def _without(lines: Mapping[str, Occurrences], gone: set[str]) -> Iterable[tuple[str, Occurrences]]:
    for place, line in lines.items():
        left = line.articles if gone.isdisjoint(line.articles) else tuple(a for a in line.articles if a not in gone)
        if left:
            topical = tuple(a for a in line.topical if a not in gone)
            yield place, line if left is line.articles else Occurrences(left, line.edge, topical)


def is_repeated(memory: HostMemory, line: str) -> bool:
    """Return whether a line belongs to the host's pages and not to an article."""
    seen = memory.lines.get(_hash(key(line)))
    if seen is None or len(seen.articles) < _FEWEST:
        return False
    sentence = ends_sentence(line) and weight(line) >= _SENTENCE
    if sentence and 2 * len(seen.topical) >= len(seen.articles):
        return False
    fewest, share = (_FEWEST_SENTENCE, _SHARE_SENTENCE) if sentence and not seen.edge else (_FEWEST, _SHARE)
    if len(seen.articles) < min(share * len(memory.articles), _WITNESSES):
        return False
    topics = [memory.articles[a] for a in seen.articles if a in memory.articles]
    alike = (_ALIKE_NAMED if _names(line) else _ALIKE_SENTENCE) if sentence else _ALIKE_LABEL
    return _unlike(topics, fewest, alike)


def _unlike(topics: Sequence[frozenset[str]], wanted: int, alike: float) -> bool:
    """Return whether at least `wanted` of the articles are pairwise dissimilar."""
    apart: list[frozenset[str]] = []
    for topic in topics:
        if all(len(topic & other) <= alike * max(1, min(len(topic), len(other))) for other in apart):
            apart.append(topic)
    return len(apart) >= wanted


def remove(memory: HostMemory, text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text without the lines that its host repeats, and those lines."""
    paragraphs = [[line for line in paragraph.split("\n") if line] for paragraph in text.split("\n\n")]
    repeated = {line for line in _split(text) if is_repeated(memory, line)}
    if not repeated:
        return text, ()
    kept = [left for lines in paragraphs if (left := [line for line in lines if line not in repeated])]
    out = "\n\n".join("\n".join(lines) for lines in kept)
    if len(out) < _LEFT * len(text):
        return text, ()
    return out, tuple(line for lines in paragraphs for line in lines if line in repeated)


def _split(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _topic(title: str, text: str) -> frozenset[str]:
    """Return hashes of the topic words of an article: words of its title, names and numbers of its text."""
    names = (name for line in _split(text[:_READ]) if ends_sentence(line) for name in _names(line))
    chosen = dict.fromkeys((*_title_words(title), *names))
    return frozenset(_hash(word, 4) for word in list(chosen)[:_TOPIC])


def _title_words(title: str) -> list[str]:
    if WIDE.search(title):  # no blanks between words: pairs of characters
        joined = "".join(key(title).split())
        return [joined[i : i + 2] for i in range(len(joined) - 1)]
    return [word for word in key(title).split() if len(word) > 3]


def _names(line: str) -> list[str]:
    """Return names and numbers inside a sentence, as keys: capitalised words that do not begin it."""
    return list(dict.fromkeys(key(m[0]) for m in _NAME.finditer(line) if m[0][0].isupper() or m[0][0].isdigit()))


def _hash(text: str, size: int = 6) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def to_json(memory: HostMemory) -> str:
    """Return the memory as JSON for the store."""
    articles = [[name, sorted(topic)] for name, topic in memory.articles.items()]
    lines = {place: [line.articles, line.edge, line.topical] for place, line in memory.lines.items()}
    return json.dumps({"version": 1, "articles": articles, "lines": lines}, separators=(",", ":"))


def from_json(data: str | None) -> HostMemory:
    """Return the memory that `to_json` wrote; an empty one for None and for anything else."""
    try:
        raw = json.loads(data or "{}")
        articles = {str(name): frozenset(map(str, topic)) for name, topic in raw["articles"]}
        lines = {
            str(place): Occurrences(tuple(map(str, seen)), bool(edge), tuple(map(str, topical)))
            for place, (seen, edge, topical) in raw["lines"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return HostMemory()
    return HostMemory(MappingProxyType(articles), MappingProxyType(lines))
