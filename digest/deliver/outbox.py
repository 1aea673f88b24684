"""Outbox: messages as files, one .eml each, for looking at them or for a mail system that picks files up."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from digest.deliver.mime.message import Message
from digest.deliver.return_path import edition_code
from digest.failpoint import fault_point


class Outbox:
    """A folder of one subfolder per edition. A file is complete or absent, and never written a second time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, message: Message) -> Path:
        """Where this message's file is: its edition, then its subscriber."""
        name = re.sub(r"[^A-Za-z0-9._-]", "_", message.edition_id).strip(".") or "edition"
        if name != message.edition_id:
            name += "-" + edition_code(message.edition_id)
        return self.folder / name / f"{message.subscriber_id:08d}.eml"

    def write(self, messages: Iterable[Message]) -> Iterator[tuple[Message, bool]]:
        """Write each; yields (message, True), or False where the file was already there and stays as it was.

        The name appears in one step after the bytes are on the disk. Raises OSError (a full disk) for the whole run.
        """
        for message in messages:
            target = self.path(message)
            target.parent.mkdir(parents=True, exist_ok=True)
            yield message, _write_once(target, message)


def _write_once(target: Path, message: Message) -> bool:
    if target.exists():
        return False
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.writelines(message.parts)
            file.flush()
            os.fsync(file.fileno())
        fault_point("outbox.written")
        os.link(draft, target)  # unlike a rename, this never replaces what another process has just written
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    fault_point("outbox.named")
    return True
