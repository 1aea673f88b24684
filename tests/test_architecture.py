"""The shape of the program: no import cycle, imports run downwards, pure modules are pure, adapters stay inside.

Each rule is a function over a package folder that returns its faults. It holds for `digest`, and a small made-up
package with one planted fault shows that it would notice.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

import digest
from tests.import_graph import LAYERS, Graph, Module, read

ROOT: Final = Path(digest.__file__).parent

#: Modules that a pure module must not import, even indirectly. `digest.resources` is not among it: the program's own
#: data files are as constant as its code.
IMPURE: Final = {
    "PIL", "aiohttp",
    "apscheduler", "argon2", "asyncio", "concurrent", "dns", "feedparser", "http", "imaplib",
    "importlib.resources", "logging", "lxml", "mjml", "multiprocessing", "os", "pathlib", "pebble", "psycopg",
    "random", "secrets", "select", "selectors", "shutil", "signal", "smtplib", "socket", "sqlalchemy", "sqlite3", "ssl",
    "starlette", "structlog", "subprocess", "tempfile", "threading", "time", "trafilatura", "urllib.request", "uvicorn",
}  # fmt: skip
#: Functions that a pure module must not call.
IMPURE_CALLS: Final = {"open", "now", "today", "utcnow"}
#: Modules whose I/O is no reason against a pure module that uses them.
CONSTANT: Final = {"resources"}

#: The libraries that reach the outside or parse foreign bytes, and the layers whose adapters may wrap each.
ADAPTED: Final = {
    "aiohttp": {"collect", "compose"},
    "aiosmtplib": {"deliver"},
    "dns": {"deliver"},
    "feedparser": {"collect"},
    "imaplib": {"deliver"},
    "lxml": {"collect", "deliver"},
    "mjml": {"deliver"},
    "psycopg": {"store"},
    "smtplib": {"deliver"},
    "sqlalchemy": {"store"},
    "sqlite3": {"store"},
    "trafilatura": {"collect"},
}
#: The adapter that no library marks: it writes files.
OUTBOX: Final = "deliver.outbox"
#: The layers that may import an adapter: adapters stand in the first four, services and bootstrap use them.
USE_ADAPTERS: Final = {"collect", "compose", "deliver", "store", "services", "bootstrap"}
#: The layers that show what services return.
FACES: Final = {"checks", "cli", "demo", "jobs", "scheduler", "web"}


def cycles(folder: Path) -> list[str]:
    """Return the groups of modules that import each other, types included."""
    return [" <-> ".join(group) for group in read(folder).cycles()]


def upward_imports(folder: Path) -> list[str]:
    """Return the imports of a module from a layer above its own, and the modules without a layer."""
    graph = read(folder)
    level = {name: number for number, names in enumerate(LAYERS) for name in names}
    faults = []
    for name in graph.modules:
        top = name.partition(".")[0]
        if top not in level:
            faults.append(f"{name} has no layer: name it in LAYERS")
            continue
        for target in sorted(graph.own(name)):
            if level.get(target.partition(".")[0], 0) > level[top]:
                faults.append(f"{name} imports {target} from a layer above")
    return faults


def impurities(folder: Path) -> list[str]:
    """Return what makes a module that calls itself pure impure: its calls, and the I/O that it or others import.

    Imports for types alone do no I/O and are not looked at.
    """
    graph = read(folder)
    faults = []
    for name, module in graph.modules.items():
        if not module.is_pure:
            continue
        faults += [f"{name} calls {call}()" for call in sorted(_calls(module) & IMPURE_CALLS)]
        for other, path in sorted(_reachable_without(graph, name, CONSTANT).items()):
            for library in sorted({each for each in map(_impure, graph.foreign(other, types=False)) if each}):
                faults.append(f"{' -> '.join(path)} imports {library}")
    return faults


def misplaced_adapters(folder: Path) -> list[str]:
    """Return adapted libraries outside their layers, and adapters imported by a layer that must not know them."""
    graph = read(folder)
    faults = []
    adapters = {OUTBOX}
    for name in graph.modules:
        for library in sorted({each.partition(".")[0] for each in graph.foreign(name)} & ADAPTED.keys()):
            adapters.add(name)
            if name.partition(".")[0] not in ADAPTED[library]:
                faults.append(f"{name} imports {library}, which is for {', '.join(sorted(ADAPTED[library]))}")
    for name in graph.modules:
        if name.partition(".")[0] not in USE_ADAPTERS:
            faults += [f"{name} imports the adapter {adapter}" for adapter in sorted(graph.own(name) & adapters)]
    return faults


def store_in_faces(folder: Path) -> list[str]:
    """Return the imports of the store by a face: the command line, the web, jobs, checks and demo call services."""
    graph = read(folder)
    faces = [name for name in graph.modules if name.partition(".")[0] in FACES]
    return [
        f"{name} imports {target}: call a service"
        for name in faces
        for target in sorted(graph.own(name))
        if target.partition(".")[0] == "store"
    ]


def _reachable_without(graph: Graph, name: str, left_out: set[str]) -> dict[str, tuple[str, ...]]:
    """Return what a module reaches when it runs, not counting what it reaches through `left_out`."""
    kept = {key: module for key, module in graph.modules.items() if key not in left_out}
    return Graph(graph.package, kept).reachable(name, types=False)


def _impure(imported: str) -> str:
    """Return the library of an imported name that does I/O, or ""."""
    parts = imported.split(".")
    names = {".".join(parts[: length + 1]) for length in range(len(parts))}
    return max(names & IMPURE, key=len, default="")


def _calls(module: Module) -> set[str]:
    """Return the last names of everything that a module calls."""
    functions = [node.func for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    names = (each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in functions)
    return set(names)


Rule = Callable[[Path], list[str]]


@pytest.mark.parametrize("rule", [cycles, upward_imports, impurities, misplaced_adapters, store_in_faces])
def test_program_has_no_fault(rule: Rule) -> None:
    assert rule(ROOT) == []


TYPES: Final = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import "
SOUND: Final = {
    "errors.py": "",
    "text/words.py": '"""Words. Pure."""\nfrom digest.errors import X',
    "collect/http.py": "import aiohttp",
    "store/tables.py": "from sqlalchemy import Table",
    "services/collecting.py": f"{TYPES}digest.collect.http",
    "web/app.py": "from digest.services.collecting import Collecting",
}


@pytest.mark.parametrize(
    ("rule", "planted", "fault"),
    [
        (cycles, {"errors.py": "def f():\n    from digest.text import words"}, "errors <-> text.words"),
        (
            cycles,
            {"collect/http.py": f"{TYPES}digest.services.collecting"},
            "collect.http <-> services.collecting",
        ),
        (upward_imports, {"store/tables.py": "from digest.services.collecting import X"}, "store.tables imports"),
        (upward_imports, {"helpers.py": ""}, "helpers has no layer"),
        (impurities, {"text/words.py": '"""Words. Pure."""\nimport os.path'}, "text.words imports os"),
        (impurities, {"text/words.py": '"""Words. Pure.\n\nMore."""\ndatetime.now()'}, "text.words calls now()"),
        (
            impurities,
            {
                "text/words.py": '"""Words. Pure."""\nimport digest.text.files',
                "text/files.py": "def f():\n    import pathlib",
            },
            "text.words -> text.files imports pathlib",
        ),
        (store_in_faces, {"web/app.py": f"{TYPES}digest.store.tables"}, "web.app imports store.tables"),
        (misplaced_adapters, {"services/collecting.py": "import sqlite3"}, "services.collecting imports sqlite3"),
        (misplaced_adapters, {"web/app.py": "from digest.collect.http import get"}, "web.app imports the adapter"),
    ],
)
def test_rule_notices_planted_fault(tmp_path: Path, rule: Rule, planted: dict[str, str], fault: str) -> None:
    folder = tmp_path / "digest"
    _write(folder, SOUND)
    assert rule(folder) == []
    _write(folder, planted)
    assert any(fault in each for each in rule(folder)), rule(folder)


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


HEAVY: Final = (
    "aiohttp",
    "sqlalchemy",
    "trafilatura",
    "feedparser",
    "pydantic",
    "mjml",
    "cryptography",
    "lxml",
    "rich",
)


def test_help_imports_nothing_heavy() -> None:
    assert _imported(["--help"], HEAVY) == []


SETTINGS: Final = """
[site]
secret = "a secret of at least thirty-two characters"
[topics.world]
title = "World"
feeds = ["https://herald.example/feed"]
[newsletters.morning]
title = "The Morning"
timezone = "Europe/Paris"
sender = { name = "The Morning", address = "morning@example.org" }
topics = ["world"]
"""


@pytest.mark.parametrize("command", [["schedule", "next", "1"], ["feeds", "list"], ["subscribers", "list"]])
def test_listing_imports_no_numpy(tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    assert _imported(["--settings", str(path), *command], ("numpy", "aiohttp", "mjml", "trafilatura")) == []


def _imported(arguments: list[str], names: tuple[str, ...]) -> list[str]:
    """Run a command in a process of its own; return which of these modules it imported."""
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom digest.cli import cli\n"
        f"result = CliRunner().invoke(cli, {arguments!r})\nassert result.exit_code == 0, result.output\n"
        f"print('\\n'.join(name for name in {names!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()
