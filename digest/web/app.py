"""The web application: subscribers' links, health and metrics, archive and pictures, and the preview of editions.

Starlette routes over plain callables (`Ports`): this module knows neither services nor settings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from digest.web.desk import preview
from digest.web.security import Headers
from digest.web.subscribers import pages
from digest.web.templating import Pages


@dataclass(frozen=True, slots=True)
class Ports:
    """The callables behind the pages. `previews` is None where editions must not be seen without signing in."""

    subscribers: pages.Actions
    pages: Pages
    healthy: Callable[[], str]  # "" when healthy, else the problem
    media: Path | None = None
    web_edition: Callable[[str], str | None] = lambda _edition_id: None
    archive: Callable[[], Sequence[preview.Listed]] = tuple
    previews: preview.Previews | None = None
    extra: Sequence[BaseRoute] = ()


class _Pictures(StaticFiles):
    """The pictures that mails link to. The folder is made with the first picture; until then every URL is a 404."""

    async def check_config(self) -> None:
        """Do nothing: Starlette would answer every request with 500 while the folder is missing."""


def build(ports: Ports) -> Starlette:
    """Return the application. Every page works without scripts, cookies and requests to other sites."""
    routes: list[BaseRoute] = [
        *pages.routes(ports.subscribers, ports.pages),
        Route("/health", _health(ports.healthy)),
        Route("/metrics", _metrics),
        Route("/archive/", _editions(ports), methods=["GET", "HEAD"]),
        Route("/archive/{edition_id}", _archive(ports), methods=["GET", "HEAD"]),
        *ports.extra,
    ]
    if ports.media is not None:
        routes.append(Mount("/media", _Pictures(directory=ports.media, check_dir=False)))
    if ports.previews is not None:
        routes += preview.routes(ports.previews, ports.pages)
    app = Starlette(routes=routes, middleware=[Middleware(Headers)])
    app.add_exception_handler(404, _problem(ports.pages, "missing.html.j2", 404))
    app.add_exception_handler(500, _problem(ports.pages, "broken.html.j2", 500))
    return app


def _health(healthy: Callable[[], str]) -> Callable[[Request], Response]:
    def health(request: Request) -> Response:
        problem = healthy()
        return PlainTextResponse(problem or "ok", status_code=503 if problem else 200)

    return health


def _metrics(request: Request) -> Response:
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _archive(ports: Ports) -> Callable[[Request], Response]:
    def archive(request: Request) -> Response:
        page = ports.web_edition(request.path_params["edition_id"])
        if page is None:
            return ports.pages.response(request, "missing.html.j2", status=404)
        return HTMLResponse(page)

    return archive


def _editions(ports: Ports) -> Callable[[Request], Response]:
    """Return the page of all sent editions, the newest first: the target of 'More editions' and List-Archive."""

    def editions(request: Request) -> Response:
        return ports.pages.response(request, "editions.html.j2", editions=ports.archive(), under="")

    return editions


def _problem(pages: Pages, template: str, status: int) -> Callable[[Request, Exception], Response]:
    def problem(request: Request, error: Exception) -> Response:
        return pages.response(request, template, status=status)

    return problem
