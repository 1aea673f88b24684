"""The linter over templates: every mistake has its line and its remedy, and good templates have none."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.deliver.check.lint import lint
from digest.deliver.render import templates

BUILTIN = sorted(templates.builtin().rglob("*.j2"))


@pytest.mark.parametrize("path", BUILTIN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_built_in_templates_have_no_mistakes(path: Path) -> None:
    assert lint(path.read_text(encoding="utf-8"), str(path)) == []


@pytest.mark.parametrize(
    ("source", "line", "message", "remedy"),
    [
        ("<mj-body>\n<mj-sektion></mj-sektion></mj-body>", 2, "there is no tag <mj-sektion>", "mj-section"),
        ('<mj-text colour="red">x</mj-text>', 1, "<mj-text> takes no 'colour'", "color"),
        ("\n\n<mj-text align=left>x</mj-text>", 3, "not in quotes", 'align="…"'),
        ("<mj-section>\n<mj-text>x</mj-text></mj-section>", 2, "cannot stand in <mj-section>", "<mj-column>"),
        ("<mj-text>\n<mj-column></mj-column>\n</mj-text>", 2, "which holds html", "close <mj-text> first"),
        ("<mj-column>\n<mj-text>x\n</mj-column>", 2, "<mj-text> is never closed", "</mj-text>"),
        ("<mj-column>\n", 1, "<mj-column> is never closed", "</mj-column>"),
        ("x\n</mj-column>", 2, "closes nothing", "take it out"),
        ("<mj-image src='{{ story.picture.src }}' />", 1, "no alt", "alt="),
        ("<mj-preview>{{ mail.preheader }}</mj-preview>", 1, "not for mails", "mj-raw"),
        ('<mj-font name="A" href="https://a.example" />', 1, "not for mails", "fonts that readers have"),
        ('<mj-text align="start">x</mj-text>', 1, "unknown to the compiler", "mail.start"),
        ("<mj-text><!-- a -- b --></mj-text>", 1, "'--'", "{# … #}"),
        ("<mj-text>\n{{ mail.tagine }}</mj-text>", 2, "'mail' has no 'tagine'", "tagline"),
        ("{{ story.titel }}", 1, "'story' has no 'titel'", "title"),
        ("{{ stroy.title }}", 1, "there is no 'stroy'", "story"),
        ("a\nb\n{% if mail.web %}", 3, "Jinja2", "close"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_remedy(source: str, line: int, message: str, remedy: str) -> None:
    faults = lint(source, "mine/mail.mjml.j2")
    assert [fault.line for fault in faults] == [line]
    assert message in faults[0].message
    assert remedy in faults[0].remedy
    assert str(faults[0]).startswith(f"mine/mail.mjml.j2, line {line}: ")


def test_branches_of_a_condition_may_open_the_same_tag() -> None:
    source = (
        '{% if mail.web %}<mj-section padding="0">{% else %}<mj-section padding="8px">{% endif %}\n'
        "<mj-column></mj-column></mj-section>"
    )
    assert lint(source, "mine/mail.mjml.j2") == []


def test_a_text_template_has_no_mjml_to_check() -> None:
    assert lint("a < b, <mj-nothing>, {{ mail.date }}", "mine/mail.txt.j2") == []
