"""Mail checks: what must hold for every variant before it is sent, as data. Pure."""

from __future__ import annotations

from dataclasses import replace

from digest.deliver.rendered import UNSUBSCRIBE_URL, Problem, Rendered
from digest.deliver.theme import Look, Variant

#: Gmail clips a mail near 102 kB of HTML and hides what follows, the unsubscribe link with it.
HARD_LIMIT = 100_000


def checked(rendered: Rendered, look: Look, variant: Variant) -> Rendered:
    """The mail with the problems that were found in it."""
    return replace(rendered, problems=tuple(problems(rendered, look, variant)))


def problems(rendered: Rendered, look: Look, variant: Variant) -> list[Problem]:
    """Every problem, blocking ones first."""
    found: list[Problem] = []
    size = len(rendered.html.encode())
    if not variant.web:
        if size > HARD_LIMIT:
            found.append(Problem("size", f"the HTML has {size:,} bytes; Gmail clips it", "show fewer stories"))
        for name, part in (("HTML", rendered.html), ("text", rendered.text)):
            if UNSUBSCRIBE_URL not in part:
                found.append(
                    Problem(
                        "unsubscribe", f"no unsubscribe link in the {name} part", "restore the theme's footer block"
                    )
                )
        if not look.postal_address.strip():
            found.append(Problem("postal-address", "no postal address", "set site.postal_address"))
    return found
