"""Pages for people: Jinja templates from `templates/web`, in the reader's language. A user's own folder wins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest import resources
from digest.text.catalogue import available, locale
from digest.text.locale import Locale


class Pages:
    """Renders pages. `folders` are template folders that win over our own."""

    def __init__(self, site_name: str, folders: Sequence[Path] = ()) -> None:
        self._site_name = site_name
        self._folders = tuple(folders)
        places = [folder / "web" for folder in (*folders, resources.templates())]
        self._environment = Environment(
            loader=FileSystemLoader(places), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def response(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        language: str = "",
        accent: tuple[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """A page in `language`, else in the best one that the browser asks for.

        `accent` is a newsletter's colour, light and dark; None is our own.
        """
        words = self.locale(language or best_language(request.headers.get("accept-language", ""), self._languages()))
        page = self._environment.get_template(template)
        html = page.render(
            _=words.gettext,
            ngettext=words.ngettext,
            locale=words,
            language=words.tag if words.translated else "en",
            direction=words.direction if words.translated else "ltr",
            site_name=self._site_name,
            accent=accent,
            **values,
        )
        return HTMLResponse(html, status_code=status, headers={"Content-Language": words.tag})

    def locale(self, language: str) -> Locale:
        """The words of a language."""
        return locale(language, self._folders)

    def _languages(self) -> list[str]:
        return available(self._folders)


def best_language(accepted: str, known: Sequence[str]) -> str:
    """The known language that an Accept-Language header (RFC 9110, 12.5.4) likes best; the first known else."""
    wishes = []
    for place, part in enumerate(accepted.split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wishes.append((-float(quality or 1), place, tag.lower().split("-")[0]))
        except ValueError:
            continue
    return next((tag for weight, _, tag in sorted(wishes) if tag in known and weight < 0), known[0])
