"""Pages from Jinja templates in `templates/web`, in the visitor's language. The user's own folder takes precedence."""

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
    """Renders pages. `folders` are template folders that take precedence over the built-in one."""

    def __init__(self, site_name: str, folders: Sequence[Path] = ()) -> None:
        self._site_name = site_name
        self._folders = tuple(folders)
        searched = [folder / "web" for folder in (*folders, resources.templates())]
        self._environment = Environment(
            loader=FileSystemLoader(searched), autoescape=True, undefined=StrictUndefined, trim_blocks=True
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
        """Return a page in `language`, or else in the best one that the browser asks for.

        `accent` is a newsletter's colour, light and dark; None is the default.
        """
        locale_ = self.locale(language or best_language(request.headers.get("accept-language", ""), self._languages()))
        page = self._environment.get_template(template)
        html = page.render(
            _=locale_.gettext,
            ngettext=locale_.ngettext,
            locale=locale_,
            language=locale_.tag if locale_.translated else "en",
            direction=locale_.direction if locale_.translated else "ltr",
            site_name=self._site_name,
            accent=accent,
            **values,
        )
        return HTMLResponse(html, status_code=status, headers={"Content-Language": locale_.tag})

    def locale(self, language: str) -> Locale:
        """Return the locale of a language."""
        return locale(language, self._folders)

    def _languages(self) -> list[str]:
        return available(self._folders)


def best_language(accepted: str, known: Sequence[str]) -> str:
    """Return the known language that an Accept-Language header (RFC 9110, 12.5.4) prefers, or else the first known."""
    preferences = []
    for position, part in enumerate(accepted.split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            preferences.append((-float(quality or 1), position, tag.lower().split("-")[0]))
        except ValueError:
            continue
    return next((tag for weight, _, tag in sorted(preferences) if tag in known and weight < 0), known[0])
