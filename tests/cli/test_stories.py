"""`digest stories`: every id comes back once; a bad line gets one clear error that names it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digest.cli import cli
from tests.compose.events.partition import SAMPLES, agreement


def stories(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["stories", *arguments], input=given)


def write(folder: Path, *lines: object) -> str:
    path = folder / "articles.jsonl"
    path.write_bytes(b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines))
    return str(path)


def test_stories_return_every_id_once_in_mostly_true_groups() -> None:
    done = stories(str(SAMPLES / "fr.jsonl"), "--json")
    assert done.exit_code == 0
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    truth = {row["id"]: row["story"] for row in map(json.loads, (SAMPLES / "fr.jsonl").read_text().splitlines())}
    found = {id_: row["story"] for row in rows for id_ in row["ids"]}
    assert sum(len(row["ids"]) for row in rows) == len(found)
    assert found.keys() == truth.keys()
    assert agreement([truth[i] for i in truth], [found[i] for i in truth])[0] >= 0.95
    assert all(row["title"] for row in rows)


def test_stories_take_stdin_and_keep_ids() -> None:
    lines = b'\xef\xbb\xbf{"id": 7, "title": "A"}\r\n\n{"id": "7", "text": "B b b", "published": null}\n'
    done = stories("-", "--json", given=lines)
    assert done.exit_code == 0
    assert sorted((json.loads(line)["ids"] for line in done.stdout.splitlines()), key=str) == [["7"], [7]]


def test_stories_for_people_are_blocks() -> None:
    done = stories(str(SAMPLES / "de.jsonl"))
    assert done.exit_code == 0
    assert "   2  Pfiffe in Müngersdorf nach Nullnummer\n      Köln und Mainz trennen sich torlos\n" in done.stdout
    assert "\n   1  Handyverbot an bayerischen Grundschulen kommt zum Herbst\n" in done.stdout


def test_stories_accept_invalid_unicode(tmp_path: Path) -> None:
    path = write(tmp_path, {"id": "\ud800", "title": "\ud800 odd"}, {"id": "b", "title": "plain été"})
    done = stories(path, "--json")
    assert done.exit_code == 0
    assert {json.loads(line)["ids"][0] for line in done.stdout.splitlines()} == {"\ud800", "b"}
    assert stories(path).exit_code == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{not json", "not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[" * 100_000, "nesting too deep"),
        ({"title": "no id"}, "'id' is missing"),
        ({"id": True, "title": "x"}, "'id' is missing"),
        ({"id": "b"}, "neither 'title' nor 'text'"),
        ({"id": "b", "title": 5}, "'title' must be text, not int"),
        ({"id": "b", "title": "x", "published": "yesterday"}, "'published' is 'yesterday'; write ISO 8601"),
        ({"id": "b", "title": "x", "published": 12}, "'published' is 12; write ISO 8601"),
        ({"id": "a", "title": "x"}, "id 'a' was already used on line 1"),
    ],
)
def test_stories_name_bad_line_in_one_line(tmp_path: Path, line: object, message: str) -> None:
    path = write(tmp_path, {"id": "a", "title": "fine"}, line)
    done = stories(path, "--json")
    assert done.exit_code == 1
    assert done.stdout == ""
    (said,) = done.stderr.splitlines()
    assert f"{path} line 2: " in said
    assert message in said


def test_stories_of_empty_file_is_nothing_to_do(tmp_path: Path) -> None:
    done = stories(write(tmp_path), "--json")
    assert (done.exit_code, done.stdout) == (3, "")
    assert "no articles" in done.stderr


def test_stories_of_missing_file_is_usage_error(tmp_path: Path) -> None:
    assert stories(str(tmp_path / "absent.jsonl")).exit_code == 2
