"""Typesetting: an edition as it is printed for one variant. Pure.

Clean words, dates in the reader's language, only links that may be followed, each story at its place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from digest.compose.edition import Edition, EditionStory
from digest.deliver import subject_line
from digest.deliver.render.content import AlsoIn, Content, Links, Part, Place, Shown, Story
from digest.deliver.render.rendered import ADDRESS, PREFERENCES_URL, UNSUBSCRIBE_URL
from digest.deliver.theme import Look, Shape, Theme, Variant, dressed
from digest.text import html
from digest.text.breaks import kept_together
from digest.text.locale import Locale, direction, letters_join, written
from digest.text.sentence import sentences
from digest.text.url import is_web

#: The domain of our placeholders: in somebody else's words it would be filled with the reader's own links.
_RESERVED: Final = "digest.invalid"

#: The picture of a story in a shape, ready to print; None when there is none.
PictureOf = Callable[[EditionStory, Shape], Shown | None]


def typeset(
    edition: Edition,
    look: Look,
    theme: Theme,
    variant: Variant,
    locale: Locale,
    picture_of: PictureOf = lambda story, shape: None,
    keep: int | None = None,
    subject: str = "",
) -> Content:
    """What is printed of `edition` for `variant`; `keep` is how many stories stay in the mail (None: all).

    `subject` is a finished subject (an editor's, or of the newsletter's template), "" for our own.
    """
    chosen = chosen_sections(edition, variant)
    total = sum(len(stories) for _, _, stories in chosen)
    kept = total if keep is None else min(keep, total)
    printer = _Printer(edition, theme, locale, picture_of)
    top, parts = _arranged(chosen, kept, theme, printer)
    everything = [story for _, _, stories in chosen for story in stories]
    stories = locale.ngettext("%(n)s story", "%(n)s stories", total)
    minutes = locale.ngettext("%(n)s minute", "%(n)s minutes", _minutes(everything[:kept], theme))
    title = words(look.newsletter, 80)
    date = locale.full_date(datetime.fromisoformat(edition.slot).date())
    titles = [title_of(story) for story in everything]
    leads = [words(story.lead, 400) for story in everything]
    base = look.base_url
    return Content(
        language=locale.tag,
        dir=locale.direction,
        start="right" if locale.direction == "rtl" else "left",
        end="left" if locale.direction == "rtl" else "right",
        comma=locale.comma,
        newsletter=title,
        site=words(look.site_name, 80),
        tagline=words(look.brand.tagline, 120),
        logo=look.brand.logo,
        subject=subject_line.subject(words(subject or edition.subject, 300), titles, title),
        preheader=subject_line.preheader(titles, leads, f"{stories}, {minutes}", date, title),
        date=date,
        stories=stories,
        minutes=minutes,
        count=total,
        note=tuple(words(paragraph, 2000) for paragraph in html.paragraphs(edition.note)),
        contents=total >= theme.contents and len(parts) > 1,
        top=top,
        parts=parts,
        more=total - kept,
        web=variant.web,
        image=next((p for story in everything if (p := picture_of(story, "wide"))), None),
        address="" if variant.web else ADDRESS,
        postal_address=tuple(line for part in look.postal_address.splitlines() if (line := words(part, 120))),
        links=Links(
            web=f"{base}/archive/{edition.id}" if base else "",
            home=f"{base}/archive/" if base else "",
            unsubscribe="" if variant.web else UNSUBSCRIBE_URL,
            preferences="" if variant.web else PREFERENCES_URL,
        ),
        dress=dressed(theme, look.brand, locale.joined),
    )


def chosen_sections(edition: Edition, variant: Variant) -> list[tuple[str, str, tuple[EditionStory, ...]]]:
    """(topic, title, stories) of the sections that the variant has, without empty ones; a topic comes once."""
    merged: dict[str, tuple[str, tuple[EditionStory, ...]]] = {}
    for section in edition.sections:
        if section.stories and (variant.topics is None or section.topic in variant.topics):
            title, stories = merged.get(section.topic, (words(section.title, 80) or words(section.topic, 80), ()))
            merged[section.topic] = (title, stories + section.stories)
    return [(topic, title, stories) for topic, (title, stories) in merged.items()]


def _arranged(
    chosen: Sequence[tuple[str, str, tuple[EditionStory, ...]]], kept: int, theme: Theme, printer: _Printer
) -> tuple[Story | None, tuple[Part, ...]]:
    """The top story, and the rest under their headings, cut after `kept` stories."""
    top: Story | None = None
    parts: list[Part] = []
    for number, (topic, title, stories) in enumerate(chosen):
        shown = stories[:kept]
        kept -= len(shown)
        if number == 0 and shown:
            top = printer.story(shown[0], "top", title)
            shown = shown[1:]
        printed = tuple(printer.story(story, "next" if i else "first") for i, story in enumerate(shown))
        if printed:
            parts.append(_part(topic, title, f"s{number}", printed, printer.locale))
    return top, tuple(parts)


def _part(topic: str, title: str, anchor: str, stories: tuple[Story, ...], locale: Locale) -> Part:
    """A section, whose title begins on the side of its own script: that is where its stories begin, too."""
    side = written(title, locale.direction)
    return Part(
        topic, title, anchor, len(stories), stories, side, "right" if side == "rtl" else "left", letters_join(title)
    )


@dataclass(frozen=True, slots=True)
class _Printer:
    edition: Edition
    theme: Theme
    locale: Locale
    picture_of: PictureOf

    def story(self, story: EditionStory, place: Place, kicker: str = "") -> Story:
        """One story as it is printed at a place."""
        own = not story.language or story.language == self.locale.tag.split("-")[0]
        lang = self.locale.tag if own else story.language
        mirrored = direction(lang) == "rtl"
        also = [AlsoIn(words(a.outlet, 30), link(a.url)) for a in story.also if words(a.outlet, 30)]
        lead_picture = self.theme.lead_pictures
        wide = (place == "top" and lead_picture != "none") or (place == "first" and lead_picture == "sections")
        return Story(
            place=place,
            kicker=kicker,
            url=link(story.url),
            title=title_of(story),
            lead=opening(story, self.theme),
            lang="" if own else lang,
            dir="rtl" if mirrored else "ltr",
            start="right" if mirrored else "left",
            end="left" if mirrored else "right",
            outlet=words(story.outlet, 60),
            author=words(story.author, 80),
            credit=words(story.credit, 160),
            time=self.time(story.published),
            minutes=max(1, min(story.minutes, 600)),
            updated=story.update,
            note=words(story.note, 600),
            also=tuple(also[:3]),
            also_more=max(0, len(also) - 3),
            picture=self.picture_of(story, "wide" if wide else "square"),
        )

    def time(self, published: datetime | None) -> str:
        """The hour on the day of the edition, else the date; "" when unknown or not believable."""
        if published is None:
            return ""
        day = datetime.fromisoformat(self.edition.slot).date()
        if abs(published.date() - day) > timedelta(
            days=300
        ):  # also what no time zone can express: the years 1 and 9999
            return ""
        local = published.astimezone(ZoneInfo(self.edition.timezone))
        return self.locale.time(local) if local.date() == day else self.locale.short_date(local.date())


@lru_cache(maxsize=5000)  # the variants of an edition say the same
def words(text: str, limit: int) -> str:
    """One clean line of at most `limit` characters, in which nothing can be taken for a placeholder of ours."""
    return kept_together(html.line(text, limit)).replace(_RESERVED, "digest invalid")


def title_of(story: EditionStory) -> str:
    """The story's title; of one that came without: how its lead begins, its outlet, or where its link leads."""
    named = words(story.title, 240) or words(story.lead, 100) or words(story.outlet, 80)
    return named or words(urlsplit(link(story.url)).hostname or "", 80)


def link(url: str) -> str:
    """The address if it may stand in a mail (absolute http or https, at most 2,000 characters), else ""."""
    url = url.strip()
    fine = len(url) <= 2000 and is_web(url) and html.scrub(url) == url and _RESERVED not in url
    return url if fine else ""


def opening(story: EditionStory, theme: Theme) -> str:
    """As much of the lead as the theme shows."""
    lead = words(story.lead, 1200)
    if not theme.sentences or not lead:
        return lead
    return lead[: sentences(lead, story.language)[: theme.sentences][-1][1]]


def _minutes(stories: Sequence[EditionStory], theme: Theme) -> int:
    """How long the mail itself takes: 230 words, or 500 CJK characters, a minute."""
    text = " ".join(f"{story.title} {opening(story, theme)}" for story in stories)
    cjk = sum(1 for c in text if "\u3040" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff")
    return max(1, math.ceil(len(text.split()) / 230 + cjk / 500))
