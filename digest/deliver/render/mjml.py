"""MJML to HTML with the styles written into the elements. No I/O of our own, but native code that may crash."""

from __future__ import annotations

import re
from typing import Final

import css_inline
import mjml

from digest.deliver.check import lint
from digest.deliver.render import minify
from digest.deliver.render.mjml_cache import CompiledLayout, split_source

_INLINE: Final = re.compile(r'<mj-style inline="inline">(.*?)</mj-style>', re.DOTALL)
_TITLE: Final = re.compile(r"<mj-title>(.*?)</mj-title>", re.DOTALL)
_LABEL: Final = re.compile(r' aria-label="[^"]*"')
_INLINER: Final = css_inline.CSSInliner(
    load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=False, minify_css=True
)
#: Layouts of 5 to 50 kB each.
_MAX_LAYOUTS: Final = 500
_LAYOUTS: Final[dict[object, CompiledLayout]] = {}


class MisplacedTagError(ValueError):
    """MJML that the compiler accepts, with a tag where MJML does not allow it."""


def compile_mjml(source: str, *, check_structure: bool = False) -> str:
    """Return the HTML of MJML, with the styles of `mj-style inline="inline"` in the elements.

    Raises ValueError for broken MJML. With `check_structure` (for users' templates) a new layout that has a tag in a
    wrong place raises MisplacedTagError; the check takes as long as compiling, and our own templates do not need it.
    """
    if "<style" in source[source.rfind("</mj-head>") :]:  # CSS in a user's mj-raw is no text: it is inlined
        return compile_uncached(source)
    split = split_source(source)
    layout = _LAYOUTS.get(split.key)
    if layout is None:
        marked = split.with_markers()  # without texts, which may look like tags and templates
        try:
            layout = CompiledLayout.parse(compile_uncached(marked), len(split.texts))
        except ValueError:
            return compile_uncached(source)  # its error names the place where the source is broken
        if check_structure and (fault := lint.misplaced(marked)):
            raise MisplacedTagError(f"{fault.message}; {fault.remedy}")
        if len(_LAYOUTS) >= _MAX_LAYOUTS:
            _LAYOUTS.clear()
        _LAYOUTS[split.key] = layout
    return layout.fill(split.texts)


def compile_uncached(source: str) -> str:
    """Return the same HTML as `compile_mjml`, without its cache."""
    css = "\n".join(_INLINE.findall(source))
    html = minify.without_inherited_styles(
        mjml.mjml2html(_INLINE.sub("", source), fonts={}, disable_comments=False), css
    )
    head, start, body = html.partition("<body")
    if title := _TITLE.search(source):  # the compiler writes 'L\\u{a0}Écho' here, which screen readers read aloud
        body = _LABEL.sub(lambda _: f' aria-label="{title[1]}"', body, count=1)
    html = _INLINER.inline(f"<!doctype html><html><head><style>{css}</style></head>{start}{body}")
    return minify.minified(head, html[html.index("<body") :])
