"""What an outlet says in all its articles makes no story of them, and hides none that others tell too."""

from dataclasses import replace

import pytest

from digest.compose.events.grouping import Document, cluster
from digest.compose.events.outlet_style import outlet

TOPICS = [
    ("Bread without kneading", "Flour, water and a long night are all that a good loaf asks for."),
    ("What to plant in March", "Peas and broad beans stand a late frost, tomatoes do not."),
    ("Mending a bicycle tube", "A basin shows where the air leaves, and a patch needs clean rubber."),
    ("Old letters, new boxes", "Acid-free cardboard keeps ink from fading in a damp attic."),
    ("Tuning a harmonium", "Reeds go flat with dust, so brush each of them before you file."),
    ("Walls of straw", "Lime plaster lets bales breathe and keeps mice from moving in."),
]
HABIT = "This piece belongs to our weekly column Kitchen Table Notes and appeared first in Harbour Lane Quarterly."

FLOOD = [
    ("Tarn bursts its banks in Low Mellow", "The Tarn flooded Low Mellow on Tuesday; 40 houses stand under water."),
    ("Low Mellow: school turned into shelter", "Families whose houses the Tarn flooded in Low Mellow sleep in school."),
    ("Who pays for the Low Mellow flood?", "Insurers look at the 40 houses in Low Mellow that the Tarn flooded."),
    ("Army brings boats to Low Mellow", "Soldiers brought boats to Low Mellow, where the Tarn flooded 40 houses."),
    ("Tarn falls slowly in Low Mellow", "The Tarn, which flooded 40 houses in Low Mellow on Tuesday, falls slowly."),
]


def column(host: str) -> list[Document]:
    return [
        Document(str(n), f"Kitchen Table Notes: {title}", f"{text} {HABIT}", None, "en", f"https://{host}/{n}")
        for n, (title, text) in enumerate(TOPICS)
    ]


def test_the_parts_of_a_column_are_no_story_though_most_of_their_words_are_the_same() -> None:
    assert cluster(column("lane.example")) == [[n] for n in range(len(TOPICS))]


def test_the_outlets_name_at_the_head_of_every_article_ties_none_of_them() -> None:
    texts = [
        (
            "Schulklasse repariert Turmuhr",
            "BROCKSTEDT (Radio Maren) - Elf Jahre lang ging die Uhr nicht, seit gestern geht sie.",
        ),
        (
            "Nachtzug fährt wieder",
            "SUNDHOLM (Radio Maren) - Nach elf Jahren Pause fährt der Zug, mit Büchern statt Speisen.",
        ),
        (
            "Immer mehr Störche bleiben",
            "SUNDHOLM (Radio Maren) - Früher flogen sie vor dem Herbst, nun bleibt die Hälfte.",
        ),
        (
            "Notenbank senkt den Zins",
            "LINDMAR (Radio Maren) - Die Bank senkt den Leitzins, so stark wie seit Jahren nicht.",
        ),
    ]
    radio = [Document(t, t, text, None, "de", f"https://maren.example/{t}") for t, text in texts]
    assert cluster(radio) == [[0], [1], [2], [3]]


def test_words_that_several_outlets_share_still_make_a_story() -> None:
    texts = [replace(d, url=f"https://paper{n}.example/") for n, d in enumerate(column(""))]
    assert len(cluster(texts)) == 1


def test_a_flood_that_one_paper_tells_five_times_stays_one_story_with_what_others_tell() -> None:
    local = [Document(f"l{n}", t, x, None, "en", f"https://mellow.example/{n}") for n, (t, x) in enumerate(FLOOD)]
    others = [Document(f"o{n}", t, x, None, "en", f"https://o{n}.example/") for n, (t, x) in enumerate(FLOOD[:3])]
    said = [replace(d, text=f"{d.text} Our reporter saw it.") for d in others]
    rest = [replace(d, id=f"r{d.id}", title=d.title.partition(": ")[2]) for d in column("mellow.example")]
    groups = {frozenset(group) for group in cluster([*local, *said, *rest])}
    assert frozenset(range(8)) in groups


FIRE = [
    (
        "Fire guts Karsholm paper mill",
        "A fire destroyed the paper mill in Karsholm on Monday night; two were hurt.",
    ),
    (
        "Mill fire in Karsholm: schools closed on Tuesday",
        "Schools in Karsholm stay closed because of smoke from the paper mill in Karsholm that burned on Monday night.",
    ),
    (
        "'I saw the roof fall in': witnesses of the Karsholm mill fire",
        "Neighbours of the paper mill in Karsholm tell how they saw the fire and the roof fall in on Monday night.",
    ),
    (
        "Karsholm mill fire: what we know",
        "What is known of the fire in the paper mill in Karsholm, of its cause and of the two men who were hurt.",
    ),
    (
        "Mill owner promises to rebuild in Karsholm",
        "The owner of the paper mill in Karsholm said that it will be rebuilt after the fire on Monday night.",
    ),
]
TOWN = [
    ("New mayor for Low Mellow", "Low Mellow has a new mayor, Ida Stone, who won by 12 votes."),
    ("Low Mellow school play sells out", "All seats for the school play in Low Mellow are gone within an hour."),
    ("Bakery in Low Mellow closes", "The last bakery in Low Mellow closes on Saturday; no heir was found."),
    ("Low Mellow bridge to be painted", "Painters will close the bridge in Low Mellow for a week in June."),
    ("Thieves take copper from church", "Copper was stolen from the roof of the church in Low Mellow at night."),
    ("Who was the poet of Low Mellow?", "A plaque in Low Mellow remembers a poet whom few have read."),
]


def test_a_fire_that_one_paper_alone_tells_five_times_in_the_same_phrase_is_one_story() -> None:
    fire = [Document(f"f{n}", t, x, None, "en", f"https://paper.example/f{n}") for n, (t, x) in enumerate(FIRE)]
    rest = [Document(f"r{n}", t, x, None, "en", f"https://paper.example/r{n}") for n, (t, x) in enumerate(TOPICS)]
    assert cluster([*fire, *rest]) == [[0, 1, 2, 3, 4], *([5 + n] for n in range(len(TOPICS)))]


def test_what_happens_in_one_town_is_not_one_event() -> None:
    town = [Document(str(n), t, x, None, "en", f"https://mellow.example/{n}") for n, (t, x) in enumerate(TOWN)]
    assert cluster(town) == [[n] for n in range(len(TOWN))]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.Herald.example/a", "herald.example"),
        ("https://herald.example:8443/a", "herald.example"),
        ("", ""),
        ("urn:uuid:1", ""),
        ("http://[broken/", ""),
    ],
)
def test_the_outlet_is_the_host_of_the_address(url: str, name: str) -> None:
    assert outlet(url) == name
