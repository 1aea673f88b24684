"""A scheduler as a process of its own: `python -m tests.services.planner SETTINGS URL MOMENT [die]`.

It says 'ready', waits for a line, then looks at each of the moments it is given, one a line, and says what happened.
With `die` it kills itself between claiming a slot and storing its edition.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from digest.services.compose import due
from digest.settings import load
from digest.store import open_store


def main(settings_path: str, url: str, die: str = "") -> None:
    """Look at every moment that comes in."""
    settings = load(Path(settings_path), {"DIGEST_SITE__SECRET": "s" * 32})
    with open_store(url) as store:
        if die:
            setattr(store.articles, "candidates", _end)  # noqa: B010 (a killed process has no better place)
        print("ready", flush=True)
        for line in sys.stdin:
            now = datetime.fromisoformat(line.strip())
            happened = due.compose_due(store, settings, now, lambda key: datetime.fromisoformat("2026-11-20T00:00Z"))
            looked, _ = due.review_due(store, settings, now, lambda *_: None)
            told = [h.edition_id for h in (*happened, *looked) if h.what in ("composed", "reminded")]
            print(json.dumps(told), flush=True)


def _end(*_: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit


if __name__ == "__main__":
    main(*sys.argv[1:])
