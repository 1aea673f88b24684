"""Mail checks: the requirements on every variant before it is sent, as data.

Rules of docs/mail.md, from mail providers, screen readers, spam filters and the law. A blocking problem stops the send;
the others are shown to the editor. Text from feeds never blocks: a title may contain template marks, an article may
have an http address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from digest.deliver.check import client_support, html
from digest.deliver.check.checked import Checked, flat
from digest.deliver.check.contrast import VisibleText
from digest.deliver.colour import inverted
from digest.deliver.render.content import Content, stories_of
from digest.deliver.render.rendered import ADDRESS, PLACEHOLDERS, UNSUBSCRIBE_URL
from digest.deliver.subject_line import PREHEADER, SUBJECT
from digest.deliver.theme import MIN_CONTRAST
from digest.errors import Finding

#: Gmail clips a mail near 102 kB of HTML and hides what follows, the unsubscribe link with it.
HARD_LIMIT: Final = 100_000
#: Fewer of the words in common, and a reader of the text part gets another mail (SpamAssassin: MPART_ALT_DIFF).
SAME_WORDS: Final = 0.85

_MARKS: Final = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|</?mj-|\ufdd0|\ufdd1|%\([a-z_]+\)s")
_RESERVED: Final = re.compile(r"digest\.invalid/?")
_ADDRESS: Final = re.compile(r"[\w.@/:-]*\Z")
_WORD: Final = re.compile(r"\w+")
_REFERENCE: Final = re.compile(r"\[\d+\](?: \S+$)?|https?://\S+", re.MULTILINE)


def problems(checked: Checked) -> tuple[Finding, ...]:
    """Return every problem, blocking ones first."""
    found = [problem for check in CHECKS for problem in check(checked)]
    return tuple(sorted(found, key=lambda problem: problem.severity != "error"))


def _size(c: Checked) -> Iterator[Finding]:
    size = len(c.html.encode())
    if not c.mail.web and size > min(c.settings.budget, HARD_LIMIT):
        yield Finding(
            "size",
            f"the HTML has {size:,} bytes: Gmail clips near 102,000 and hides the unsubscribe link",
            "let the theme write less around each story, or set a smaller budget",
            "error" if size > HARD_LIMIT else "warning",
        )


def _leftovers(c: Checked) -> Iterator[Finding]:
    elements = [e for e in c.page.iter("*") if e.tag != "style"]  # '}}' is good CSS
    texts = [t for e in elements for t in (e.text, e.tail, *e.attrib.values()) if t]
    texts += [mark for style in c.page.iter("style") for mark in re.findall(r"\{\{|\{%", style.text or "")]
    for name in sorted({str(e.tag) for e in elements if str(e.tag).startswith("mj-")}):
        yield Finding("template-mark", f"<{name}> was not compiled", "see whether it stands in the right place")
    for part, whole in (("HTML", "\n".join(map(str, texts))), ("text", c.text)):
        left = whole
        if _MARKS.search(whole):  # a title may have some
            left = " ".join(whole.split())
            for text in sorted((flat(t) for t in _written(c.mail) if _MARKS.search(t)), key=len, reverse=True):
                left = left.replace(text, "")
        if match := _MARKS.search(left):
            near = left[max(0, match.start() - 30) : match.end() + 30]
            yield Finding("template-mark", f"a template mark is left in the {part} part: …{near}…", "close it")
        ends = [match.end() for match in _RESERVED.finditer(left)]
        found = {match[0] for end in ends if (match := _ADDRESS.search(left, max(0, end - 100), end))}
        others = found - (set() if c.mail.web else {*PLACEHOLDERS})
        if others:
            yield Finding(
                "placeholder", f"'{min(others)}' is left in the {part} part", "use only the links of mail.links"
            )


def _contrast(c: Checked) -> Iterator[Finding]:
    inverted_texts = [VisibleText(t.text, inverted(t.ink), inverted(t.paper)) for t in c.light_texts]
    for scheme, texts in (("light", c.light_texts), ("dark", c.dark_texts), ("inverted", inverted_texts)):
        worst = min(texts, key=lambda text: text.contrast, default=None)
        if worst and worst.contrast < MIN_CONTRAST:
            yield Finding(
                "contrast",
                f"'{worst.text[:40]}' has a contrast of {worst.contrast:.1f} in the {scheme} scheme "
                f"({worst.ink} on {worst.paper})",
                f"choose colours with {MIN_CONTRAST} or more",
                "error" if scheme != "inverted" else "warning",
            )


def _same(c: Checked) -> Iterator[Finding]:
    """The text part has the same words as the HTML."""
    shown = {word for seen in c.light_texts for word in _words(seen.text)}
    written = set(_words(_REFERENCE.sub(" ", c.text)))
    for name, has, other in (("the text part", shown, written), ("the HTML", written, shown)):
        if len(has & other) < SAME_WORDS * len(has):
            missing = ", ".join(sorted(has - other, key=lambda word: (-len(word), word))[:4])
            yield Finding("text-part", f"{name} does not say the same: it lacks {missing}", "print the same in both")


def _leaving(c: Checked) -> Iterator[Finding]:
    """Both parts have the unsubscribe link and the postal address."""
    if c.mail.web:
        return
    for name, part in (("HTML", c.html), ("text", c.text)):
        if UNSUBSCRIBE_URL not in part:
            yield Finding(
                "unsubscribe", f"no unsubscribe link in the {name} part", "print mail.links.unsubscribe in it"
            )
        if any(line not in flat(part) for line in map(flat, c.mail.postal_address)):
            yield Finding("postal-address", f"no postal address in the {name} part", "print mail.postal_address in it")
    if not c.mail.postal_address:
        yield Finding("postal-address", "no postal address is known", "set site.postal_address: many laws ask for it")


def _lines(c: Checked) -> Iterator[Finding]:
    low, high = PREHEADER
    subject, preheader = c.mail.subject, c.mail.preheader
    if not 1 <= len(subject) <= SUBJECT:
        yield Finding("subject", f"the subject has {len(subject)} characters", f"keep to {SUBJECT}", "warning")
    if not low <= len(preheader) <= high:
        yield Finding(
            "preheader", f"the preheader has {len(preheader)} characters", f"keep to {low} to {high}", "warning"
        )
    if not c.mail.web and not flat("".join(map(str, c.body.itertext()))).startswith(flat(preheader)):
        yield Finding("preheader", "the preheader is not the first text", "print it first in mj-body", "warning")
    if ADDRESS in subject + preheader:
        yield Finding("placeholder", "the subject or the preheader is personal", "keep the address in the footer")


def _support(c: Checked) -> Iterator[Finding]:
    """No feature is used that a client of the settings lacks, except accepted ones."""
    known = client_support.table().clients
    for client in sorted(set(c.settings.clients) - set(known)):
        yield Finding("support", f"'{client}' is no mail program we know", f"choose from {', '.join(known)}", "warning")
    if c.mail.web:
        return
    for lack in client_support.lacks(c.page, c.settings.clients):
        clauses = [
            f"{label} {_some(names)}"
            for label, names in (("not shown by", lack.without), ("shown in part by", lack.partly))
            if names
        ]
        blocking = lack.consequence.blocking and bool(lack.without)
        yield Finding(
            "support",
            f"'{lack.used}' is {' and '.join(clauses)}",
            lack.consequence.description,
            "error" if blocking else "warning",
        )


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


#: One check a function, in the order in which a person would look.
CHECKS: Final[tuple[Callable[[Checked], Iterator[Finding]], ...]] = (
    _size,
    _leftovers,
    html.links,
    html.images,
    html.requests,
    html.active,
    html.language,
    html.headings,
    _contrast,
    _same,
    _leaving,
    _lines,
    _support,
)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text) if len(word) > 2]


def _written(mail: Content) -> Iterator[str]:
    """Yield every text of the mail that comes from feeds, editors and settings."""
    yield from (mail.newsletter, mail.site, mail.tagline, mail.subject, mail.preheader)
    yield from (*mail.note, *mail.postal_address, *(part.title for part in mail.parts))
    for story in stories_of(mail):
        yield from (story.kicker, story.url, story.title, story.lead, story.note)
        yield from (story.outlet, story.author, story.credit)
        yield from (text for other in story.also for text in (other.outlet, other.url))
        if story.picture:
            yield from (story.picture.alt, story.picture.src)
