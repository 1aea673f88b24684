"""Users' own templates: one block, one file or a theme of their own, and what happens when they are wrong."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from digest import resources
from digest.deliver.render import templates
from digest.deliver.render.content import fields
from digest.deliver.render.renderer import Renderer
from digest.errors import RenderError
from tests.deliver import editions


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / "email" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_one_block_of_ones_own_changes_only_that_block(tmp_path: Path) -> None:
    extends = '{% extends "builtin/classic/mail.mjml.j2" %}'
    _write(
        tmp_path,
        "classic/mail.mjml.j2",
        extends + "{% block note %}<mj-text><p>Hello there</p></mj-text>{% endblock %}",
    )
    with Renderer([tmp_path]) as renderer:
        rendered = renderer.render(editions.edition(stories=3), editions.mail_settings())
    assert "Hello there" in rendered.html
    assert "Unsubscribe" in rendered.html
    assert "Glacier lake" in rendered.html


def test_an_own_theme_needs_only_what_it_changes(tmp_path: Path) -> None:
    _write(tmp_path, "mine/theme.toml", 'title = "Mine"\n[light]\npaper = "#f4f7f2"\n')
    with Renderer([tmp_path]) as renderer:
        assert renderer.themes() == ["classic", "compact", "magazine", "mine"]
        rendered = renderer.render(editions.edition(stories=3), editions.mail_settings("mine"))
    assert "#f4f7f2" in rendered.html
    assert not rendered.blocked


def test_a_template_that_is_edited_is_seen_at_once(tmp_path: Path) -> None:
    source = '{% extends "builtin/classic/story.mjml.j2" %}{% block label %}<p>NUMBER</p>{% endblock %}'
    with Renderer([tmp_path]) as renderer:
        for number in ("one", "three"):
            _write(tmp_path, "classic/story.mjml.j2", source.replace("NUMBER", number))
            assert f"<p>{number}</p>" in renderer.render(editions.edition(stories=2), editions.mail_settings()).html


def test_a_mistake_is_reported_with_file_and_line_before_anything_is_printed(tmp_path: Path) -> None:
    path = _write(tmp_path, "classic/story.mjml.j2", "<mj-text>\n{{ story.titel }}</mj-text>")
    with Renderer([tmp_path]) as renderer, pytest.raises(RenderError) as caught:
        renderer.render(editions.edition(), editions.mail_settings())
    assert str(caught.value) == f"{path}, line 2: 'story' has no 'titel'; did you mean 'title'?"


def test_an_error_that_only_printing_finds_has_file_and_line_too(tmp_path: Path) -> None:
    path = _write(tmp_path, "classic/story.mjml.j2", "<mj-text>\n\n{{ story.title.nothing.at.all }}</mj-text>")
    with Renderer([tmp_path]) as renderer, pytest.raises(RenderError) as caught:
        renderer.render(editions.edition(), editions.mail_settings())
    assert str(caught.value).startswith(f"{path}, line 3: ")


def test_html_that_is_not_closed_is_reported_with_what_stands_near(tmp_path: Path) -> None:
    path = _write(tmp_path, "classic/story.mjml.j2", "<mj-text>\n<p>{{ story.title }}<b></mj-text>")
    with Renderer([tmp_path]) as renderer, pytest.raises(RenderError) as caught:
        renderer.render(editions.edition(), editions.mail_settings())
    assert str(path) in str(caught.value)
    assert "line 2: <b> is opened and not closed" in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{{ 'a' * 10 ** 10 }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "<b>" * 40_000 + "</b>" * 40_000,
    ],
    ids=["endless", "memory", "sandbox", "nesting"],
)
def test_a_template_that_runs_away_ends_in_an_error_and_the_next_mail_is_made(tmp_path: Path, body: str) -> None:
    _write(tmp_path, "classic/story.mjml.j2", f"<mj-text>{body}</mj-text>")
    with Renderer([tmp_path], time_limit=3) as renderer:
        with pytest.raises(RenderError):
            renderer.render(editions.edition(stories=2), editions.mail_settings())
        shutil.rmtree(tmp_path / "email")
        assert "Harbour railway" in renderer.render(editions.edition(stories=2), editions.mail_settings()).html


def test_an_unknown_theme_names_those_that_exist() -> None:
    with Renderer() as renderer, pytest.raises(RenderError, match="'clasic'; choose from classic, compact, magazine"):
        renderer.render(editions.edition(), editions.mail_settings("clasic"))


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('titel = "x"', "unknown key 'titel'"),
        ("wide = '536'", "'wide' must be a number"),
        ('[light]\nink = "black"', "'black' is no colour"),
        ("title = ", "not TOML"),
        ("sentences = -1", "'sentences' is -1; write a number from 0 to 20"),
        ("wide = 9999", "'wide' is 9999; write a number from 0 to 600"),
        ('lead_pictures = "everywhere"', "'everywhere' is no place; choose from none, top, sections"),
        ('title_font = "\'Georgia"', "''Georgia' is no list of fonts"),
    ],
)
def test_a_wrong_theme_file_names_its_key(tmp_path: Path, toml: str, message: str) -> None:
    _write(tmp_path, "mine/theme.toml", toml)
    assert [message in fault.message for fault in templates.faults([tmp_path])] == [True]


def test_ejecting_a_block_gives_a_file_that_extends_the_built_in_one(tmp_path: Path) -> None:
    [path] = templates.eject("classic/mail.mjml.j2", tmp_path, "footer")
    assert path.read_text(encoding="utf-8").startswith(
        '{% extends "builtin/classic/mail.mjml.j2" %}\n{% block footer %}'
    )
    with Renderer() as plain, Renderer([tmp_path]) as own:
        assert own.render(editions.edition(), editions.mail_settings()) == plain.render(
            editions.edition(), editions.mail_settings()
        )


EVERY_BLOCK = [(file.name, block) for file in templates.listing() for block in file.blocks]


@pytest.fixture(scope="module")
def as_built() -> dict[str, tuple[str, str]]:
    with Renderer() as renderer:
        return {theme: _both(renderer, theme) for theme in renderer.themes()}


@pytest.mark.parametrize(("name", "block"), EVERY_BLOCK, ids=["-".join(pair) for pair in EVERY_BLOCK])
def test_an_ejected_block_changes_no_byte_until_it_is_edited(
    tmp_path: Path, as_built: dict[str, tuple[str, str]], name: str, block: str
) -> None:
    templates.eject(name, tmp_path, block)
    with Renderer([tmp_path]) as renderer:
        assert {theme: _both(renderer, theme) for theme in renderer.themes()} == as_built


def _both(renderer: Renderer, theme: str) -> tuple[str, str]:
    edition = editions.edition(stories=20, note="A word first.")
    rendered = renderer.render(edition, editions.mail_settings(theme), pictures=editions.pictures(20))
    return rendered.html, rendered.text


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "classic/mail.mjml.j2",
            '\n{% extends "builtin/classic/mail.mjml.j2" %}\n{% block foter %}{% endblock %}',
            "line 3: 'builtin/classic/mail.mjml.j2' has no block 'foter'; did you mean 'footer'?",
        ),
        (
            "magazine/head.mjml.j2",
            '{% extends "builtin/magazine/head.mjml.j2" %}{% block drak %}{% endblock %}',
            "line 1: 'builtin/magazine/head.mjml.j2' has no block 'drak'; did you mean 'dark'?",
        ),
        (
            "classic/mail.mjml.j2",
            '{% extends "builtin/clasic/mail.mjml.j2" %}',
            "line 1: there is no template 'builtin/clasic/mail.mjml.j2'; did you mean 'classic/mail.mjml.j2'?",
        ),
        (
            "classic/mail.mjml.j2",
            '{% extends "classic/mail.mjml.j2" %}',
            "line 1: it extends, includes or calls itself without an end",
        ),
        (
            "classic/story.mjml.j2",
            "<mj-text>\n{{ mail.count }}</mj-text>",
            "line 2: 'mail' has no 'count'; choose from comma, dir, dress, end, language, newsletter, start",
        ),
        ("classic/mail.txt.j2", "caf\udce9", "line 1: this is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_template_that_nobody_would_see_or_that_never_ends_is_named(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = tmp_path / "email" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with Renderer([tmp_path]) as renderer, pytest.raises(RenderError) as raised:
        renderer.render(editions.edition(stories=2), editions.mail_settings(name.split("/", maxsplit=1)[0]))
    assert message in str(raised.value)
    assert name in str(raised.value)


def test_a_block_beside_a_built_in_one_may_hold_blocks_of_its_own(tmp_path: Path) -> None:
    body = "{% block title %}<h1>{% block crest %}Crest{% endblock %}</h1>{% endblock %}"
    _write(tmp_path, "classic/mail.mjml.j2", f'{{% extends "builtin/classic/mail.mjml.j2" %}}{body}')
    with Renderer([tmp_path]) as renderer:
        assert "Crest" in renderer.render(editions.edition(stories=2), editions.mail_settings()).html


def test_ejecting_a_theme_copies_all_of_it_and_overwrites_nothing(tmp_path: Path) -> None:
    paths = templates.eject("compact", tmp_path)
    assert {path.name for path in paths} == {"theme.toml", "head.mjml.j2", "story.mjml.j2"}
    assert templates.diff([tmp_path]) == ""
    with pytest.raises(RenderError, match="is there already"):
        templates.eject("compact", tmp_path)
    with pytest.raises(RenderError, match="has no block 'fotter'; choose from preheader, masthead"):
        templates.eject("classic/mail.mjml.j2", tmp_path, "fotter")


def test_diff_of_an_ejected_block_is_the_change_of_that_block(tmp_path: Path) -> None:
    templates.eject("classic/mail.mjml.j2", tmp_path, block="masthead")
    assert templates.diff([tmp_path]) == ""
    file = tmp_path / "email" / "classic" / "mail.mjml.j2"
    file.write_text(file.read_text(encoding="utf-8").replace("32px 0 24px", "8px 0 24px"), encoding="utf-8")
    changed = [line for line in templates.diff([tmp_path]).splitlines() if line[0] in "+-" and line[:3] not in "+++---"]
    assert [line[0] for line in changed] == ["-", "+"]
    assert "8px 0 24px" in changed[1]


def test_diff_of_two_ejected_blocks_shows_both(tmp_path: Path) -> None:
    templates.eject("classic/mail.txt.j2", tmp_path, block="masthead")
    file = tmp_path / "email" / "classic" / "mail.txt.j2"
    more = "{% block more %}Nothing more{% endblock %}\n"
    file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    difference = templates.diff([tmp_path])
    assert "+{% block more %}Nothing more{% endblock %}" in difference
    assert "mail.newsletter" not in "".join(line for line in difference.splitlines() if line.startswith(("+{", "-{")))


def test_the_list_tells_own_from_built_in_and_the_difference_is_shown(tmp_path: Path) -> None:
    path = _write(
        tmp_path, "classic/theme.toml", (templates.builtin() / "classic/theme.toml").read_text() + "wide = 600\n"
    )
    path.write_text(path.read_text().replace("wide = 536\n", ""))
    listed = {file.name: file for file in templates.listing([tmp_path])}
    assert listed["classic/theme.toml"].origin == "own, instead of the built-in"
    assert listed["classic/mail.mjml.j2"].origin == "built-in"
    assert "footer" in listed["classic/mail.mjml.j2"].blocks
    assert "+wide = 600" in templates.diff([tmp_path])


def test_the_documentation_names_everything_that_templates_can_use() -> None:
    text = (resources.templates() / "email" / "README.md").read_text(encoding="utf-8")
    for name in {name for names in fields().values() for name in names}:
        assert name in text, name


@pytest.mark.parametrize(
    ("printed", "kind"),
    [
        ("mail.newsletter.title", "a function"),
        ("mail.logo", "nothing (None)"),
        ("mail.parts", "a list"),
        ("mail.top", "a SimpleNamespace"),
        ("mail.postal_address", "a list"),
    ],
)
def test_what_is_no_text_is_a_mistake_and_never_printed(tmp_path: Path, printed: str, kind: str) -> None:
    block = "{% block note %}<mj-text>\n{{ PRINTED }}</mj-text>{% endblock %}".replace("PRINTED", printed)
    path = _write(tmp_path, "classic/mail.mjml.j2", '{% extends "builtin/classic/mail.mjml.j2" %}' + block)
    with Renderer([tmp_path]) as renderer, pytest.raises(RenderError) as caught:
        renderer.render(editions.edition(stories=3), editions.mail_settings())
    assert str(caught.value).startswith(f"{path}, line 2: it prints {kind}, which is no text")


@pytest.mark.parametrize(
    ("block", "piece", "told"),
    [
        ("footer", "<mj-text>Outside</mj-text>", "<mj-text> cannot stand in <mj-body>; put it into <mj-column>"),
        ("note", "<mj-section></mj-section>", "<mj-section> cannot stand in <mj-column>; put it into <mj-body>"),
    ],
)
def test_a_tag_that_is_wrong_only_where_its_block_stands_is_found(
    tmp_path: Path, block: str, piece: str, told: str
) -> None:
    extends = '{% extends "builtin/classic/mail.mjml.j2" %}'
    path = _write(tmp_path, "classic/mail.mjml.j2", f"{extends}{{% block {block} %}}{piece}{{% endblock %}}")
    with Renderer([tmp_path]) as renderer, pytest.raises(RenderError) as caught:
        renderer.render(editions.edition(stories=3), editions.mail_settings())
    assert str(caught.value).startswith(f"{path}: {told}")


def test_words_that_look_like_tags_and_templates_are_never_misplaced() -> None:
    text = replace(editions.story(0), title="<mj-text> {% if %} </mj-section> {{", lead="<mj-body>")
    with Renderer() as renderer:
        assert not renderer.render(editions.only(editions.edition(stories=1), text), editions.mail_settings()).blocked


def test_a_plain_block_of_ones_own_can_be_read_in_the_dark(tmp_path: Path) -> None:
    extends = '{% extends "builtin/classic/mail.mjml.j2" %}'
    _write(tmp_path, "classic/mail.mjml.j2", extends + "{% block note %}<mj-text>Hello</mj-text>{% endblock %}")
    _write(tmp_path, "classic/mail.txt.j2", '{% extends "builtin/classic/mail.txt.j2" %}')
    with Renderer([tmp_path]) as renderer:
        assert renderer.render(editions.edition(stories=12), editions.mail_settings()).problems == ()


def test_what_ends_the_compiler_is_named_by_its_file(tmp_path: Path) -> None:
    deep = "<mj-text>{{ '<div>' | safe * 12000 }}x{{ '</div>' | safe * 12000 }}</mj-text>"
    source = '{% extends "builtin/classic/mail.mjml.j2" %}{% block note %}' + deep + "{% endblock %}"
    path = _write(tmp_path, "classic/mail.mjml.j2", source)
    with Renderer([tmp_path]) as renderer, pytest.raises(RenderError, match="ended the compiler") as caught:
        renderer.render(editions.edition(stories=3), editions.mail_settings())
    assert str(caught.value).startswith(f"{path}, or what it includes: ")
