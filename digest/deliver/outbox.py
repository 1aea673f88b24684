"""Outbox: messages as .eml files, for inspection or for a mail system that picks files up."""

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
        """The path of this message's file: its edition's folder, then its subscriber id."""
        name = re.sub(r"[^A-Za-z0-9._-]", "_", message.edition_id).strip(".") or "edition"
        if name != message.edition_id:
            name += "-" + edition_code(message.edition_id)
        return self.folder / name / f"{message.subscriber_id:08d}.eml"

    def write(self, messages: Iterable[Message]) -> Iterator[tuple[Message, bool]]:
        """Write each; yields (message, True), or (message, False) where the file existed already and is unchanged.

        The file appears under its name only when its bytes are on the disk. Raises OSError (such as a full disk).
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
        os.link(draft, target)  # unlike a rename, this never replaces a file that another process has just written
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    fault_point("outbox.named")
    return True
