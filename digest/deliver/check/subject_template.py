"""Faults in a newsletter's subject template (`subject` in settings.toml), found before any edition exists. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

import jinja2
from jinja2 import nodes

from digest.deliver.check.lint import HELPERS, nearest
from digest.deliver.render import content

#: Names that a subject template may use; `top` is the top story.
NAMES: Final = ("newsletter", "top", "date", "stories", "count")


class SubjectFault(NamedTuple):
    """One fault: what is wrong, and what to write instead."""

    message: str
    remedy: str


def faults(template: str) -> list[SubjectFault]:
    """Return what is wrong with a subject template: syntax, unknown names and unknown filters."""
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - a subject is plain text
    try:
        tree = environment.parse(template)
    except jinja2.TemplateSyntaxError as error:
        return [SubjectFault(f"subject '{template}' cannot be read: {error.message}", "write it as '{{ top.title }}'")]
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")}
    fields = {"top": content.fields()["MailStory"], "newsletter": ("title",)}
    found = []
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in {*NAMES, *own, *(HELPERS - {"mail", "story"})}:
            found.append(SubjectFault(f"subject: there is no '{name.name}'", nearest(name.name, NAMES)))
    for get in tree.find_all(nodes.Getattr):
        known = fields.get(get.node.name) if isinstance(get.node, nodes.Name) else None
        if known and get.attr not in known:
            assert isinstance(get.node, nodes.Name)
            found.append(SubjectFault(f"subject: '{get.node.name}' has no '{get.attr}'", nearest(get.attr, known)))
    for used in tree.find_all(nodes.Filter):
        if used.name not in environment.filters:
            message = f"subject: there is no filter '{used.name}'"
            found.append(SubjectFault(message, nearest(used.name, environment.filters)))
    return found
