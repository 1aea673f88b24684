"""A mail's computed styles by css-inline, in the light or the dark scheme."""

from __future__ import annotations

import re
from typing import Final

import css_inline

_INLINER: Final = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=False)
_STYLE: Final = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL | re.IGNORECASE)
_DARK: Final = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}")


def computed(html: str, dark: bool = False) -> str:
    """Return the mail with every rule written into the elements it applies to; with `dark`, those of dark mode too."""
    if dark:
        html = _STYLE.sub(lambda m: m[1] + _DARK.sub(lambda rule: rule[1], m[2]) + m[3], html)
    return _INLINER.inline(html)
