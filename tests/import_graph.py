"""The import graph of a package, read from its source: `python -m tests.import_graph` prints it by folder.

Every import counts, wherever it stands: at the top, in a function, or under TYPE_CHECKING.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import digest

#: From the ground up: a module may import from its own layer and from those below it.
LAYERS: Final = (
    {"__init__", "errors", "events", "failpoint", "gc_pause", "process", "resources"},
    {"text"},
    {"settings"},
    {"log"},
    {"collect"},
    {"compose"},
    {"deliver"},
    {"store"},
    {"services"},
    {"bootstrap"},
    {"checks", "jobs", "scheduler"},
    {"web"},
    {"demo"},
    {"cli"},
    {"__main__"},
)


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name in full; `for_types` when it stands under `if TYPE_CHECKING`."""

    name: str
    for_types: bool


@dataclass(frozen=True)
class Module:
    """One module: its name without the package's, its source, and everything that it imports."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def imports(self) -> frozenset[Import]:
        return frozenset(_imports(self.tree, for_types=False))

    @property
    def is_pure(self) -> bool:
        """Whether the first paragraph of its docstring, or the whole of it, ends in 'Pure.'"""
        docstring = ast.get_docstring(self.tree) or ""
        return docstring.endswith("Pure.") or docstring.partition("\n\n")[0].endswith("Pure.")


@dataclass(frozen=True)
class Graph:
    """The modules of a package folder and their imports among each other."""

    package: str
    modules: Mapping[str, Module]

    def own(self, name: str, *, types: bool = True) -> Set[str]:
        """Return the modules of the package that a module imports; without `types` only those it needs to run."""
        imports = (each.name for each in self.modules[name].imports if types or not each.for_types)
        return {target for each in imports if (target := self._target(each)) is not None and target != name}

    def foreign(self, name: str, *, types: bool = True) -> Set[str]:
        """Return the names from outside the package that a module imports, in full."""
        imports = (each.name for each in self.modules[name].imports if types or not each.for_types)
        return {each for each in imports if each.partition(".")[0] != self.package}

    def _target(self, imported: str) -> str | None:
        """Return the module that an imported name stands for: itself, or the one that defines it."""
        head, _, name = imported.partition(".")
        if head != self.package:
            return None
        while name and name not in self.modules:
            name = name.rpartition(".")[0]
        return name or None

    def reachable(self, name: str, *, types: bool = True) -> dict[str, tuple[str, ...]]:
        """Return every module that one imports directly or through others, each with the shortest path to it."""
        paths: dict[str, tuple[str, ...]] = {name: (name,)}
        waiting = [name]
        for each in waiting:
            for target in sorted(self.own(each, types=types)):
                if target not in paths:
                    paths[target] = (*paths[each], target)
                    waiting.append(target)
        return paths

    def cycles(self) -> list[tuple[str, ...]]:
        """Return the groups of modules that import each other, directly or through others."""
        reach = {name: set(self.reachable(name)) for name in self.modules}
        groups = {tuple(sorted(other for other in reach[name] if name in reach[other])) for name in self.modules}
        return sorted(group for group in groups if len(group) > 1)


def read(folder: Path) -> Graph:
    """Read the package in a folder; its name is the folder's."""
    modules = {}
    for path in sorted(folder.rglob("*.py")):
        name = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        modules[name] = Module(name, path)
    return Graph(folder.name, modules)


def folders(graph: Graph) -> dict[str, dict[str, int]]:
    """Return for each folder (or single module of the top) the number of imports from each other one."""
    counts: dict[str, dict[str, int]] = {}
    for name in graph.modules:
        top = name.partition(".")[0]
        row = counts.setdefault(top, {})
        for target in graph.own(name):
            other = target.partition(".")[0]
            if other != top:
                row[other] = row.get(other, 0) + 1
    return counts


def _imports(node: ast.AST, *, for_types: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, for_types) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module and not child.level:
            yield from (Import(f"{child.module}.{alias.name}", for_types) for alias in child.names)
        elif isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for each in child.body:
                yield from _imports(ast.Module([each], []), for_types=True)
            for each in child.orelse:
                yield from _imports(ast.Module([each], []), for_types=for_types)
        else:
            yield from _imports(child, for_types=for_types)


def main() -> None:
    """Print what each folder imports, the uppermost first."""
    counts = folders(read(Path(digest.__file__).parent))
    for layer in reversed(LAYERS):
        for top in sorted(layer & counts.keys()):
            row = ", ".join(f"{other} {number}" for other, number in sorted(counts[top].items()))
            print(f"{top:<11} -> {row or '-'}")


if __name__ == "__main__":
    main()
