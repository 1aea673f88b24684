"""Cleaning removes each line for one reason, loses none, and is idempotent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.collect.extract.clean import clean, join
from digest.collect.extract.page import Block, Page, PageFacts
from tests.collect.pages import NOISY, TEXT

LINES = st.one_of(
    st.sampled_from([*TEXT, *NOISY["en"]["before"], *NOISY["en"]["between"], *NOISY["en"]["after"], "A title of it"]),
    st.text(min_size=1, max_size=80).map(lambda t: " ".join(t.split())).filter(bool),
)
BLOCKS = st.builds(
    Block,
    LINES,
    st.sampled_from(["paragraph", "heading", "item", "quote", "row", "code"]),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([None, None, None, "caption", "left out"]),
)


def page(*blocks: Block | str, title: str = "", **facts: str) -> Page:
    made = tuple(b if isinstance(b, Block) else Block(b) for b in blocks)
    return Page(made, PageFacts(title=title, titles=(title,) if title else (), **facts))  # type: ignore[arg-type]


def texts(*blocks: Block | str, title: str = "", **facts: str) -> list[str]:
    return [b.text for b in clean(page(*blocks, title=title, **facts), "en").blocks]


def test_title_is_removed_anywhere_in_the_text() -> None:
    assert texts("A Library Opens!", *TEXT, "A library opens", title="A library opens") == list(TEXT)


def test_part_of_the_title_above_the_text_is_removed() -> None:
    assert texts("Library opens", *TEXT, title="Library opens - how the town got there") == list(TEXT)


def test_byline_is_removed_near_the_start_only() -> None:
    assert texts(TEXT[0], "By Jane Miller", *TEXT[1:]) == list(TEXT)
    long = [TEXT[0], TEXT[1], TEXT[2], *(f"{t} Indeed." for t in TEXT), "By Jane Miller", f"{TEXT[0]} Again."]
    assert "By Jane Miller" in texts(*long)


def test_repeated_paragraph_is_kept_once() -> None:
    cleaned = clean(page(TEXT[0], TEXT[1], TEXT[0]), "en")
    assert [b.text for b in cleaned.blocks] == [TEXT[0], TEXT[1]]
    assert cleaned.removed[0].reason == "repetition"


def test_the_standfirst_stands_first_and_once() -> None:
    blocks = (Block(TEXT[1]), Block(TEXT[0]), Block(TEXT[2]), Block(TEXT[0]))
    cleaned = clean(Page(blocks, standfirst=1), "en")
    assert [b.text for b in cleaned.blocks] == [TEXT[0], TEXT[1], TEXT[2]]


def test_comments_are_removed_with_their_heading() -> None:
    article = [*TEXT, *(f"{t} Really." for t in TEXT)]
    assert texts(*article, Block("Comments (2)", "heading"), "What a good idea that is for us!") == article


def test_comments_that_outweigh_the_article_are_not_its_end() -> None:
    kept = texts("Comments", *TEXT)
    assert kept == list(TEXT)


def test_heading_without_text_is_removed() -> None:
    assert texts(*TEXT, Block("What comes next", "heading"), "More on this:") == list(TEXT)


def test_code_is_never_removed() -> None:
    code = Block("share\nprint('Advertisement')", "code")
    assert code.text in texts(TEXT[0], code, TEXT[1])


def test_caption_is_removed_and_quotation_with_colon_kept() -> None:
    quoted = "She had one photo: it showed the bridge before the war, and nothing else."
    assert texts(TEXT[0], "The hall on Sunday. Photo: Jane Miller", quoted, TEXT[1]) == [TEXT[0], quoted, TEXT[1]]


def test_join_separates_paragraphs_items_and_rows() -> None:
    blocks = [Block("a"), Block("b", "item"), Block("c", "item"), Block("d", "row"), Block("e")]
    assert join(blocks) == "a\n\nb\nc\n\nd\n\ne"


@given(st.lists(BLOCKS, max_size=20), st.sampled_from(["en", "fr", "zh", ""]))
def test_every_line_is_either_kept_or_removed(blocks: list[Block], language: str) -> None:
    cleaned = clean(Page(tuple(blocks), PageFacts(title="A title of it", titles=("A title of it",))), language)
    kept, removed = [b.text for b in cleaned.blocks], [r.text for r in cleaned.removed]
    assert sorted(kept + removed) == sorted(b.text for b in blocks)
    assert all(piece.reason for piece in cleaned.removed)


@given(st.lists(BLOCKS, max_size=20), st.sampled_from(["en", "fr", "zh", ""]))
def test_clean_text_is_unchanged(blocks: list[Block], language: str) -> None:
    facts = PageFacts(title="A title of it", titles=("A title of it",))
    once = clean(Page(tuple(blocks), facts), language)
    twice = clean(Page(once.blocks, facts), language)
    assert twice.blocks == once.blocks
