"""Every message on a page has its translation in every language that ships."""

from __future__ import annotations

import re

import pytest

from digest import resources
from digest.text.catalogue import available, locale

MESSAGE = re.compile(r"""(?<!\w)_\((?:"([^"]+)"|'([^']+)')""")


def messages() -> set[str]:
    found = set()
    for path in (resources.templates() / "web").glob("*.j2"):
        found |= {first or second for first, second in MESSAGE.findall(path.read_text(encoding="utf-8"))}
    return found


@pytest.mark.parametrize("language", [name for name in available() if name != "en"])
def test_page_messages_are_all_translated(language: str) -> None:
    words = locale(language).words
    same = {"Mail", "Text", "Editions"}  # in some languages the word is the same
    missing = sorted(m for m in messages() if words.gettext(m) == m and m not in same)
    assert missing == []


def test_pages_have_messages() -> None:
    assert len(messages()) > 20
