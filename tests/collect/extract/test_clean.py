"""Cleaning takes out each line for one reason, loses none, and has nothing more to do the second time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.collect.extract.clean import clean, join
from digest.collect.extract.page import Block, Facts, Page
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
    return Page(made, Facts(title=title, titles=(title,) if title else (), **facts))  # type: ignore[arg-type]


def texts(*blocks: Block | str, title: str = "", **facts: str) -> list[str]:
    return [b.text for b in clean(page(*blocks, title=title, **facts), "en").blocks]


def test_the_title_is_no_part_of_the_text_wherever_it_stands() -> None:
    assert texts("A Library Opens!", *TEXT, "A library opens", title="A library opens") == list(TEXT)


def test_part_of_the_title_above_the_text_is_the_title() -> None:
    assert texts("Library opens", *TEXT, title="Library opens - how the town got there") == list(TEXT)


def test_a_byline_after_the_first_paragraph_is_taken_out_and_a_line_like_it_far_below_is_kept() -> None:
    assert texts(TEXT[0], "By Jane Miller", *TEXT[1:]) == list(TEXT)
    long = [TEXT[0], TEXT[1], TEXT[2], *(f"{t} Indeed." for t in TEXT), "By Jane Miller", f"{TEXT[0]} Again."]
    assert "By Jane Miller" in texts(*long)


def test_a_paragraph_said_twice_is_kept_once() -> None:
    cleaned = clean(page(TEXT[0], TEXT[1], TEXT[0]), "en")
    assert [b.text for b in cleaned.blocks] == [TEXT[0], TEXT[1]]
    assert cleaned.removed[0].reason == "repetition"


def test_the_standfirst_stands_first_and_once() -> None:
    blocks = (Block(TEXT[1]), Block(TEXT[0]), Block(TEXT[2]), Block(TEXT[0]))
    cleaned = clean(Page(blocks, standfirst=1), "en")
    assert [b.text for b in cleaned.blocks] == [TEXT[0], TEXT[1], TEXT[2]]


def test_the_comments_below_an_article_go_with_their_heading() -> None:
    article = [*TEXT, *(f"{t} Really." for t in TEXT)]
    assert texts(*article, Block("Comments (2)", "heading"), "What a good idea that is for us!") == article


def test_comments_that_outweigh_the_article_are_not_its_end() -> None:
    kept = texts("Comments", *TEXT)
    assert kept == list(TEXT)


def test_a_heading_or_a_lead_in_with_nothing_after_it_goes() -> None:
    assert texts(*TEXT, Block("What comes next", "heading"), "More on this:") == list(TEXT)


def test_code_is_never_judged() -> None:
    code = Block("share\nprint('Advertisement')", "code")
    assert code.text in texts(TEXT[0], code, TEXT[1])


def test_a_caption_by_its_form_goes_and_a_quotation_with_a_colon_stays() -> None:
    quoted = "She had one photo: it showed the bridge before the war, and nothing else."
    assert texts(TEXT[0], "The hall on Sunday. Photo: Jane Miller", quoted, TEXT[1]) == [TEXT[0], quoted, TEXT[1]]


def test_items_and_rows_are_lines_and_paragraphs_are_parted_by_a_blank_one() -> None:
    blocks = [Block("a"), Block("b", "item"), Block("c", "item"), Block("d", "row"), Block("e")]
    assert join(blocks) == "a\n\nb\nc\n\nd\n\ne"


@given(st.lists(BLOCKS, max_size=20), st.sampled_from(["en", "fr", "zh", ""]))
def test_no_line_is_lost_and_none_is_both_kept_and_removed(blocks: list[Block], language: str) -> None:
    cleaned = clean(Page(tuple(blocks), Facts(title="A title of it", titles=("A title of it",))), language)
    kept, removed = [b.text for b in cleaned.blocks], [r.text for r in cleaned.removed]
    assert sorted(kept + removed) == sorted(b.text for b in blocks)
    assert all(piece.reason for piece in cleaned.removed)


@given(st.lists(BLOCKS, max_size=20), st.sampled_from(["en", "fr", "zh", ""]))
def test_what_is_clean_stays_as_it_is(blocks: list[Block], language: str) -> None:
    facts = Facts(title="A title of it", titles=("A title of it",))
    once = clean(Page(tuple(blocks), facts), language)
    twice = clean(Page(once.blocks, facts), language)
    assert twice.blocks == once.blocks
