"""A feed that the parser cannot read, reduced to the elements that entries need, for a second attempt.

Examples: 40 kB of `<author>`, 100,000 attributes, 80 kB of newlines before the root element, an element of a map module
in an unexpected place. Each costs minutes or raises. Only the elements of entries are kept, each up to a length that
real feeds do not exceed. libxml2 reads in linear time and has limits of its own.
"""

from __future__ import annotations

from typing import Any, Final

#: Elements whose children are read; by their name without prefix, in lower case.
_HOLDERS: Final = frozenset({"rss", "rdf", "feed", "channel", "item", "entry", "group", "author", "contributor"})
_USED: Final = _HOLDERS | frozenset(
    "title link guid id description summary content encoded body creator name email pubdate date published issued "
    "modified updated created lastbuilddate language ttl updateperiod updatefrequency category subject enclosure "
    "thumbnail origlink".split()
)
_LONG: Final = frozenset({"description", "summary", "content", "encoded", "body"})
_LONGEST_TEXT: Final = 500_000  # of those, as in an entry; longer ones are cut
_LONGEST: Final = 2_000  # of all others, addresses included
_LONGEST_NAME: Final = 200  # of people
_NAMES: Final = frozenset({"author", "contributor", "creator", "name", "email"})
_MOST_ATTRIBUTES: Final = 20
_MOST_DECLARATIONS: Final = 50


def pruned(text: str) -> str:
    """Return well-formed markup with only the elements that entries need; "" when there are none."""
    from lxml import etree

    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, strip_cdata=False)
    root: Any = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if root is None:
        return ""
    _keep_what_is_used(root)
    for element in root.iter(etree.Element):
        _shorten(element)
    if len(root.nsmap) > _MOST_DECLARATIONS:
        etree.cleanup_namespaces(root)
    return str(etree.tostring(root, encoding="unicode", with_tail=False))


def _keep_what_is_used(root: Any) -> None:
    waiting = [root]
    while waiting:
        holder = waiting.pop()
        for child in list(holder):
            name = _name(child)
            if name not in _USED:
                holder.remove(child)
            elif name in _HOLDERS:
                waiting.append(child)


def _shorten(element: Any) -> None:
    name = _name(element)
    longest = _LONGEST_NAME if name in _NAMES else _LONGEST_TEXT if name in _LONG else _LONGEST
    if element.text and len(element.text) > longest:
        element.text = element.text[:longest]
    attributes = element.attrib
    if len(attributes) > _MOST_ATTRIBUTES:
        few = list(attributes.items())[:_MOST_ATTRIBUTES]
        attributes.clear()
        attributes.update(few)
    for key, value in list(attributes.items()):
        if len(value) > _LONGEST:
            del attributes[key]


def _name(element: Any) -> str:
    """Return the name without namespace or prefix, in lower case; "" for a comment and the like."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""
