"""Looking at editions in a browser: a list, and each mail at phone and desk width, as HTML and as text.

Shows what the renderer makes, in frames without any right (`sandbox=""`): a mail may hold what feeds wrote.
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

#: A mail brings its own styles and our own pictures, nothing else.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: {images}; frame-ancestors 'self'; sandbox"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list of editions: `sent` is when it goes out, in its own zone; `state` "" is not shown."""

    id: str
    subject: str
    newsletter: str
    sent: datetime
    language: str
    state: str
    stories: int


@dataclass(frozen=True, slots=True)
class Previews:
    """`listing` gives the newest editions first; `render` one edition's mail, None when there is none.

    `images` names the origin that pictures in mails come from.
    """

    listing: Callable[[], Sequence[Listed]]
    render: Callable[[str], Rendered | None]
    images: str = ""


def routes(ports: Previews, pages: Pages) -> list[BaseRoute]:
    """The list at `/`, an edition at `/editions/ID`, the bare mail for its frames at `/editions/ID/mail`."""

    async def editions(request: Request) -> Response:
        editions_ = await run_in_threadpool(ports.listing)
        return pages.response(request, "editions.html.j2", editions=editions_, under="/editions/")

    async def edition(request: Request) -> Response:
        found = next((e for e in await run_in_threadpool(ports.listing) if e.id == request.path_params["id"]), None)
        rendered = await run_in_threadpool(ports.render, request.path_params["id"])
        if found is None or rendered is None:
            return pages.response(request, "missing.html.j2", status=404)
        view = "text" if request.query_params.get("view") == "text" else "html"
        return pages.response(
            request,
            "edition.html.j2",
            edition=found,
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
