"""Documents: what is cited exists, and links between documents lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

from tests.paths import PROJECT

CITATION = re.compile(
    r"(?:docs/[\w.-]+|\b[A-Z]{4,}|\b(?:design|email|hardening|dependencies|architecture|style))\.md\b"
)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
SOURCES = [
    path
    for folder in ("digest", "tests", "templates", "docs")
    for path in sorted((PROJECT / folder).rglob("*"))
    if path.suffix in {".py", ".md", ".toml", ".j2"} and path.resolve() != Path(__file__).resolve()
] + [PROJECT / "README.md", PROJECT / "CHANGELOG.md", PROJECT / "settings.toml"]


def missing_citations(text: str, folder: Path) -> list[str]:
    """The Markdown files that a text names and that exist neither from the project's root nor from `folder`."""
    names = sorted(set(CITATION.findall(text)))
    return [name for name in names if not (PROJECT / name).is_file() and not (folder / name).is_file()]


def test_cited_documents_exist() -> None:
    missing = {path: missing_citations(path.read_text(encoding="utf-8"), path.parent) for path in SOURCES}
    assert not {path: names for path, names in missing.items() if names}


def test_citation_of_an_absent_document_is_noticed() -> None:
    assert missing_citations("see docs/absent.md, design.md and README.md", PROJECT) == ["design.md", "docs/absent.md"]


def broken_links(text: str, folder: Path) -> list[str]:
    """The relative links of a Markdown text, read in `folder`, that lead nowhere."""
    return [target for target in LINK.findall(text) if "://" not in target and not (folder / target).exists()]


def test_links_between_documents_resolve() -> None:
    documents = [path for path in SOURCES if path.suffix == ".md"]
    broken = {path: broken_links(path.read_text(encoding="utf-8"), path.parent) for path in documents}
    assert not {path: targets for path, targets in broken.items() if targets}


def test_broken_link_is_noticed() -> None:
    assert broken_links("[a](absent.md) [b](README.md#top) [c](https://example.org/)", PROJECT) == ["absent.md"]


MODULE = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.py|[a-z_]+\.py|(?:[a-z_]+/)+)`")


def absent_modules(text: str) -> list[str]:
    """The modules and folders of digest/ that a Markdown text names in code marks and that do not exist."""
    roots = [PROJECT, PROJECT / "digest", *(PROJECT / "digest").rglob("*/")]
    names = sorted(set(MODULE.findall(text)))
    return [name for name in names if not any((root / name).exists() for root in roots)]


def test_modules_named_in_documents_exist() -> None:
    documents = [path for path in SOURCES if path.parent.name == "docs"]
    absent = {path: absent_modules(path.read_text(encoding="utf-8")) for path in documents}
    assert not {path: names for path, names in absent.items() if names}


def test_absent_module_in_a_document_is_noticed() -> None:
    assert absent_modules("`compose/slot.py` and `compose/absent.py`") == ["compose/absent.py"]
