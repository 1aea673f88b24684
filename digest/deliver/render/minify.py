"""Fewer bytes of HTML for the same mail, by removing styles that every text block repeats. Pure.

Gmail clips a mail near 102 kB. MJML writes font, size, line height and colour on every text block, although all blocks
inherit them from `.paper`, the outermost element. (Outlook on Windows inherits nothing into tables; the theme has a
block of styles for it.)
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

_RULE: Final = re.compile(r"\.paper\s*\{([^}]*)\}")
#: A text block as the compiler writes it.
_TEXT: Final = re.compile(r'<td align="(\w+)"((?: class="[^"]*")?) style="font-size:0px;([^"]*)"><div style="([^"]*)">')
#: A section's cell and a column; their font size 0 hides spaces between columns, and there are none.
_COLUMN: Final = re.compile(r'(<(?:td|div class="mj-[^"]*") style="(?:direction:\w+;)?)font-size:0px;')
_STYLE: Final = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL)
_CLASS: Final = re.compile(r' class="([^"]*)"(?=[^<>]*>)')
_SELECTOR: Final = re.compile(r"\.([a-zA-Z][\w-]*)")
_OBSOLETE: Final = (
    '<!--[if !mso]><!--><meta http-equiv="X-UA-Compatible" content="IE=edge"><!--<![endif]-->',
    '<!--[if lte mso 11]>\n<style type="text/css">\n.mj-outlook-group-fix { width:100% !important; }\n</style>\n'
    "<![endif]-->\n",
)
_BLANKS: Final = re.compile(r"\s+")
_AROUND: Final = re.compile(r"\s*([{};,>])\s*|(?<=[\w\"'])\s*(:)\s+")


def without_inherited_styles(html: str, css: str) -> str:
    """Return the compiler's output without styles that text blocks inherit from `.paper`, whose rule is in `css`."""
    rule = _RULE.search(css)
    base = _declared(rule[1]) if rule else {}
    if not {"font-family", "font-size", "line-height", "color"} <= set(base):
        return html  # the theme sets no text styles on `.paper`

    @cache
    def text(align: str, css_class: str, cell: str, block: str) -> str:
        kept = {name: value for name, value in _declared(block).items() if base.get(name) != value}
        if kept.get("text-align") == align:
            del kept["text-align"]
        cells = {name: value for name, value in _declared(cell).items() if base.get(name) != value}
        side = "" if align == "left" else f' align="{align}"'  # left is the default
        return f"<td{side}{css_class}{_style(cells)}><div{_style(kept)}>"

    return _TEXT.sub(lambda match: text(*match.groups()), _COLUMN.sub(r"\1", html))


def minified(head: str, body: str) -> str:
    """Return the page without what has no effect.

    These are spaces in styles, classes without a rule in the head, `<tbody>` (every parser adds it), and the compiler's
    lines for Internet Explorer and Outlook 2003.
    """
    head, used = _minified_head(head)

    @cache
    def classes(names: str) -> str:
        kept = " ".join(name for name in names.split() if name in used)
        return f' class="{kept}"' if kept else ""

    *parts, rest = _CLASS.sub(lambda match: classes(match[1]), body).split("</div></td></tr>")
    body = "".join(map(_without_empty_div, parts)) + rest
    return head + body.replace("<tbody>", "").replace("</tbody>", "").replace("&nbsp;", "\u00a0")


@lru_cache(maxsize=64)
def _minified_head(head: str) -> tuple[str, frozenset[str]]:
    """Return the head and the classes its rules name; cached, since mails of a theme, brand and language share it."""
    for old in _OBSOLETE:
        head = head.replace(old, "")
    head = _STYLE.sub(lambda m: m[1] + _flat(m[2]) + m[3], head)
    return head, frozenset(_SELECTOR.findall("".join(style[1] for style in _STYLE.findall(head))))


def _without_empty_div(block: str) -> str:
    """Return the end of a text block without its `<div>` if that has no attribute left."""
    at = block.rfind("<div")
    if at < 0 or not block.startswith("<div>", at) or "</div>" in block[at:]:
        return f"{block}</div></td></tr>"
    return f"{block[:at]}{block[at + len('<div>') :]}</td></tr>"


def _flat(css: str) -> str:
    return _AROUND.sub(lambda m: m[1] or m[2], _BLANKS.sub(" ", css)).replace(";}", "}").replace(" !", "!").strip()


def _declared(style: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in style.split(";") if ":" in part)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _style(values: dict[str, str]) -> str:
    return f' style="{";".join(f"{name}:{value}" for name, value in values.items())}"' if values else ""
