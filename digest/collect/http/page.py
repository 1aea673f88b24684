"""The HTTP result for one page or picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """One fetched page: `error` is "" when there is a body, else the reason; `status` is 0 without an answer."""

    url: str  # as requested
    final_url: str = ""  # after redirects
    status: int = 0
    content_type: str = ""
    body: bytes = b""
    error: str = ""
