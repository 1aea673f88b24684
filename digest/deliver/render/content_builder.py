"""Content builder: an edition as template data for one variant. Pure.

Text is cleaned, dates are in the subscriber's language, links are absolute http or https, stories are in their places.
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
from digest.deliver.private_address import is_private
from digest.deliver.render.content import AlsoIn, Content, MailLinks, MailPicture, MailSection, MailStory, Place
from digest.deliver.render.rendered import ADDRESS, PREFERENCES_URL, UNSUBSCRIBE_URL
from digest.deliver.theme import MailSettings, RenderOptions, Shape, Theme, resolve_style
from digest.text import html
from digest.text.breaks import with_no_break_spaces
from digest.text.locale import Locale, direction, has_joining_letters, text_direction
from digest.text.sentence import sentences
from digest.text.url import is_web

#: The domain of our placeholders, which in foreign text would be replaced by the subscriber's own links.
_RESERVED: Final = "digest.invalid"

#: Returns a story's picture in a shape; None without one.
PictureOf = Callable[[EditionStory, Shape], MailPicture | None]


def build_content(
    edition: Edition,
    settings: MailSettings,
    theme: Theme,
    options: RenderOptions,
    locale: Locale,
    picture_of: PictureOf = lambda story, shape: None,
    keep: int | None = None,
    subject: str = "",
) -> Content:
    """Return the content of `edition` for `options`; `keep` is how many stories stay in the mail (None: all).

    `subject` is a finished subject (an editor's, or from the newsletter's template), "" for the default.
    """
    chosen = chosen_sections(edition, options)
    total = sum(len(stories) for _, _, stories in chosen)
    kept = total if keep is None else min(keep, total)
    builder = _StoryBuilder(edition, theme, locale, picture_of, settings.private_links)
    top, parts = _arrange_stories(chosen, kept, builder)
    all_stories = [story for _, _, stories in chosen for story in stories]
    stories = locale.ngettext("%(n)s story", "%(n)s stories", total)
    minutes = locale.ngettext("%(n)s minute", "%(n)s minutes", _minutes(all_stories[:kept], theme))
    title = clean_line(settings.newsletter, 80)
    date = locale.full_date(datetime.fromisoformat(edition.slot).date())
    titles = [display_title(story) for story in all_stories]
    leads = [clean_line(story.lead, 400) for story in all_stories]
    base = settings.base_url
    return Content(
        language=locale.tag,
        dir=locale.direction,
        start="right" if locale.direction == "rtl" else "left",
        end="left" if locale.direction == "rtl" else "right",
        comma=locale.comma,
        newsletter=title,
        site=clean_line(settings.site_name, 80),
        tagline=clean_line(settings.brand.tagline, 120),
        logo=settings.brand.logo,
        subject=subject_line.subject(clean_line(subject or edition.subject, 300), titles, title),
        preheader=subject_line.preheader(titles, leads, f"{stories}, {minutes}", date, title),
        date=date,
        stories=stories,
        minutes=minutes,
        count=total,
        note=tuple(clean_line(paragraph, 2000) for paragraph in html.paragraphs(edition.note)),
        contents=total >= theme.contents and len(parts) > 1,
        top=top,
        parts=parts,
        more=total - kept,
        web=options.web,
        image=next((p for story in all_stories if (p := picture_of(story, "wide"))), None),
        address="" if options.web else ADDRESS,
        postal_address=tuple(line for part in settings.postal_address.splitlines() if (line := clean_line(part, 120))),
        links=MailLinks(
            web=f"{base}/archive/{edition.id}" if base else "",
            home=f"{base}/archive/" if base else "",
            unsubscribe="" if options.web else UNSUBSCRIBE_URL,
            preferences="" if options.web else PREFERENCES_URL,
        ),
        dress=resolve_style(theme, settings.brand, locale.joined),
    )


def chosen_sections(edition: Edition, options: RenderOptions) -> list[tuple[str, str, tuple[EditionStory, ...]]]:
    """Return (topic, title, stories) of the sections that the options choose, without empty ones, each topic once."""
    merged: dict[str, tuple[str, tuple[EditionStory, ...]]] = {}
    for section in edition.sections:
        if section.stories and (options.topics is None or section.topic in options.topics):
            title, stories = merged.get(
                section.topic, (clean_line(section.title, 80) or clean_line(section.topic, 80), ())
            )
            merged[section.topic] = (title, stories + section.stories)
    return [(topic, title, stories) for topic, (title, stories) in merged.items()]


def _arrange_stories(
    chosen: Sequence[tuple[str, str, tuple[EditionStory, ...]]], kept: int, builder: _StoryBuilder
) -> tuple[MailStory | None, tuple[MailSection, ...]]:
    """Return the top story, and the others by section, at most `kept` stories in all."""
    top: MailStory | None = None
    parts: list[MailSection] = []
    for number, (topic, title, stories) in enumerate(chosen):
        shown = stories[:kept]
        kept -= len(shown)
        if number == 0 and shown:
            # A kicker over the top story would repeat the heading that follows it.
            top = builder.story(shown[0], "top", title if len(shown) == 1 else "")
            shown = shown[1:]
        mail_stories = tuple(builder.story(story, "next" if i else "first") for i, story in enumerate(shown))
        if mail_stories:
            parts.append(_mail_section(topic, title, f"s{number}", mail_stories, builder.locale))
    return top, tuple(parts)


def _mail_section(topic: str, title: str, anchor: str, stories: tuple[MailStory, ...], locale: Locale) -> MailSection:
    """Return a section; its title is aligned by its own script, as are its stories."""
    side = text_direction(title, locale.direction)
    return MailSection(
        topic=topic,
        title=title,
        anchor=anchor,
        total=len(stories),
        stories=stories,
        dir=side,
        start="right" if side == "rtl" else "left",
        joined=has_joining_letters(title),
    )


@dataclass(frozen=True, slots=True)
class _StoryBuilder:
    edition: Edition
    theme: Theme
    locale: Locale
    picture_of: PictureOf
    private_links: bool

    def story(self, story: EditionStory, place: Place, kicker: str = "") -> MailStory:
        """Return one story for its place in the mail."""
        own = not story.language or story.language == self.locale.tag.split("-")[0]
        lang = self.locale.tag if own else story.language
        mirrored = direction(lang) == "rtl"
        outlets = ((clean_line(other.outlet, 30), link(other.url, self.private_links)) for other in story.also)
        also = [AlsoIn(outlet, url) for outlet, url in outlets if outlet]
        lead_picture = self.theme.lead_pictures
        wide = (place == "top" and lead_picture != "none") or (place == "first" and lead_picture == "sections")
        return MailStory(
            place=place,
            kicker=kicker,
            url=link(story.url, self.private_links),
            title=display_title(story),
            lead=opening(story, self.theme),
            lang="" if own else lang,
            dir="rtl" if mirrored else "ltr",
            start="right" if mirrored else "left",
            end="left" if mirrored else "right",
            outlet=clean_line(story.outlet, 60),
            author=clean_line(story.author, 80),
            credit=clean_line(story.credit, 160),
            time=self.time(story.published),
            minutes=max(1, min(story.minutes, 600)),
            updated=story.update,
            note=clean_line(story.note, 600),
            also=tuple(also[:3]),
            also_more=max(0, len(also) - 3),
            picture=self.picture_of(story, "wide" if wide else "square"),
        )

    def time(self, published: datetime | None) -> str:
        """Return the time of day on the day of the edition, else the date; "" when unknown or implausible."""
        if published is None:
            return ""
        day = datetime.fromisoformat(self.edition.slot).date()
        # 300 days also exclude the years 1 and 9999, which no time zone can express.
        if abs(published.date() - day) > timedelta(days=300):
            return ""
        local = published.astimezone(ZoneInfo(self.edition.timezone))
        return self.locale.time(local) if local.date() == day else self.locale.short_date(local.date())


@lru_cache(maxsize=5000)  # the variants of an edition share their texts
def clean_line(text: str, limit: int) -> str:
    """Return one clean line of at most `limit` characters, without anything that looks like our placeholders."""
    return with_no_break_spaces(html.line(text, limit)).replace(_RESERVED, "digest invalid")


def display_title(story: EditionStory) -> str:
    """Return the title; without one, the beginning of the lead, the outlet, or the host of the link."""
    named = clean_line(story.title, 240) or clean_line(story.lead, 100) or clean_line(story.outlet, 80)
    return named or clean_line(urlsplit(link(story.url)).hostname or "", 80)


def link(url: str, private: bool = False) -> str:
    """Return the address if a mail may show it, else "": absolute http or https, at most 2,000 characters.

    An address of a private network or of this machine (docs/hostile-input.md) is shown only with `private`.
    """
    url = url.strip()
    if len(url) > 2000 or not is_web(url) or html.scrub(url) != url or _RESERVED in url:
        return ""
    return url if private or not is_private(url) else ""


def opening(story: EditionStory, theme: Theme) -> str:
    """Return as many sentences of the lead as the theme shows."""
    lead = clean_line(story.lead, 1200)
    if not theme.sentences or not lead:
        return lead
    return lead[: sentences(lead, story.language)[: theme.sentences][-1][1]]


def _minutes(stories: Sequence[EditionStory], theme: Theme) -> int:
    """Return the minutes it takes to read the mail: 230 words, or 500 CJK characters, a minute."""
    text = " ".join(f"{story.title} {opening(story, theme)}" for story in stories)
    cjk = sum(1 for c in text if "\u3040" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff")
    return max(1, math.ceil(len(text.split()) / 230 + cjk / 500))
