"""Checked: a mail with the parsed forms that several checks use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import unescape

from lxml import etree

from digest.deliver.check.contrast import VisibleText, visible_texts
from digest.deliver.render.content import Content, stories_of
from digest.deliver.theme import MailSettings


@dataclass
class Checked:
    """`light` and `dark` are the HTML with the final styles of each scheme written into the elements."""

    mail: Content
    settings: MailSettings
    html: str
    text: str
    light: str
    dark: str

    @cached_property
    def page(self) -> etree._Element:
        """The HTML, parsed."""
        return parsed(self.html)

    @cached_property
    def body(self) -> etree._Element:
        """The body of the HTML."""
        found = self.page.find("body")
        return self.page if found is None else found

    @cached_property
    def light_texts(self) -> tuple[VisibleText, ...]:
        """The texts with their colours in the light scheme."""
        return tuple(visible_texts(parsed(self.light)))

    @cached_property
    def dark_texts(self) -> tuple[VisibleText, ...]:
        """The texts with their colours in the dark scheme."""
        return tuple(visible_texts(parsed(self.dark)))

    @cached_property
    def foreign_links(self) -> frozenset[str]:
        """Addresses from feeds; their faults are not faults of the mail."""
        stories = stories_of(self.mail)
        return frozenset([s.url for s in stories] + [other.url for s in stories for other in s.also]) - {""}


def parsed(html: str) -> etree._Element:
    """Return the tree of a page, parsed as HTML."""
    return etree.fromstring(html.encode("utf-8", "replace"), etree.HTMLParser(encoding="utf-8"))


def flat(text: str) -> str:
    """Return a text for comparison: entities decoded, white space collapsed."""
    return " ".join(unescape(text).split())
