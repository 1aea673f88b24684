"""Lines that a host repeats are learned and removed; sentences shared by reports of one event are kept."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.extract.boilerplate import HostMemory, from_json, is_repeated, learn, remove, to_json

# A language without a table of noise, so that nothing but repetition can tell.
LABEL = "Tilaa uutiskirje"
NOTICE = "Kaikki oikeudet pidätetään, ja palaute lähetetään toimitukseen lomakkeella."
TOPICS = [
    ("Helsingin satama laajenee", "Satama Helsingissä saa uuden laiturin, kertoo johtaja Virtanen Turusta."),
    ("Oulun talvi oli lämmin", "Oulussa mitattiin helmikuussa 7 astetta, sanoo tutkija Koskinen Kuopiosta."),
    ("Tampereen kirjasto avataan", "Tampereella avataan kirjasto, jonka piirsi arkkitehti Aho Lahdesta."),
    ("Rovaniemen lentokenttä sulkeutuu", "Rovaniemen kenttä on kiinni, sillä kiitotie korjataan, toteaa Finavia."),
    ("Porin jazzit alkavat", "Porissa soittaa tänä vuonna 40 yhtyettä, niistä 12 Norjasta ja Ruotsista."),
    ("Vaasan silta valmistuu", "Vaasassa silta maksoi 9 miljoonaa, ja sen rakensi yhtiö nimeltä Kreate."),
    ("Lapin hillasato jäi pieneksi", "Inarissa hillaa kerättiin vain 20 tonnia, kertoo poimija Magga Utsjoelta."),
    ("Kuopion tori uusitaan", "Kuopiossa tori kaivetaan auki, ja kauppiaat muuttavat Haapaniemelle."),
]


def article(number: int) -> tuple[str, str, str]:
    """Name, title and text of an article of the host, with a line of its own."""
    title, sentence = TOPICS[number % len(TOPICS)]
    own = f"Tämä rivi on vain jutussa numero {number}."
    return f"https://host.example/{number}", title, f"{sentence}\n\n{LABEL}\n\n{own}\n\n{NOTICE}"


def taught(count: int) -> HostMemory:
    memory = HostMemory()
    for number in range(count):
        memory = learn(memory, *article(number))
    return memory


def test_a_label_of_three_unlike_articles_is_repeated_and_one_of_two_is_not() -> None:
    assert not is_repeated(taught(2), LABEL)
    assert is_repeated(taught(3), LABEL)


def test_a_line_of_one_article_is_never_repeated() -> None:
    memory = taught(8)
    for number in range(8):
        own = article(number)[2].split("\n\n")
        assert not is_repeated(memory, own[0])
        assert not is_repeated(memory, own[2])


def test_repeated_lines_are_removed_and_named() -> None:
    text, lines = remove(taught(6), article(3)[2])
    assert LABEL not in text
    assert NOTICE not in text
    assert lines == (LABEL, NOTICE)
    assert text == "\n\n".join(article(3)[2].split("\n\n")[::2])


def test_case_and_punctuation_do_not_hide_a_repeated_line() -> None:
    assert is_repeated(taught(4), f"» {LABEL.upper()} «")


def test_reports_of_one_event_keep_the_sentence_they_share() -> None:
    shared = "Maanjäristys Marokon Marrakechissa surmasi perjantaina yli 2000 ihmistä, kertoo sisäministeriö Rabatista."
    memory = taught(6)
    for number in range(6):
        text = f"Järistyksen voima Marokossa oli 6,8, ja Marrakech kärsi eniten, sanoo Rabat {number}.\n\n{shared}"
        memory = learn(
            memory, f"https://host.example/quake{number}", f"Marokon järistys: apu Marrakechiin {number}", text
        )
    assert not is_repeated(memory, shared)
    assert is_repeated(memory, LABEL)


def test_a_sentence_on_what_each_article_is_about_is_kept_though_the_articles_differ() -> None:
    shared = "Sota Syyriassa on vaatinut 500000 ihmisen hengen, arvioi järjestö nimeltä SOHR Lontoosta."
    memory = HostMemory()
    for number, (title, sentence) in enumerate(TOPICS):
        text = f"{sentence}\n\nJuttu kertoo myös siitä, miten Syyriassa eletään.\n\n{shared}\n\n{LABEL}"
        memory = learn(memory, str(number), title, text)
    assert not is_repeated(memory, shared)
    assert is_repeated(memory, LABEL)


def test_the_same_article_read_again_counts_once() -> None:
    memory = HostMemory()
    for _ in range(10):
        memory = learn(memory, *article(0))
    assert len(memory.articles) == 1
    assert not is_repeated(memory, LABEL)


def test_lines_of_an_old_design_are_forgotten() -> None:
    memory = taught(6)
    rng = random.Random(7)
    for number in range(200):
        word = "".join(rng.choice("aeioukst") for _ in range(9)).capitalize()
        text = f"Uutinen paikasta nimeltä {word} kertoo asiasta {number}.\n\nUusi nappi"
        memory = learn(memory, f"https://host.example/new{number}", f"{word} ja {number}", text)
    assert not is_repeated(memory, LABEL)
    assert is_repeated(memory, "Uusi nappi")
    assert len(memory.articles) < 200


def test_text_is_kept_if_nearly_all_is_repeated() -> None:
    memory = taught(6)
    text = f"Lyhyt.\n\n{LABEL}\n\n{NOTICE}"
    assert remove(memory, text) == (text, ())


def test_a_memory_survives_the_store() -> None:
    memory = taught(6)
    data = to_json(memory)
    assert isinstance(json.loads(data), dict)
    back = from_json(data)
    assert back == memory
    assert is_repeated(back, LABEL)


@pytest.mark.parametrize("data", [None, "", "{}", "[]", "null", "not json", '{"articles": 1}', '{"lines": {"a": []}}'])
def test_invalid_memory_is_empty(data: str | None) -> None:
    assert from_json(data) == HostMemory()


def test_the_memory_of_a_busy_host_stays_small() -> None:
    memory = HostMemory()
    for number in range(400):
        lines = "\n\n".join(f"Rivi {number} {line} on uusi joka kerta." for line in range(20))
        memory = learn(memory, str(number), f"Otsikko {number}", lines)
    assert len(to_json(memory)) < 200_000


def test_unspaced_titles_distinguish_articles() -> None:
    memory = HostMemory()
    for number, title in enumerate(["駅前の橋が再開", "運河の歩道が閉鎖", "市長選の結果判明", "大雪で列車が遅延"]):
        memory = learn(memory, str(number), title, f"{title}した。\n\n続きを購読")
    assert is_repeated(memory, "続きを購読")


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=300)), max_size=8))
def test_any_texts_are_learned_and_removing_twice_removes_nothing_more(articles: list[tuple[str, str]]) -> None:
    memory = HostMemory()
    for number, (title, text) in enumerate(articles):
        memory = learn(memory, str(number), title, text)
    assert from_json(to_json(memory)) == memory
    for _, text in articles:
        once, _ = remove(memory, text)
        assert remove(memory, once) == (once, ()) or len(remove(memory, once)[0]) <= len(once)
