"""The shape of the house: imports only run downwards, nouns are pure, the command line starts at once."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import digest

ROOT = Path(digest.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

#: From the ground up; a module may import from its own floor and those before it.
FLOORS = [
    {"errors", "failpoint", "gc_pause", "resources"},
    {"text"},
    {"settings"},
    {"collect"},
    {"compose"},
    {"deliver"},
    {"store"},
    {"log", "process"},
    {"scheduler"},
    {"bootstrap", "services"},
    {"checks", "jobs"},
    {"web"},
    {"demo"},
    {"cli"},
    {"__main__"},
]
FLOOR_OF = {name: number for number, names in enumerate(FLOORS) for name in names}

#: Modules named with our nouns: values in, values out.
NOUNS = [
    "collect.feed",
    "collect.entry",
    "collect.cadence",
    "collect.lead",
    "collect.article",
    "collect.extract.boilerplate",
    "collect.extract.credit",
    "collect.dateline",
    "compose.topic",
    "compose.story",
    "compose.events.grouping",
    "compose.rank",
    "compose.ledger",
    "compose.edition",
    "compose.edit",
    "compose.diff",
    "compose.overlap",
    "collect.health",
    "deliver.mime.notification",
    "compose.composer",
    "compose.review",
    "compose.slot",
    "compose.llm.grounding",
    "compose.llm.entities",
    "compose.llm.numbers",
    "compose.llm.negation",
    "deliver.subscriber",
    "deliver.audience",
    "deliver.mime.message",
    "deliver.mime.pieces",
    "deliver.signature",
    "deliver.delivery",
    "deliver.domain.findings",
    "deliver.domain.spf",
    "deliver.reply",
    "deliver.render.rendered",
    "deliver.render.content",
    "deliver.render.content_builder",
    "deliver.theme",
    "deliver.subject_line",
    "deliver.render.minify",
    "deliver.render.mjml_cache",
    "deliver.render.text_part",
    "deliver.check.mail",
    "deliver.subscriber_csv",
]
#: What no pure module may use: I/O, clocks, threads, and the libraries that live behind edges.
IMPURE = {
    "aiohttp", "asyncio", "feedparser", "lxml", "mjml", "os", "pathlib", "pebble", "requests", "smtplib", "socket",
    "sqlalchemy", "sqlite3", "starlette", "subprocess", "threading", "time", "trafilatura", "urllib.request",
}  # fmt: skip


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Every module that a file imports anywhere, in full."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def called(path: Path) -> set[str]:
    """The last names of everything that a file calls."""
    calls = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return {f.attr if isinstance(f, ast.Attribute) else f.id for f in calls if isinstance(f, ast.Attribute | ast.Name)}


def ours(path: Path) -> set[str]:
    return {name.removeprefix("digest.") for name in imports(path) if name.startswith("digest.")}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_only_run_downwards(path: Path) -> None:
    name = name_of(path)
    floor = FLOOR_OF.get(name.split(".")[0])
    if name == "__init__":
        return
    assert floor is not None, f"{name}: say in FLOORS where it stands"
    for imported in ours(path):
        top = imported.split(".")[0]
        if top not in FLOOR_OF:  # a name of the package itself, as __version__
            continue
        assert FLOOR_OF[top] <= floor, f"{name} imports {imported} from a floor above it"


@pytest.mark.parametrize("noun", NOUNS)
def test_modules_named_with_our_nouns_are_pure(noun: str) -> None:
    path = ROOT / (noun.replace(".", "/") + ".py")
    used = imports(path)
    assert not used & IMPURE, f"{noun} uses {sorted(used & IMPURE)}"
    assert not called(path) & {"open", "now", "today", "utcnow"}, f"{noun} opens a file or asks a clock"


def test_only_bootstrap_and_what_stands_above_it_wires_edges() -> None:
    edges = {"store", "collect.http", "collect.parse.feedparser", "deliver.render.renderer", "deliver.smtp.send"}
    allowed = {
        "bootstrap",
        "services",
        "jobs",
        "web",
        "cli",
        "demo",
        "store",
        "collect",
        "deliver",
    }
    for path in MODULES:
        name = name_of(path)
        if name.split(".")[0] in allowed:
            continue
        assert not ours(path) & edges, f"{name} names an edge: {sorted(ours(path) & edges)}"


def test_help_imports_nothing_heavy() -> None:
    heavy = ["aiohttp", "sqlalchemy", "trafilatura", "feedparser", "pydantic", "mjml", "cryptography", "lxml", "rich"]
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom digest.cli import cli\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
