"""Pictures of editions and newsletters: fetched through the guard, scaled in the sandbox, kept as files."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digest.compose.edition import EDITABLE, Edition
from digest.deliver.render.media import Media, store_picture
from digest.deliver.theme import Logo
from digest.errors import RenderError
from digest.services.collect.fetcher import Fetcher
from digest.services.context import Context, Progress, silent

if TYPE_CHECKING:
    from digest.deliver.render.picture import PreparedPicture


class Pictures:
    """The pictures that mails link to, in one folder that is served at /media."""

    def __init__(self, context: Context, fetcher: Fetcher) -> None:
        self._settings, self._fetcher = context.settings, fetcher
        self._media = Media(self.folder)
        self._attempted: set[str] = set()  # URLs that `complete` need not try again

    @property
    def folder(self) -> Path:
        """The folder of all pictures."""
        return self._settings.folder / "media"

    @property
    def base_url(self) -> str:
        """The URL of our pictures for readers, without a final slash."""
        return self._settings.site.media_url or f"{self._settings.site.base_url}/media"

    def with_local_files(self, html: str) -> str:
        """Return a mail's HTML with the pictures as files of this machine, for a preview before the site runs."""
        return html.replace(f'src="{self.base_url}/', f'src="{self.folder.resolve().as_uri()}/')

    def of(self, edition: Edition) -> dict[str, PreparedPicture]:
        """Return the pictures of an edition that are in the folder, by the URL they came from."""
        return {url: picture for url in _urls(edition) if (picture := self._media.get(url)) is not None}

    def fetch(self, edition: Edition, progress: Progress = silent) -> None:
        """Fetch and scale the pictures of an edition that are missing. One that cannot be fetched is left out."""
        self._fetch(self._missing(_urls(edition)), progress)

    def complete(self, edition: Edition) -> None:
        """Fetch what is missing and was not tried by this process: the process that composed it may have died.

        Tries each picture once, so it may be called often. An edition that some readers have stays as it is.
        """
        if edition.state not in EDITABLE:
            return
        urls = [url for url in _urls(edition) if url not in self._attempted]
        if missing := self._missing(urls):
            self._fetch(missing, silent)
        self._attempted.update(urls)

    def logo(self, source: str) -> Logo | None:
        """Return a newsletter's logo, kept in the folder: read from its file, or fetched once.

        None when its URL does not give a picture. Raises RenderError for a file that is missing or no picture.
        """
        if "://" in source:
            logo = self._media.logo(source) or self._fetched_logo(source)
        else:
            try:
                logo = self._media.logo(source, Path(source).read_bytes())
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or error
                raise RenderError(f"brand.logo: {source}: {reason}", _logo_remedy(Path(source))) from None
        return Logo(f"{self.base_url}/{logo[0]}", *logo[1:]) if logo else None

    def _fetched_logo(self, url: str) -> tuple[str, int, int] | None:
        try:
            return self._media.logo(url, next(iter(self._fetcher.pictures([url]))).body)
        except (OSError, ValueError, StopIteration):  # nothing comes when the program is stopping
            return None

    def _missing(self, urls: Sequence[str]) -> list[str]:
        return [url for url in urls if self._media.get(url) is None]

    def _fetch(self, urls: Sequence[str], progress: Progress) -> None:
        self._attempted.update(urls)
        pages = self._fetcher.pictures(urls)
        fetched = ((self.folder, page.url, page.body) for page in pages if not page.error)
        progress("pictures", 0, len(urls))
        for done, _ in enumerate(self._fetcher.sandboxed(store_picture, fetched), 1):
            progress("pictures", done, len(urls))
        progress("pictures", len(urls), len(urls))


def _logo_remedy(path: Path) -> str:
    """Return what to do about a logo that cannot be read: the nearest file name in its folder, where there is one."""
    folder = path.parent
    pictures = [file.name for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []
    close = difflib.get_close_matches(path.name, [name for name in pictures if name != path.name], 1, 0.6)
    return f"did you mean '{folder / close[0]}'?" if close else "give a PNG or JPEG that exists"


def _urls(edition: Edition) -> list[str]:
    """The URLs of an edition's pictures, each once, in reading order."""
    return list(dict.fromkeys(story.image.url for story in edition.stories if story.image))
