"""Log events: every call in the code logs a declared event with declared fields, and the page lists them all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import digest
from digest import events
from digest.services.compose.due import EVENT_OF

ROOT: Final = Path(digest.__file__).parent
DOCS: Final = ROOT.parent / "docs" / "log-events.md"
LEVELS: Final = {"debug", "info", "warning", "error", "critical", "exception"}
#: Keywords of structlog that are no fields.
NO_FIELDS: Final = {"exc_info"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of a structlog logger, with the file's name."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in LEVELS and ast.unparse(node.func.value) == "log":
                yield path.name, node


def names_of(call: ast.Call) -> set[str]:
    """Return the events that a call may log: a constant of `events`, or any of a looked-up `EVENT_OF`."""
    event = call.args[0]
    if isinstance(event, ast.Attribute) and isinstance(event.value, ast.Name) and event.value.id == "events":
        return {getattr(events, event.attr)}
    assert isinstance(event, ast.Subscript), f"log a constant of digest.events: {ast.unparse(call)}"
    assert ast.unparse(event.value) == "EVENT_OF"
    return set(EVENT_OF.values())


def test_log_calls_use_declared_events_and_fields() -> None:
    logged: set[str] = set()
    for file, call in calls():
        fields = {keyword.arg for keyword in call.keywords} - NO_FIELDS
        for name in names_of(call):
            assert fields <= set(events.EVENTS[name].fields), f"{file}: {ast.unparse(call)}"
            logged.add(name)
    assert logged == set(events.EVENTS)


def test_log_event_names_are_dotted() -> None:
    assert all(name.count(".") == 1 and name == name.lower() for name in events.EVENTS)


def test_documentation_lists_every_event() -> None:
    assert events.table() in DOCS.read_text(encoding="utf-8")
