"""Previews of editions in a browser: a list, and each mail at phone and desk width, as HTML and as text.

Mails are shown in frames without any permission (`sandbox=""`), because they hold what feeds wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from digest.deliver.render.rendered import Rendered
from digest.web.templating import Pages

#: Content policy of a mail: its own styles and our own pictures, nothing else.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: {images}; frame-ancestors 'self'; sandbox"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list of editions: `sent` is its send time in its own zone; `state` "" is not shown."""

    id: str
    subject: str
    newsletter: str
    sent: datetime
    language: str
    state: str
    stories: int


@dataclass(frozen=True, slots=True)
class Previews:
    """`listing` returns the newest editions first; `render` returns one edition's mail, None for an unknown edition.

    `images` is the origin of the pictures in mails.
    """

    listing: Callable[[], Sequence[Listed]]
    render: Callable[[str], Rendered | None]
    images: str = ""


def routes(ports: Previews, pages: Pages) -> list[BaseRoute]:
    """Return the routes: the list at `/`, an edition at `/editions/ID`, the mail in its frames at `.../mail`."""

    async def editions(request: Request) -> Response:
        editions_ = await run_in_threadpool(ports.listing)
        return pages.response(request, "editions.html.j2", editions=editions_, under="/editions/")

    async def edition(request: Request) -> Response:
        listed = next((e for e in await run_in_threadpool(ports.listing) if e.id == request.path_params["id"]), None)
        rendered = await run_in_threadpool(ports.render, request.path_params["id"])
        if listed is None or rendered is None:
            return pages.response(request, "missing.html.j2", status=404)
        view = "text" if request.query_params.get("view") == "text" else "html"
        return pages.response(
            request,
            "edition.html.j2",
            edition=listed,
            view=view,
            preheader=rendered.preheader,
            text=rendered.text,
            problems=rendered.problems,
        )

    async def mail(request: Request) -> Response:
        rendered = await run_in_threadpool(ports.render, request.path_params["id"])
        if rendered is None:
            return pages.response(request, "missing.html.j2", status=404)
        policy = MAIL_POLICY.format(images=ports.images)
        return HTMLResponse(rendered.html, headers={"Content-Security-Policy": policy})

    return [Route("/", editions), Route("/editions/{id}", edition), Route("/editions/{id}/mail", mail)]
