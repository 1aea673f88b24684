"""Mail templates in folders: list, copy, compare and check the built-in ones and a user's own, which win."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import jinja2
from jinja2 import nodes

from digest import resources
from digest.deliver.check.lint import TemplateFault, lint, nearest
from digest.deliver.theme import Theme, parse
from digest.errors import RenderError

Origin = Literal["built-in", "own", "own, instead of the built-in"]

_ENDINGS: Final = (".mjml.j2", ".txt.j2", ".toml")
_BLOCK: Final = re.compile(r"\{%-?\s*block\s+(\w+)\s*-?%\}")
_BLOCK_TAG: Final = re.compile(r"\{%-?\s*(block|endblock)\b.*?%\}")


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One template: `name` is 'theme/file'; each of `blocks` can be replaced alone."""

    name: str
    path: Path
    origin: Origin
    blocks: tuple[str, ...] = ()


def builtin() -> Path:
    """Return the folder of the built-in themes."""
    return resources.templates() / "email"


def listing(folders: Sequence[Path] = ()) -> list[TemplateFile]:
    """Return every template in use, by name. `folders` are template folders; the first wins."""
    ours = dict(_files(builtin()))
    found = {name: TemplateFile(name, path, "built-in", _blocks(path)) for name, path in ours.items()}
    for folder in reversed(folders):
        for name, path in _files(folder / "email"):
            origin: Origin = "own, instead of the built-in" if name in ours else "own"
            found[name] = TemplateFile(name, path, origin, _blocks(path))
    return sorted(found.values(), key=lambda file: file.name)


def themes(folders: Sequence[Path] = ()) -> list[str]:
    """Return the names of all themes."""
    return sorted({file.path.parent.name for file in listing(folders) if file.path.name == "theme.toml"})


def theme(name: str, folders: Sequence[Path] = ()) -> Theme:
    """Return a theme by name. Raises RenderError naming those that exist."""
    for folder in (*folders, resources.templates()):
        path = folder / "email" / name / "theme.toml"
        if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name) and path.is_file():
            return parse(name, path.read_text(encoding="utf-8"), str(path))
    raise RenderError(f"there is no theme '{name}'", f"choose from {', '.join(themes(folders))}")


def stamp(folders: Sequence[Path] = ()) -> tuple[tuple[str, int, int], ...]:
    """Return name, time and size of each template, which differ after any change."""
    files = [entry for folder in (*(f / "email" for f in folders), builtin()) for entry in _files(folder)]
    return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for _, path in files)


def faults(folders: Sequence[Path]) -> list[TemplateFault]:
    """Return the faults of the templates of these folders."""
    found: list[TemplateFault] = []
    for folder in folders:
        for _, path in _files(folder / "email"):
            try:
                source = path.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                line = error.object.count(b"\n", 0, error.start) + 1
                found.append(TemplateFault(str(path), line, "this is not UTF-8", "save the file as UTF-8"))
                continue
            if path.suffix == ".j2":
                found += lint(source, str(path)) or _unused_blocks(source, str(path))
            else:
                try:
                    parse(path.parent.name, source, str(path))
                except RenderError as error:
                    found.append(
                        TemplateFault(str(path), 1, str(error).removeprefix(f"{path}: "), "see a built-in theme.toml")
                    )
    return found


def _unused_blocks(source: str, file: str) -> list[TemplateFault]:
    """Return a fault for each block that the extended built-in template does not have: it would never be shown."""
    tree = jinja2.Environment(autoescape=True).parse(source)
    extended = next(tree.find_all(nodes.Extends), None)
    parent = extended.template.value if extended and isinstance(extended.template, nodes.Const) else ""
    if not extended or not str(parent).startswith("builtin/"):
        return []
    ours, name = dict(_files(builtin())), str(parent).removeprefix("builtin/")
    if name not in ours:
        return [TemplateFault(file, extended.lineno, f"there is no template '{parent}'", nearest(name, ours))]
    known = _inherited(name, ours)
    outer = [node for node in tree.body if isinstance(node, nodes.Block) and node.name not in known]
    return [TemplateFault(file, b.lineno, f"'{parent}' has no block '{b.name}'", nearest(b.name, known)) for b in outer]


def _inherited(name: str, ours: dict[str, Path]) -> set[str]:
    """Return the blocks of a built-in template and of those it extends."""
    extended = re.search(r'\{%-?\s*extends "builtin/([^"]+)"', ours[name].read_text(encoding="utf-8"))
    return {*_blocks(ours[name]), *(_inherited(extended[1], ours) if extended else ())}


def eject(name: str, folder: Path, block: str = "") -> list[Path]:
    """Copy a theme ('classic'), a template ('classic/story.mjml.j2') or one block of it into a template folder.

    A block comes alone, in a file that extends the built-in one, so the rest keeps following new versions. Nothing is
    overwritten. Raises RenderError when there is no such thing, or a file is in the way.
    """
    ours = dict(_files(builtin()))
    wanted = [found for found in ours if found == name or found.startswith(f"{name}/")]
    if not wanted:
        raise RenderError(f"there is no built-in template '{name}'", f"choose from {', '.join(sorted(ours))}")
    if block and len(wanted) > 1:
        raise RenderError(f"'{name}' is a theme", f"name the template that has the block '{block}'")
    texts = {found: ours[found].read_text(encoding="utf-8") for found in wanted}
    if block:
        texts = {name: _one_block(name, texts[name], block)}
    targets = {found: folder / "email" / found for found in texts}
    if there := [str(path) for path in targets.values() if path.exists()]:
        raise RenderError(f"{there[0]} is there already", "move it away, or edit it")
    for found, path in targets.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[found], encoding="utf-8")
    return list(targets.values())


def diff(folders: Sequence[Path]) -> str:
    """Return a user's changes to the built-in templates of the same name as a unified diff; "" for none."""
    ours = dict(_files(builtin()))
    parts: list[str] = []
    for file in listing(folders):
        if file.origin == "own, instead of the built-in":
            old, new = ours[file.name].read_text(encoding="utf-8"), file.path.read_text(encoding="utf-8")
            old, name = _comparable(file.name, old, new)
            before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
            parts += difflib.unified_diff(before, after, name, str(file.path))
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in parts)


def _comparable(name: str, builtin: str, own: str) -> tuple[str, str]:
    """Return what a user's template is compared with, and its name.

    A template that extends the built-in one is compared with the same blocks, as `eject --block` writes them.
    """
    extended = re.search(r'\{%-?\s*extends\s+"builtin/([^"]+)"', own)
    if not extended or extended[1] != name:
        return builtin, f"builtin/{name}"
    known = [match[1] for match in _BLOCK.finditer(builtin)]
    blocks = [match[1] for match in _outer_blocks(own) if match[1] in known]
    pieces = [_one_block(name, builtin, block) for block in blocks]
    head = f'{{% extends "builtin/{name}" %}}\n'
    return head + "".join(piece.removeprefix(head) for piece in pieces), f"builtin/{name}: {', '.join(blocks)}"


def _outer_blocks(source: str) -> Iterator[re.Match[str]]:
    """Yield the tags that open a block outside any other."""
    depth = 0
    for match in _BLOCK_TAG.finditer(source):
        if match[1] == "endblock":
            depth -= 1
        else:
            if depth == 0 and (opening := _BLOCK.match(source, match.start())):
                yield opening
            depth += 1


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.glob("*/*")):
        if path.name.endswith(_ENDINGS) and path.is_file():
            yield f"{path.parent.name}/{path.name}", path


def _blocks(path: Path) -> tuple[str, ...]:
    if path.suffix != ".j2":
        return ()
    try:
        tree = jinja2.Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
    except (jinja2.TemplateSyntaxError, UnicodeDecodeError):
        return ()
    return tuple(dict.fromkeys(block.name for block in tree.find_all(nodes.Block)))


def _one_block(name: str, source: str, block: str) -> str:
    """Return a template that extends the built-in one and has a copy of this block, ready to edit."""
    starts = {m[1]: m for m in _BLOCK.finditer(source)}
    if block not in starts:
        raise RenderError(f"'{name}' has no block '{block}'", f"choose from {', '.join(starts) or 'none'}")
    depth, begin = 1, starts[block].end()
    for match in _BLOCK_TAG.finditer(source[begin:]):
        depth += 1 if match[1] == "block" else -1
        if depth == 0:
            # the inherited block is now one level further up
            body = source[begin : begin + match.start()].replace("super()", "super.super()")
            return f'{{% extends "builtin/{name}" %}}\n{starts[block][0].replace("{%-", "{%")}{body}{match[0]}\n'
    raise RenderError(f"'{name}': the block '{block}' is never closed")
