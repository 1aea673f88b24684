"""Messages as files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from digest.deliver.outbox import Outbox
from tests.deliver.samples import messages, template


def test_outbox_writes_one_file_per_message(tmp_path: Path) -> None:
    written = list(Outbox(tmp_path).write(messages(3)))
    assert all(fresh for _, fresh in written)
    files = sorted(tmp_path.rglob("*"))
    assert [str(f.relative_to(tmp_path)) for f in files if f.is_file()] == [
        f"morning-2026-11-23-0700/0000000{n}.eml" for n in (1, 2, 3)
    ]
    for message, _ in written:
        assert Outbox(tmp_path).path(message).read_bytes() == message.data


def test_outbox_never_overwrites_a_file(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    list(outbox.write(messages(2)))
    first = outbox.path(next(messages(1)))
    first.write_text("kept")
    assert [fresh for _, fresh in outbox.write(messages(3))] == [False, False, True]
    assert first.read_text() == "kept"


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", "..", "é", "x" * 40 + "/../y"])
def test_outbox_path_stays_within_the_folder(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    list(Outbox(folder).write(messages(1, template(edition_id=name))))
    (found,) = (f for f in tmp_path.rglob("*.eml"))
    assert found.resolve().is_relative_to(folder.resolve())
    assert not list(tmp_path.glob("*.eml"))


@pytest.mark.parametrize("place", ["outbox.written", "outbox.named"])
def test_outbox_killed_process_leaves_no_partial_file(place: str, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\nfrom digest.deliver.outbox import Outbox\n"
        "from tests.deliver.samples import messages\n"
        f"list(Outbox(Path({str(tmp_path)!r})).write(messages(5)))"
    )
    environment = os.environ | {"FAULT_POINT": f"{place}:3"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False, cwd=Path.cwd())
    assert done.returncode == -9
    expected = {message.subscriber_id: message.data for message in messages(5)}
    whole = {int(f.stem): f.read_bytes() for f in tmp_path.rglob("*.eml") if not f.name.startswith(".")}
    assert len(whole) == (2 if place == "outbox.written" else 3)
    assert all(expected[number] == data for number, data in whole.items())
    assert sum(fresh for _, fresh in Outbox(tmp_path).write(messages(5))) == 5 - len(whole)
