"""What the network gave for one page or picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """One page as fetched. `error` is "" when there is a body, else one line with the reason; `status` 0: no answer."""

    url: str  # as asked for
    final_url: str = ""  # after redirects
    status: int = 0
    content_type: str = ""
    body: bytes = b""
    error: str = ""
