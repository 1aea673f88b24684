"""Sample editions in our own words, for the tests of rendering: realistic lengths, three languages, two directions."""

from __future__ import annotations

import io
import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from digest.collect import article
from digest.compose.edition import Also, Edition, EditionStory, Section, frozen
from digest.deliver.render.picture import PreparedPicture, prepare
from digest.deliver.theme import MailSettings

SENT: Final = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

#: language -> newsletter, section titles, and stories: (title, lead, outlet)
WORDS: Final[dict[str, tuple[str, tuple[str, ...], tuple[tuple[str, str, str], ...]]]] = {
    "en": (
        "The Morning",
        ("World", "Science", "Culture", "Money"),
        (
            (
                "Harbour railway to reopen after forty years",
                "The council voted late on Sunday to reopen the harbour railway, closed since 1987, after a two-year "
                "campaign by residents. Trains should run again from April, at first on weekends only.",
                "The Example Post",
            ),
            (
                "Glacier lake drains overnight, villages downstream were warned in time",
                "A lake behind the northern glacier emptied within six hours. Sensors installed last summer raised "
                "the alarm, and all 412 people who live along the river were out of their houses before midnight.",
                "Northern Courier",
            ),
            (
                "Bakers win the right to close on Mondays",
                "A court in the capital has ended a dispute that began with one baker in 1994.",
                "The Example Post",
            ),
            (
                "A telescope the size of a valley hears its first signal",
                "Engineers switched on the first 64 of 512 antennas on Saturday night, and within an hour the array "
                "had picked up a pulsar 2,300 light years away. Full operation is planned for 2029.",
                "Field Notes",
            ),
            (
                "Swifts stay for the winter",
                "For the third year running, several hundred swifts have not left the old town. Ornithologists are "
                "unsure whether warmer nights or the new street lamps are the reason.",
                "Science Weekly",
            ),
            (
                "The lost opening of a symphony is found in a school cupboard",
                "Forty bars that everyone believed burnt turned up between two atlases. They will be heard in public "
                "for the first time on Friday.",
                "Evening Gazette",
            ),
        ),
    ),
    "fr": (
        "Le Matin",
        ("Monde", "Sciences", "Culture", "Économie"),
        (
            (
                "Le train du port rouvre quarante ans après sa fermeture",
                "Le conseil municipal a voté dimanche soir la réouverture de la ligne du port, fermée depuis 1987. "
                "Les premières rames circuleront en avril, d’abord le week-end seulement.",
                "Le Courrier d’Exemple",
            ),
            (
                "« Nous avons entendu la montagne » : un lac glaciaire se vide en une nuit",
                "Le lac s’est vidé en six heures. Grâce aux capteurs posés l’été dernier, les 412 riverains avaient "
                "quitté leurs maisons avant minuit.",
                "Nord Infos",
            ),
            (
                "Les boulangers pourront fermer le lundi",
                "La cour d’appel met fin à un conflit ouvert par un seul artisan en 1994.",
                "Le Courrier d’Exemple",
            ),
            (
                "Un radiotélescope grand comme une vallée capte son premier signal",
                "Soixante-quatre des 512 antennes ont été mises en service samedi soir. Une heure plus tard, le "
                "réseau entendait un pulsar situé à 2 300 années-lumière.",
                "Carnets de terrain",
            ),
        ),
    ),
    "ar": (
        "نشرة الصباح",
        ("العالم", "علوم", "ثقافة", "اقتصاد"),
        (
            (
                "قطار الميناء يعود إلى العمل بعد أربعين عامًا",
                "صوّت المجلس البلدي مساء الأحد لصالح إعادة فتح خط الميناء المغلق منذ عام 1987. ومن المقرر أن تنطلق "
                "الرحلات الأولى في أبريل، في عطلة نهاية الأسبوع فقط.",
                "بريد المثال",
            ),
            (
                "بحيرة جليدية تفرغ خلال ليلة واحدة والقرى أُنذرت في الوقت المناسب",
                "أفرغت البحيرة مياهها في ست ساعات. وأطلقت أجهزة الاستشعار التي رُكّبت الصيف الماضي الإنذار مبكرًا، "
                "فغادر جميع السكان منازلهم قبل منتصف الليل.",
                "صحيفة الشمال",
            ),
            (
                "تلسكوب بحجم وادٍ يلتقط أول إشارة",
                "شغّل المهندسون 64 هوائيًا من أصل 512 مساء السبت، وبعد ساعة التقطت المنظومة إشارة نجم نابض.",
                "دفاتر العلوم",
            ),
        ),
    ),
}


def story(number: int, language: str = "en", picture: bool = True) -> EditionStory:
    """The story of that number: the samples in turn, each with its own link, time and, now and then, companions."""
    title, lead, outlet = WORDS[language][2][number % len(WORDS[language][2])]
    image = article.Image(
        f"https://pictures.example/{number}.jpg", alt="" if number % 2 else f"{title}.", width=1600, height=900
    )
    return EditionStory(
        key=f"{language}-{number}",
        url=f"https://www.example.org/{language}/2026/11/23/{number}-a-path-of-usual-length?edition=morning&n={number}",
        title=title,
        lead=lead,
        language=language,
        outlet=outlet,
        published=SENT - timedelta(minutes=47 * number),
        minutes=2 + number % 6,
        credit="AFP" if number % 4 == 1 else "",
        image=image if picture else None,
        also=(
            Also("AP", "https://ap.example/2"),
            Also("Coast Radio", "https://coast.example/1"),
            Also("Nord Infos", "https://nord.example/n/7"),
        )
        if number % 3 == 0
        else (),
        update=number % 5 == 4,
        article_keys=(f"https://www.example.org/{language}/{number}",),
    )


def edition(language: str = "en", stories: int = 12, pictures: bool = True, note: str = "") -> Edition:
    """An edition of that many stories in up to four sections."""
    title, sections, _ = WORDS[language]
    printed = [story(number, language, pictures) for number in range(stories)]
    size = max(1, -(-stories // len(sections)))
    parts = [printed[i : i + size] for i in range(0, stories, size)]
    return frozen(
        Edition(
            id="morning-2026-11-23-0700",
            newsletter="morning",
            slot="2026-11-23T07:00",
            send_at=SENT,
            cut_off=SENT - timedelta(minutes=45),
            title=title,
            language=language,
            timezone="Europe/Paris",
            sections=tuple(Section(f"topic{i}", sections[i], tuple(part)) for i, part in enumerate(parts)),
            note=note,
        )
    )


def mail_settings(theme: str = "classic", newsletter: str = "The Morning") -> MailSettings:
    """A complete look, as settings would give it."""
    return MailSettings(
        newsletter=newsletter,
        theme=theme,
        base_url="https://news.example.org",
        media_url="https://news.example.org/media",
        site_name="The Example Press",
        postal_address="1 Example Street\n10115 Exampleton",
    )


def only(whole: Edition, *stories: EditionStory) -> Edition:
    """The edition with these stories alone, in its first section."""
    return frozen(replace(whole, sections=(replace(whole.sections[0], stories=stories),)))


def photograph(number: int) -> bytes:
    """A made-up landscape, 1600 by 1000, as a camera's JPEG would be: hills in haze under a sky with a sun."""
    rng = random.Random(number)
    sky, hill = rng.choice(_MOODS)
    picture = Image.linear_gradient("L").resize((1600, 1000))
    image = ImageOps.colorize(picture, sky[0], sky[1])
    draw = ImageDraw.Draw(image)
    x, y, r = rng.randint(300, 1300), rng.randint(120, 380), rng.randint(40, 90)
    draw.ellipse((x - r, y - r, x + r, y + r), fill=sky[2])
    for layer in range(5):
        base, phase, wave = 480 + layer * 105, rng.random() * 7, rng.uniform(0.002, 0.006)
        ridge = [
            (i, base + 60 * math.sin(i * wave + phase) + 22 * math.sin(i * wave * 3.1 + phase))
            for i in range(0, 1601, 8)
        ]
        mixed = tuple(round(a + (b - a) * layer / 4) for a, b in zip(hill[0], hill[1], strict=True))
        draw.polygon([(0, 1000), *ridge, (1600, 1000)], fill=mixed)
    grain = Image.frombytes("L", (1600, 1000), rng.randbytes(1_600_000)).convert("RGB")
    out = io.BytesIO()
    Image.blend(image, grain, 0.06).filter(ImageFilter.GaussianBlur(0.8)).save(out, "JPEG", quality=90)
    return out.getvalue()


_MOODS: Final = [
    (("#f3c892", "#fbe7cf", "#fff6e0"), ((168, 150, 158), (46, 58, 66))),
    (("#7fa7c9", "#dfe9ee", "#ffffff"), ((150, 172, 186), (38, 66, 60))),
    (("#c98f86", "#f2d3c0", "#fbe9d8"), ((160, 128, 140), (60, 40, 58))),
    (("#51627a", "#c3c9cf", "#f4f1e6"), ((120, 136, 152), (24, 32, 44))),
]


@cache
def pictures(count: int = 12) -> dict[str, PreparedPicture]:
    """The pictures of the sample stories, by address, as `picture.prepare` makes them."""
    made = [prepare(photograph(number)) for number in range(6)]
    return {f"https://pictures.example/{number}.jpg": made[number % 6] for number in range(count)}
