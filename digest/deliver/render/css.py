"""A mail's computed styles by css-inline, in the light or the dark scheme."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import css_inline
import tinycss2

_INLINER: Final = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=False)
_STYLE: Final = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL | re.IGNORECASE)


def computed(html: str, dark: bool = False) -> str:
    """Return the mail with every rule written into the elements it applies to; with `dark`, those of dark mode too."""
    if dark:
        html = _STYLE.sub(lambda m: m[1] + _with_dark_rules(m[2]) + m[3], html)
    return _INLINER.inline(html)


@lru_cache(maxsize=64)
def _with_dark_rules(css: str) -> str:
    """Return a style sheet with the rules of `@media (prefers-color-scheme: dark)` outside that condition."""
    return "".join(
        tinycss2.serialize(rule.content) if _is_dark(rule) else rule.serialize()
        for rule in tinycss2.parse_stylesheet(css)
    )


def _is_dark(rule: Any) -> bool:
    """Return whether a rule is a media query for dark mode."""
    if rule.type != "at-rule" or rule.lower_at_keyword != "media" or rule.content is None:
        return False
    conditions = [block.content for block in rule.prelude if block.type == "() block"]
    names = [[token.lower_value for token in tokens if token.type == "ident"] for tokens in conditions]
    return ["prefers-color-scheme", "dark"] in names
