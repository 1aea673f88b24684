"""The styles that a mail has in the end, by css-inline: as most clients show it, in dark mode, and inverted."""

from __future__ import annotations

import re
from typing import Final

import css_inline

_INLINER: Final = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=False)
_STYLE: Final = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL | re.IGNORECASE)
_DARK: Final = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}")


def final(html: str, dark: bool = False) -> str:
    """The mail with every rule written into the elements that it is for; with `dark`, as dark mode shows it."""
    if dark:
        html = _STYLE.sub(lambda m: m[1] + _DARK.sub(lambda rule: rule[1], m[2]) + m[3], html)
    return _INLINER.inline(html)
