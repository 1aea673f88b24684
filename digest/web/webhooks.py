"""Webhooks of mail services: bounces and complaints, accepted only with proof of their origin.

`POST /returned/VENDOR` or `/returned/VENDOR/SECRET`, for ses, postmark, mailgun, sendgrid and generic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from digest import events
from digest.deliver.inbound.webhook import VENDORS, Untrusted, Vendor

log = structlog.get_logger()

#: Bytes of a request; a batch of a thousand events has fewer.
MAX_BODY = 5_000_000

#: Takes vendor, body, headers with lower-case names and the secret in the path; returns how many notices had an effect.
TakeWebhook = Callable[[Vendor, bytes, Mapping[str, str], str], int]


def routes(take: TakeWebhook) -> list[BaseRoute]:
    """Return the routes that mail services post to."""

    async def webhook(request: Request) -> Response:
        vendor = next((v for v in VENDORS if v == request.path_params["vendor"]), None)
        if vendor is None:
            return PlainTextResponse("no such service", status_code=404)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                return PlainTextResponse("too large", status_code=413)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            changed = await run_in_threadpool(take, vendor, body, headers, request.path_params.get("secret", ""))
        except Untrusted as error:
            log.warning(events.WEBHOOK_REFUSED, source=vendor, reason=str(error))
            return PlainTextResponse("not proven", status_code=403)
        except ValueError as error:
            return PlainTextResponse(str(error), status_code=400)
        log.info(events.BOUNCES_INGESTED, source=vendor, changed=changed)
        return PlainTextResponse("OK")

    return [
        Route("/returned/{vendor}", webhook, methods=["POST"]),
        Route("/returned/{vendor}/{secret}", webhook, methods=["POST"]),
    ]
