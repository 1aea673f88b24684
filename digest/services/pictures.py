"""Gallery: the pictures of editions, fetched through the guard, scaled in the sandbox, kept as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digest.compose.edition import Edition
from digest.deliver.render.media import Media
from digest.services.ports import Progress, silent

if TYPE_CHECKING:
    from digest.collect.http.fetch import HttpConfig
    from digest.collect.sandbox import Sandbox
    from digest.deliver.render.picture import Prepared


class Gallery:
    """The pictures in one folder. What fetches and scales them is asked for only when some are missing."""

    def __init__(self, folder: Path, http: Callable[[], HttpConfig], sandbox: Callable[[], Sandbox]) -> None:
        self.folder = folder
        self._http, self._sandbox = http, sandbox
        self._media = Media(folder)
        self._looked_after: set[str] = set()  # addresses that `complete` need not look at again

    def of(self, edition: Edition) -> dict[str, Prepared]:
        """The pictures of an edition that are here, by the address they came from."""
        return {url: found for url in _named(edition) if (found := self._media.get(url)) is not None}

    def fetch(self, edition: Edition, progress: Progress = silent) -> None:
        """Fetch and scale the pictures of an edition that are not here yet. One that cannot be had is left out."""
        self._fetch([url for url in _named(edition) if self._media.get(url) is None], progress)

    def complete(self, edition: Edition) -> None:
        """Fetch what is not here and was not asked for by this process: whoever composed it may have died before.

        Asks once for each picture, so it may be called at every look.
        """
        new = [url for url in _named(edition) if url not in self._looked_after]
        if missing := [url for url in new if self._media.get(url) is None]:
            self._fetch(missing, silent)
        self._looked_after.update(new)

    def _fetch(self, wanted: Sequence[str], progress: Progress) -> None:
        from digest.collect.http.fetch import ACCEPT_PICTURE, fetch_pages
        from digest.deliver.render.media import keep_picture

        self._looked_after.update(wanted)
        pages = fetch_pages(wanted, self._http(), accept=ACCEPT_PICTURE)
        fetched = ((self.folder, page.url, page.body) for page in pages if not page.error)
        progress("pictures", 0, len(wanted))
        for done, _ in enumerate(self._sandbox().map(keep_picture, fetched), 1):
            progress("pictures", done, len(wanted))
        progress("pictures", len(wanted), len(wanted))


def _named(edition: Edition) -> dict[str, None]:
    """The addresses of an edition's pictures, each once, in reading order."""
    return dict.fromkeys(story.image.url for story in edition.stories if story.image)
