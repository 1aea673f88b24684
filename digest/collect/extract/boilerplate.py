"""What a host repeats over its articles is not the article, in whatever language. Pure; kept as JSON per host.

A line that stands in several articles is a label, a box or a notice of the site, unless the articles tell one event:
reports share sentences of the wire. So a line is repeated only if articles *unlike each other* have it, as told by the
names and title words that they do not share. A whole sentence needs more of them than a short line does, and is none
of the host's where it speaks of what the article speaks of: its names stand in the title or in other lines.

Only hashes are kept, of the last articles of a host; so what a redesigned site no longer prints is forgotten.
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

_WINDOW = 120  # articles of a host that are remembered
_WITNESSES = 8  # articles remembered for one line, the latest
_FEWEST = 3  # unlike articles that must have a short line, or any line at the edge of each
_FEWEST_SENTENCE = 4  # for a sentence in the middle of the text
_SENTENCE = 40  # characters
_SHARE = 0.04  # of the remembered articles; a sentence in the middle needs _SHARE_SENTENCE
_SHARE_SENTENCE = 0.25
# Share of topic words in common from which two articles may tell one event: for a sentence that names something, one
# that does not, and a line that is no sentence.
_ALIKE_NAMED, _ALIKE_SENTENCE, _ALIKE_LABEL = 0.2, 0.5, 0.8
_READ = 6_000  # characters of an article that its topic is told by
_TOPIC = 30  # topic words remembered for an article
_EDGE = 3  # lines from either end
_LEFT = 0.3  # share of a text that must be left; a host that repeats more is no host of articles
_NAME = re.compile(r"(?<![.!?…»\"”:] )(?<!^)\b[^\W\d_]\w{2,}|\b\d{2,}\b")


@dataclass(frozen=True, slots=True)
class Line:
    """Where one line was seen: articles (the latest last), and whether it always stood at an edge of the text.

    `topical` are those of the articles whose title or other lines share a name with it.
    """

    articles: tuple[str, ...]
    edge: bool
    topical: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostMemory:
    """The last articles of one host by hash, each with its topic words, and the lines they had."""

    articles: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    lines: Mapping[str, Line] = field(default_factory=lambda: MappingProxyType({}))


def learn(memory: HostMemory, article: str, title: str, text: str) -> HostMemory:
    """Add one article (`article` is its URL or other name) to what is remembered; the same one again replaces itself.

    Lines are those of `text`. Linear in the text and in what is remembered.
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
            lines[place] = Line((name,), edge, topical)
        elif name not in seen.articles:
            witnesses = (*seen.articles, name)[-_WITNESSES:]
            lines[place] = Line(witnesses, seen.edge and edge, (*seen.topical, *topical)[-_WITNESSES:])
    return HostMemory(MappingProxyType(known), MappingProxyType(lines))


def _without(lines: Mapping[str, Line], gone: set[str]) -> Iterable[tuple[str, Line]]:
    for place, line in lines.items():
        left = line.articles if gone.isdisjoint(line.articles) else tuple(a for a in line.articles if a not in gone)
        if left:
            topical = tuple(a for a in line.topical if a not in gone)
            yield place, line if left is line.articles else Line(left, line.edge, topical)


def is_repeated(memory: HostMemory, line: str) -> bool:
    """Whether a line is the host's and not an article's."""
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
    """Whether so many of the articles tell different things, each from each."""
    apart: list[frozenset[str]] = []
    for topic in topics:
        if all(len(topic & other) <= alike * max(1, min(len(topic), len(other))) for other in apart):
            apart.append(topic)
    return len(apart) >= wanted


def remove(memory: HostMemory, text: str) -> tuple[str, tuple[str, ...]]:
    """The text without the lines that its host repeats, and those lines. Blank lines part paragraphs as before."""
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
    """Hashes of what an article is about: the words of its title, and names and numbers of its text."""
    names = (name for line in _split(text[:_READ]) if ends_sentence(line) for name in _names(line))
    chosen = dict.fromkeys((*_title_words(title), *names))
    return frozenset(_hash(word, 4) for word in list(chosen)[:_TOPIC])


def _title_words(title: str) -> list[str]:
    if WIDE.search(title):  # no blanks between words: pairs of characters
        joined = "".join(key(title).split())
        return [joined[i : i + 2] for i in range(len(joined) - 1)]
    return [word for word in key(title).split() if len(word) > 3]


def _names(line: str) -> list[str]:
    """Names and numbers inside a sentence, as keys: words with a capital that do not begin it."""
    return list(dict.fromkeys(key(m[0]) for m in _NAME.finditer(line) if m[0][0].isupper() or m[0][0].isdigit()))


def _hash(text: str, size: int = 6) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def to_json(memory: HostMemory) -> str:
    """For the store; `from_json` gives it back."""
    articles = [[name, sorted(topic)] for name, topic in memory.articles.items()]
    lines = {place: [line.articles, line.edge, line.topical] for place, line in memory.lines.items()}
    return json.dumps({"version": 1, "articles": articles, "lines": lines}, separators=(",", ":"))


def from_json(data: str | None) -> HostMemory:
    """What `to_json` wrote; an empty memory for None and for what is no memory."""
    try:
        raw = json.loads(data or "{}")
        articles = {str(name): frozenset(map(str, topic)) for name, topic in raw["articles"]}
        lines = {
            str(place): Line(tuple(map(str, seen)), bool(edge), tuple(map(str, topical)))
            for place, (seen, edge, topical) in raw["lines"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return HostMemory()
    return HostMemory(MappingProxyType(articles), MappingProxyType(lines))
