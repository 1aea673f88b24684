"""Renew `digest/deliver/check/data/caniemail.json`: facts of caniemail.com, without its prose.

    npm pack caniemail && tar xzf caniemail-*.tgz
    python -m tests.vendored.caniemail package/data/caniemail.json

The npm package `caniemail` carries the site's whole data (`/api/data.json` of caniemail.com is the same) under the MIT
licence. Written is one line a feature: what a mail says when it uses it, and for each client one letter of its newest
tested version: y(es), a (in part), n(o), u(nknown). Features that no mail's bytes can show (AMP, BIMI) are left out. A
feature that the rules below cannot spell is named, so that a rule is added for it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.paths import PROJECT

TARGET: Final = PROJECT / "digest" / "deliver" / "check" / "data" / "caniemail.json"

#: Features that cannot be seen in the bytes of a mail.
_ELSEWHERE: Final = {"amp", "bimi", "image-base64", "css-unit-initial"}
#: Titles that do not say by themselves how a mail writes it.
_SPELLED: Final[Mapping[str, tuple[str, ...]]] = {
    "css-at-media-hover": ("@media hover", "@media any-hover"),
    "css-block-inline-size": ("block-size",),
    "css-border-inline-block": ("border-inline", "border-block"),
    "css-border-inline-block-individual": tuple(
        f"border-{axis}-{end}" for axis in ("inline", "block") for end in ("start", "end")
    ),
    "css-border-inline-block-longhand": tuple(
        f"border-{axis}{end}-{part}"
        for axis in ("inline", "block")
        for end in ("", "-start", "-end")
        for part in ("color", "style", "width")
    ),
    "css-border-radius-logical": tuple(
        f"border-{one}-{other}-radius" for one in ("start", "end") for other in ("start", "end")
    ),
    "css-column-layout-properties": ("columns", "column-fill", "column-rule", "column-span", "column-width"),
    "css-comments": ("/* */",),
    "css-function-light-dark": ("light-dark()",),
    "css-gap": ("gap", "column-gap", "row-gap"),
    "css-grid-template": ("grid-template-columns", "grid-template-rows", "grid-template-areas", "grid-template"),
    "css-inert-attribute": ("[inert]",),
    "css-inline-size": ("inline-size",),
    "css-intrinsic-size": (": fit-content", ": min-content", ": max-content"),
    "css-margin-inline-block": ("margin-inline", "margin-block"),
    "css-modern-color": ("lch()", "oklch()", "lab()", "oklab()"),
    "css-nesting": ("&",),
    "css-padding-inline-block": ("padding-inline", "padding-block"),
    "css-pseudo-class-lang": (":lang",),
    "css-scroll-snap": ("scroll-snap-type", "scroll-snap-align"),
    "css-selector-adjacent-sibling": ("E + F",),
    "css-selector-attribute": ("E[a]",),
    "css-selector-chaining": (".a.b",),
    "css-selector-child": ("E > F",),
    "css-selector-class": (".a",),
    "css-selector-descendant": ("E F",),
    "css-selector-general-sibling": ("E ~ F",),
    "css-selector-grouping": ("E, F",),
    "css-selector-id": ("#a",),
    "css-selector-type": ("E",),
    "css-selector-universal": ("*",),
    "css-sytem-ui": (": system-ui", ": ui-serif", ": ui-sans-serif", ": ui-rounded", ": ui-monospace"),
    "css-variables": ("var()", "--"),
    "html-address": ("<address>",),
    "html-anchor-links": ('<a href="#">',),
    "html-comments": ("<!-- -->",),
    "html-doctype": ("<!doctype>",),
    "html-h1-h6": tuple(f"<h{level}>" for level in range(1, 7)),
    "html-image-maps": ("<map>", "<area>"),
    "html-lists": ("<ul>", "<ol>", "<dl>"),
    "html-mailto-links": ('<a href="mailto:">',),
    "html-meta-color-scheme": ('<meta name="color-scheme">',),
    "html-semantics": tuple(
        f"<{name}>"
        for name in "article aside details figcaption figure footer header main mark nav section summary time".split()
    ),
    "html-srcset": ("[srcset]", "[sizes]"),
    "html-svg": ("<svg>",),
    "image-apng": (".apng",),
    "image-avif": (".avif",),
    "image-heif": (".heic", ".heif"),
    "image-jpg": (".jpg", ".jpeg"),
    "image-mp4": (".mp4",),
    "image-tiff": (".tif", ".tiff"),
}
#: How the other titles are read: the first pattern that fits.
_TITLES: Final = [
    (r"@media \(([\w-]+)\)", r"@media \1"),
    (r"(@[\w-]+)", r"\1"),
    (r"([\w-]+): ?([\w-]+)", r"\1: \2"),
    (r"(?:CSS )?([\w-]+\(\))(?: function)?", r"\1"),
    (r"([\w%]+) unit", r"1\1"),
    (r"(!\w+) keyword", r"\1"),
    (r"::?([\w-]+)(?:\(\))?", r":\1"),
    (r'(<\w+ type="\w+">) element', r"\1"),
    (r"(<\w+>)(?: element)?", r"\1"),
    (r"([\w-]+) attribute", r"[\1]"),
    (r"(\w+) image format", r".\1"),
    (r"([a-z-]+)(?: property| shorthand| CSS property)?", r"\1"),
    (r"([a-z-]+(?:(?:, | & )[a-z-]+)+)", r"\1"),
]


def spelled(slug: str, title: str) -> tuple[str, ...]:
    """How a mail writes the feature; raises LookupError where no rule says it."""
    if slug in _SPELLED:
        return _SPELLED[slug]
    for pattern, form in _TITLES:
        if match := re.fullmatch(pattern, title.strip()):
            written = match.expand(form)
            written = written.lower() if written.startswith(".") else written
            return tuple(re.split(r", | & ", written)) if written[0].isalpha() else (written,)
    raise LookupError(f"{slug}: no rule spells '{title}'; add one to _SPELLED")


def compact(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data to ship."""
    features = [feature for feature in data["data"] if feature["slug"] not in _ELSEWHERE]
    clients = sorted({f"{family} {p}" for feature in features for family, on in feature["stats"].items() for p in on})
    lines = [
        [feature["slug"], list(spelled(feature["slug"], feature["title"])), "".join(_letters(feature, clients))]
        for feature in features
    ]
    return {"source": "caniemail.com", "updated": data["last_update_date"][:10], "clients": clients, "features": lines}


def _letters(feature: Mapping[str, Any], clients: Sequence[str]) -> list[str]:
    stats = feature["stats"]
    found = [stats.get(family, {}).get(on, {}) for family, on in (client.split(" ") for client in clients)]
    return [list(versions.values())[-1].split(" ")[0] if versions else "u" for versions in found]


def written(shipped: Mapping[str, Any]) -> str:
    """As text, one line a feature, so that a renewal can be read as a difference."""
    head = {key: value for key, value in shipped.items() if key != "features"}
    lines = ",\n".join(json.dumps(line, ensure_ascii=False) for line in shipped["features"])
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "features": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    TARGET.write_text(written(compact(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))), encoding="utf-8")
    print(
        f"written: {TARGET.name}; look at the difference, and at what tests/deliver/check/test_client_support.py says"
    )
