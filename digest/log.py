"""Logging: structlog to standard error, as plain lines or JSON. Nothing logged holds an address or a token."""

from __future__ import annotations

import logging
import sys

import structlog

from digest.settings import LogSettings


def configure(settings: LogSettings) -> None:
    """Configure the log of this process by `[log]`."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    logging.basicConfig(
        stream=sys.stderr, level=max(level, logging.WARNING), format="%(levelname)s %(name)s %(message)s"
    )
    renderer = (
        structlog.processors.JSONRenderer()
        if settings.json_lines
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the rich one shows locals: addresses and tokens
        )
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info if settings.json_lines else _same,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _same(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return event
