"""Lint: faults in a mail template, with file, line and remedy. Pure.

The MJML compiler checks nothing: an unknown tag or attribute, or a tag in the wrong place, passes silently and breaks
the mail. So templates are read as their author wrote them, Jinja2 and all, against MJML's table of tags.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import jinja2
from jinja2 import nodes

from digest import resources
from digest.deliver.render import content
from digest.errors import Finding

#: Names that templates may use besides the data model: our helpers and Jinja2's own.
_OUR_NAMES: Final = ("mail", "story", "theme", "page", "fragment", "link", "references", "rule", "_", "ngettext")
_JINJA_NAMES: Final = ("super", "loop", "self", "caller", "varargs", "kwargs", *jinja2.defaults.DEFAULT_NAMESPACE)
HELPERS: Final = frozenset({*_OUR_NAMES, *_JINJA_NAMES})

_JINJA: Final = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_TAG: Final = re.compile(
    r"<(?P<end>/)?(?P<name>[a-zA-Z][\w-]*)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>|(?P<odd><!\[CDATA\[|<\?xml|<!--.*?-->)",
    re.DOTALL,
)
_STATEMENT: Final = re.compile(r"\{%[-+]?\s*(if|for|elif|else|endif|endfor)\b")
_ATTRIBUTE: Final = re.compile(r"([a-zA-Z_:][\w:.-]*)\s*(?:=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_VOID: Final = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"))
#: Characters of a template; ours have about 6,000.
LARGEST: Final = 300_000

_JINJA_FILLER: Final = "\ue000"  # replaces Jinja2 while the MJML is read


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """One fault. `line` counts from 1; `remedy` says what to write."""

    file: str
    line: int
    message: str
    remedy: str

    def finding(self) -> Finding:
        """Return it as a finding of `digest check`."""
        return Finding("templates", f"{self.file}, line {self.line}: {self.message}", self.remedy)

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.file}, line {self.line}: {self.message}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Tag:
    """A row of the table: allowed parents, kind of content, allowed attributes ('*': any)."""

    parents: frozenset[str]
    holds: str
    attributes: frozenset[str]


@cache
def tags() -> tuple[dict[str, Tag], dict[str, str]]:
    """Return MJML's tags, and the refused ones with their remedy."""
    data = tomllib.loads(resources.data("deliver/check/data/mjml.toml"))
    groups: dict[str, list[str]] = data["groups"]

    def tag(row: dict[str, Any]) -> Tag:
        taken = {*data["any"], *row.get("takes", ()), *(a for group in row.get("groups", ()) for a in groups[group])}
        return Tag(frozenset(row["in"]), row["holds"], frozenset(taken))

    return {name: tag(row) for name, row in data["tags"].items()}, data["refused"]


def lint(source: str, file: str) -> list[TemplateFault]:
    """Return every fault in one template. A `file` name that ends in `.txt.j2` has no MJML."""
    if len(source) > LARGEST:
        return [
            TemplateFault(file, 1, f"the template has {len(source):,} characters", "leave pictures and data out of it")
        ]
    faults = list(_names(source, file))
    if not file.endswith(".txt.j2") and not any(fault.message.startswith("Jinja2") for fault in faults):
        faults += _structure(source, file)
    return sorted(set(faults), key=lambda fault: (fault.line, fault.message))


def misplaced(source: str) -> TemplateFault | None:
    """Return the first misplaced tag in the MJML that several templates produce together, None without one.

    A single template does not show where its blocks end up, and the compiler accepts misplaced tags silently.
    """
    return min(_structure(source, ""), key=lambda fault: fault.line, default=None)


def unbalanced(source: str, file: str) -> list[TemplateFault]:
    """Return HTML tags that a template opens more often than it closes, or the reverse.

    Explains an error of the compiler, which wants every tag closed but names no line. These are suspicions only, since
    branches of a condition may differ.
    """
    flat = _JINJA.sub(lambda match: re.sub(r"[^\n]", _JINJA_FILLER, match[0]), source)
    line_of = _line_of(flat)
    lines: dict[str, list[int]] = {}
    for match in _TAG.finditer(flat):
        name, line = (match["name"] or "").lower(), line_of(match.start())
        if not name or name in _VOID:
            if name and not match["attributes"].endswith("/"):
                lines[f"{name} /"] = [line]
        elif match["end"]:
            opened = lines.setdefault(name, [])
            opened.pop() if opened and opened[-1] > 0 else opened.append(-line)
        elif not match["attributes"].endswith("/"):
            lines.setdefault(name, []).append(line)
    return [_suspicion(name, found[-1], file) for name, found in lines.items() if found]


def _line_of(text: str) -> Callable[[int], int]:
    """Return a function from an offset in the text to its line, from 1."""
    ends = [match.start() for match in re.finditer("\n", text)]
    return lambda place: bisect_left(ends, place) + 1


def _suspicion(name: str, line: int, file: str) -> TemplateFault:
    if name.endswith(" /"):
        return TemplateFault(file, line, f"<{name[:-2]}> is not closed in itself", f"write <{name}>")
    if line > 0:
        return TemplateFault(file, line, f"<{name}> is opened and not closed", f"write </{name}>")
    return TemplateFault(file, -line, f"</{name}> closes nothing", "take it out")


def _names(source: str, file: str) -> Iterator[TemplateFault]:
    """Yield Jinja2 syntax errors, and names that the data model does not have."""
    try:
        tree = jinja2.Environment(autoescape=True).parse(source)
    except jinja2.TemplateSyntaxError as error:
        yield TemplateFault(file, error.lineno, f"Jinja2: {error.message}", "close or correct it")
        return
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")}
    own |= {macro.name for macro in tree.find_all(nodes.Macro)} | {
        alias for i in tree.find_all(nodes.FromImport) for alias in _imported(i)
    }
    inherits = next(tree.find_all(nodes.Extends), None) is not None
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in own | HELPERS and not inherits:
            yield TemplateFault(file, name.lineno, f"there is no '{name.name}'", nearest(name.name, own | HELPERS))
    fields = content.fields()
    whole = content.STORY_CONTEXT if file.endswith("story.mjml.j2") else fields["Content"]
    known = {"mail": whole, "story": fields["MailStory"], "part": fields["MailSection"]}
    for get in tree.find_all(nodes.Getattr):
        names = known.get(get.node.name) if isinstance(get.node, nodes.Name) else None
        if names and get.attr not in names:
            assert isinstance(get.node, nodes.Name)
            yield TemplateFault(file, get.lineno, f"'{get.node.name}' has no '{get.attr}'", nearest(get.attr, names))


def _imported(node: nodes.FromImport) -> Iterator[str]:
    for name in node.names:
        yield name if isinstance(name, str) else name[1]


def _structure(source: str, file: str) -> Iterator[TemplateFault]:
    """Yield unknown, misplaced and unclosed tags, and unknown attributes."""
    table, refused = tags()
    flat = _JINJA.sub(lambda match: re.sub(r"[^\n]", _JINJA_FILLER, match[0]), source)
    branches, line_of = _Branches(source), _line_of(flat)
    open_: list[tuple[str, int]] = []
    for match in _TAG.finditer(flat):
        open_ = branches.until(match.start(), open_)
        line = line_of(match.start())
        name = (match["name"] or "").lower()
        if match["odd"]:
            yield from _odd(match["odd"], file, line)
        elif not (name.startswith("mj-") or name == "mjml"):
            continue
        elif name in refused:
            yield TemplateFault(file, line, f"<{name}> is not for mails of digest", refused[name])
        elif name not in table:
            yield TemplateFault(file, line, f"there is no tag <{name}>", nearest(name, table))
        elif match["end"]:
            yield from _closed(name, open_, file, line)
        else:
            yield from _placed(name, open_[-1][0] if open_ else "", table, file, line)
            yield from _attributes(name, match["attributes"].rstrip("/"), table[name], file, line)
            if not match["attributes"].endswith("/"):
                open_.append((name, line))
    for name, line in branches.until(len(source), open_):
        yield TemplateFault(file, line, f"<{name}> is never closed", f"write </{name}>")


class _Branches:
    """Return the open elements at a Jinja2 branch: each branch begins with those before the `if`."""

    def __init__(self, source: str) -> None:
        self._words = deque((m.start(), m[1]) for m in _STATEMENT.finditer(source))
        self._before: list[list[tuple[str, int]]] = []

    def until(self, place: int, open_: list[tuple[str, int]]) -> list[tuple[str, int]]:
        """Return the open elements at `place` in the source."""
        while self._words and self._words[0][0] < place:
            _, word = self._words.popleft()
            if word in ("if", "for"):
                self._before.append(list(open_))
            elif word in ("elif", "else") and self._before:
                open_ = list(self._before[-1])
            elif word in ("endif", "endfor") and self._before:
                self._before.pop()
        return open_


def _odd(text: str, file: str, line: int) -> Iterator[TemplateFault]:
    if text.startswith("<!--"):
        if "--" in text[4:-3]:
            yield TemplateFault(file, line, "the compiler refuses '--' in a comment", "write {# … #} instead")
    else:
        yield TemplateFault(file, line, f"the compiler refuses {text}", "take it out")


def _closed(name: str, open_: list[tuple[str, int]], file: str, line: int) -> Iterator[TemplateFault]:
    if open_ and open_[-1][0] == name:
        open_.pop()
    elif any(name == other for other, _ in open_):
        while open_[-1][0] != name:
            inner, opened = open_.pop()
            yield TemplateFault(
                file, opened, f"<{inner}> is never closed", f"write </{inner}> before </{name}> in line {line}"
            )
        open_.pop()
    else:
        yield TemplateFault(file, line, f"</{name}> closes nothing", f"open it with <{name}>, or take it out")


def _placed(name: str, parent: str, table: dict[str, Tag], file: str, line: int) -> Iterator[TemplateFault]:
    if not parent:  # a part of a template: where it stands is known only where it is included
        return
    if table[parent].holds != "tags":
        yield TemplateFault(
            file, line, f"<{name}> stands in <{parent}>, which holds {table[parent].holds}", f"close <{parent}> first"
        )
    elif parent == "mj-attributes":
        if parent not in table[name].parents:
            yield TemplateFault(
                file, line, f"<{name}> cannot stand in <mj-attributes>", "give defaults to tags of the body"
            )
    elif parent not in table[name].parents:
        places = " or ".join(f"<{p}>" for p in sorted(table[name].parents - {"mj-attributes"})) or "the top"
        yield TemplateFault(file, line, f"<{name}> cannot stand in <{parent}>", f"put it into {places}")


def _attributes(name: str, text: str, tag: Tag, file: str, line: int) -> Iterator[TemplateFault]:
    for match in _ATTRIBUTE.finditer(text):
        key, value = match[1], match[2]
        if key not in tag.attributes and "*" not in tag.attributes:
            yield TemplateFault(file, line, f"<{name}> takes no '{key}'", nearest(key, tag.attributes))
        if value is None or value[0] not in "\"'":
            yield TemplateFault(file, line, f"the value of '{key}' is not in quotes", f'write {key}="…"')
        elif value[1:-1] in ("start", "end") and key in ("align", "text-align"):
            yield TemplateFault(
                file, line, f"{key}={value} is unknown to the compiler", "write {{ mail.start }} or {{ mail.end }}"
            )
    if name == "mj-image" and "alt" not in dict(_ATTRIBUTE.findall(text)):
        yield TemplateFault(file, line, "<mj-image> has no alt", 'write alt="…", or alt="" for decoration')


def nearest(word: str, known: Collection[str]) -> str:
    """Return the remedy for an unknown name."""
    close = difflib.get_close_matches(word, known, 1, 0.6)
    return f"did you mean '{close[0]}'?" if close else f"choose from {', '.join(sorted(set(known) - {'*'}))}"
