"""Pages for subscribers: unsubscribe with one button or by RFC 8058's one click, come back, choose topics.

GET never changes anything: link scanners open every link of a mail, and some submit the only GET form that they find.
Only POST acts. An unknown token gets the same neutral answer as a known one, so that nobody can learn from it who reads
what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from digest.web.templating import Pages

#: Bytes of a one-click POST, which has few; a longer body is not read.
MAX_BODY = 10_000


@dataclass(frozen=True, slots=True)
class View:
    """A subscription as its own subscriber may see it."""

    newsletter: str  # title
    language: str
    active: bool
    topics: tuple[tuple[str, str, bool], ...] = ()  # (key, title, chosen), in the newsletter's order
    accent: tuple[str, str] | None = None  # the newsletter's colour, light and dark
    test: bool = False  # of a test copy: nobody's subscription, and no action has an effect


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions of a token. `view` shows its subscription (None: unknown token); `leave` ends it, and may be called
    repeatedly; `rejoin` takes that back; `choose` sets the topics (none at all means all of them).
    """

    view: Callable[[str], View | None]
    leave: Callable[[str], None]
    rejoin: Callable[[str], None]
    choose: Callable[[str, tuple[str, ...]], None]


def routes(actions: Actions, pages: Pages) -> list[BaseRoute]:
    """Return the routes of a subscriber's links; List-Unsubscribe names `/unsubscribe/TOKEN`."""

    async def page(request: Request, token: str, notice: str = "") -> Response:
        subscription = await run_in_threadpool(actions.view, token)
        if subscription is not None and subscription.test:
            notice = "test"
        elif not notice and subscription is not None and not subscription.active:
            notice = "left"
        language, accent = (subscription.language, subscription.accent) if subscription else ("", None)
        return pages.response(
            request,
            "unsubscribe.html.j2",
            language=language,
            accent=accent,
            subscription=subscription,
            notice=notice,
            token=token,
        )

    async def unsubscribe(request: Request) -> Response:
        token = request.path_params["token"]
        if request.method != "POST":
            return await page(request, token)
        one_click = await _one_click(request)
        await run_in_threadpool(actions.leave, token)
        if one_click:
            # RFC 8058, 3.1: no redirect, no cookie; the sender of this request is a mail provider, not a person.
            return PlainTextResponse("OK")
        return await page(request, token, "left")

    async def rejoin(request: Request) -> Response:
        token = request.path_params["token"]
        await run_in_threadpool(actions.rejoin, token)
        return await page(request, token, "back")

    async def preferences(request: Request) -> Response:
        token = request.path_params["token"]
        notice = ""
        if request.method == "POST":
            form = await request.form(max_fields=200, max_files=0)
            chosen = tuple(str(topic) for topic in form.getlist("topic"))
            await run_in_threadpool(actions.choose, token, chosen)
            notice = "saved"
        subscription = await run_in_threadpool(actions.view, token)
        if subscription is None or not subscription.active or subscription.test:
            return await page(request, token)
        return pages.response(
            request,
            "preferences.html.j2",
            language=subscription.language,
            accent=subscription.accent,
            subscription=subscription,
            notice=notice,
            token=token,
        )

    def help_page(request: Request) -> Response:
        return pages.response(request, "help.html.j2")

    return [
        Route("/unsubscribe/{token}", unsubscribe, methods=["GET", "HEAD", "POST"]),
        Route("/unsubscribe/{token}/back", rejoin, methods=["POST"]),
        Route("/preferences/{token}", preferences, methods=["GET", "HEAD", "POST"]),
        Route("/help", help_page, methods=["GET", "HEAD"]),
    ]


async def _one_click(request: Request) -> bool:
    """Whether the body is RFC 8058's `List-Unsubscribe=One-Click`, urlencoded or multipart."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return False
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return b'name="List-Unsubscribe"' in body and b"One-Click" in body
    return b"List-Unsubscribe=One-Click" in body
