"""Media: the folder of our own pictures, which `digest serve` or any static host shows at `site.media_url`.

A picture is a file named by its content, so it may be kept for ever and copied anywhere. For each address that one was
fetched from, a small index file says what became of it, so that nothing is fetched or scaled twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Final

from digest.deliver.render.picture import Picture, PreparedPicture, logo, prepare

_NAME: Final = re.compile(r"[0-9a-f]{24}\.(?:jpg|png)")


class Media:
    """The pictures in one folder. Safe for several processes: files appear whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, url: str) -> PreparedPicture | None:
        """Return the stored result for the picture at `url`; None when there is none or its files are gone."""
        try:
            entry = json.loads(self._index(url).read_text(encoding="utf-8"))
            shapes = {shape: Picture(n, self.read(n), w, h) for shape, (n, w, h) in entry["pictures"].items()}
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return PreparedPicture(shapes.get("wide"), shapes.get("square"), entry["problem"])

    def put(self, url: str, data: bytes) -> PreparedPicture:
        """Scale and keep the picture that was fetched from `url`."""
        prepared = prepare(data)
        pictures = {}
        for shape, picture in (("wide", prepared.wide), ("square", prepared.square)):
            if picture:
                self.keep(picture)
                pictures[shape] = (picture.name, picture.width, picture.height)
        entry = {"url": url, "pictures": pictures, "problem": prepared.problem}
        self._write(self._index(url), json.dumps(entry).encode())
        return prepared

    def logo(self, source: str, data: bytes | None = None) -> tuple[str, int, int] | None:
        """A newsletter's logo as (file name, printed width, printed height); `data` is the picture found at `source`.

        Without `data` the one that was kept before, else None. Raises ValueError when it is no picture.
        """
        index = self._index(f"logo {source}")
        if data is None:
            try:
                name, width, height = json.loads(index.read_text(encoding="utf-8"))
                self.read(name)
            except (OSError, ValueError, TypeError):
                return None
            return name, width, height
        picture, width, height = logo(data)
        self.keep(picture)
        self._write(index, json.dumps([picture.name, width, height]).encode())
        return picture.name, width, height

    def keep(self, picture: Picture) -> None:
        """Write a finished picture, if it is not here yet."""
        path = self.folder / picture.name
        if not path.exists():
            self._write(path, picture.data)

    def read(self, name: str) -> bytes:
        """The bytes of a picture. Raises FileNotFoundError, also for names that are none of ours."""
        if not _NAME.fullmatch(name):
            raise FileNotFoundError(name)
        return (self.folder / name).read_bytes()

    def _index(self, url: str) -> Path:
        return self.folder / "index" / f"{hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.json"

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        part.write_bytes(data)
        part.replace(path)


def keep_picture(fetched: tuple[Path, str, bytes]) -> str:
    """`Media(folder).put(url, data)` as one task for a child process; the problem, or ""."""
    folder, url, data = fetched
    return Media(folder).put(url, data).problem
