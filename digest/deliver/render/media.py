"""Media: the folder of our own pictures, served at `site.media_url` by `digest serve` or any static host.

A picture's file name is a hash of its content, so it never changes and may be cached for ever. An index file per source
address records the result, so that nothing is fetched or scaled twice.
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
    """The pictures in one folder. Safe for several processes: files are written atomically."""

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
        """Scale and store the picture that was fetched from `url`."""
        prepared = prepare(data)
        pictures = {}
        for shape, picture in (("wide", prepared.wide), ("square", prepared.square)):
            if picture:
                self.store(picture)
                pictures[shape] = (picture.name, picture.width, picture.height)
        entry = {"url": url, "pictures": pictures, "problem": prepared.problem}
        self._write(self._index(url), json.dumps(entry).encode())
        return prepared

    def logo(self, source: str, data: bytes | None = None) -> tuple[str, int, int] | None:
        """Return a newsletter's logo as (file name, width, height) in CSS pixels; `data` is the picture at `source`.

        Without `data`, return the stored one, else None. Raises ValueError when `data` is no picture.
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
        self.store(picture)
        self._write(index, json.dumps([picture.name, width, height]).encode())
        return picture.name, width, height

    def store(self, picture: Picture) -> None:
        """Write a picture, unless it exists."""
        path = self.folder / picture.name
        if not path.exists():
            self._write(path, picture.data)

    def read(self, name: str) -> bytes:
        """Return the bytes of a picture. Raises FileNotFoundError, also for names that are not ours."""
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


def store_picture(fetched: tuple[Path, str, bytes]) -> str:
    """Run `Media(folder).put(url, data)` as a task of a child process; return the problem, or ""."""
    folder, url, data = fetched
    return Media(folder).put(url, data).problem
