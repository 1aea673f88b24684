"""One real browser for the tests of pages and mails."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium: the system's where there is one, else playwright's own."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        options: dict[str, Any] = {"executable_path": chromium} if chromium else {}
        opened = playwright.chromium.launch(args=["--no-sandbox", "--disable-dev-shm-usage"], **options)
        yield opened
        opened.close()
