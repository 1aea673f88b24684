"""`digest read`: the JSON contract, folders, URLs, standard input, output for people, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from digest.cli import cli
from digest.cli.article_view import show
from tests.collect.pages import FOLDER, TEXT, html, paragraphs, sample
from tests.collect.site import Reply, Site

CONTRACT = "source url title language author credit published image text lead lead_from removed problem".split()
FRENCH = str(FOLDER / "fr-article.html")


def run(*arguments: str, text: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["read", *arguments], input=text)


def objects(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as opened:
        yield opened


def test_read_json_has_one_object_per_source_with_all_keys() -> None:
    done = run(FRENCH, str(FOLDER / "es-table.html"), "--json")
    assert done.exit_code == 0
    french, spanish = objects(done)
    assert set(CONTRACT) <= set(french)
    assert (french["source"], french["language"], spanish["language"]) == (FRENCH, "fr", "es")
    assert french["published"] == "2024-03-14T08:15:00+01:00"
    assert french["image"]["width"] == 1200
    assert french["lead_from"] == "page"
    assert french["problem"] is None
    assert {"text": "Publicité", "reason": "advertisement"} in french["removed"]
    for sentence in french["lead"]:
        assert french["text"][sentence["start"] : sentence["end"]] == sentence["text"]


def test_read_folder_removes_boilerplate_of_host(tmp_path: Path) -> None:
    towns = ["Virrat", "Kemijoki", "Uurainen", "Sodankylä", "Parikkala", "Hanko"]
    for number, town in enumerate(towns):
        own = (
            f"Kaupungissa {town} avattiin tiistaina uusi silta, jonka pituus on {number + 3} kilometriä ja hinta kova."
        )
        page = html(
            f"<h1>{town}: silta on nyt auki kaikille</h1>",
            paragraphs([own, own.replace("silta", "tori"), "Klikkaa ja voita matkalahja jo tänään"]),
            title=f"{town}: silta on nyt auki kaikille",
            head=f'<link rel="canonical" href="https://www.lehti.example/{number}">',
        )
        (tmp_path / f"{number}.html").write_bytes(page)
    (tmp_path / "notes.md").write_text("not read")
    articles = objects(run(str(tmp_path), "--json"))
    assert [Path(a["source"]).name for a in articles] == [f"{n}.html" for n in range(6)]
    for article, town in zip(articles, towns, strict=True):
        assert "Klikkaa" not in article["text"]
        assert article["text"].count(town) == 2
        assert {"text": "Klikkaa ja voita matkalahja jo tänään", "reason": "repeated by the host"} in article["removed"]


def test_read_takes_stdin_with_language_and_url() -> None:
    body = f"Library opens in May\n\n{TEXT[0]}\n\n{TEXT[1]}".encode()
    (article,) = objects(run("-", "--lang", "en", "--url", "https://post.example/1", "--json", text=body))
    assert article["source"] == "-"
    assert article["title"] == "Library opens in May"
    assert article["url"] == "https://post.example/1"
    assert article["text"] == f"{TEXT[0]}\n\n{TEXT[1]}"


def test_read_url_is_fetched_through_guard(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    site.routes["/a"] = Reply(
        body=html(f"<h1>Library opens in May</h1>{paragraphs(TEXT)}"), headers={"Content-Type": "text/html"}
    )
    refused = run(site.url("/a"), "--json")
    assert refused.exit_code == 1
    assert "not public" in objects(refused)[0]["problem"]
    (tmp_path / "settings.toml").write_text(
        '[site]\nbase_url = "https://news.example.org"\n[collect]\nallow_private_networks = true\n'
    )
    (article,) = objects(run(site.url("/a"), "--json"))
    assert article["text"] == "\n\n".join(TEXT)
    gone = run(site.url("/missing"), "--json")
    assert gone.exit_code == 1
    assert "404" in objects(gone)[0]["problem"]


def test_read_for_people_marks_lead_and_removed_parts() -> None:
    done = run(FRENCH)
    assert done.exit_code == 0
    assert "Le port de Sarne rouvre après la tempête" in done.stdout
    assert "⟦Trois jours de vents violents" in done.stdout
    assert "Claire Dubois" in done.stdout
    assert "advertisement" in done.stdout


def test_read_on_terminal_colours_lead_and_escapes_markup() -> None:
    article = sample("fr-article.html")
    out = StringIO()
    show(article, Console(file=out, force_terminal=True, color_system="standard", width=100))
    assert "\x1b[1;32mTrois jours" in out.getvalue()
    plain = StringIO()
    show(sample("en-error.html"), Console(file=plain, width=100))
    assert "problem: an error page" in plain.getvalue()


def test_read_exit_codes_for_wrong_use_and_no_text(tmp_path: Path) -> None:
    assert run(str(tmp_path / "missing.html")).exit_code == 2
    nothing = run(str(tmp_path))
    assert (nothing.exit_code, nothing.stdout) == (3, "")
    assert "nothing to read" in nothing.stderr
    (tmp_path / "empty.html").write_bytes(b"")
    assert run(str(tmp_path / "empty.html"), "--json").exit_code == 1


def test_read_prints_lone_surrogates_of_json_ld(tmp_path: Path) -> None:
    page = tmp_path / "half.html"
    script = r'<script type="application/ld+json">{"@type": "Article", "headline": "Half \ud83d a sign"}</script>'
    page.write_bytes(html(paragraphs(TEXT), title="", head=script))
    (article,) = objects(run(str(page), "--json"))
    assert article["title"] == "Half a sign"
    assert run(str(page)).exit_code == 0


def test_read_reports_unreadable_file_and_reads_others() -> None:
    done = run("/proc/self/mem", FRENCH, "--json")  # a file whose beginning nobody may read
    assert done.exit_code == 5
    french, unread = objects(done)
    assert french["problem"] is None
    assert unread["problem"].startswith("the file cannot be read: ")
    assert run("/proc/self/mem", "--json").exit_code == 1


@pytest.mark.parametrize(
    "option", [("--url", "javascript:alert(1)"), ("--url", "post.example"), ("--lang", "français")]
)
def test_read_refuses_invalid_url_or_language(option: tuple[str, str]) -> None:
    done = run(FRENCH, *option)
    assert done.exit_code == 2
    assert option[1] in done.stderr


def test_read_finds_no_text_in_picture(tmp_path: Path) -> None:
    picture = tmp_path / "picture.html"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(n * n % 251 for n in range(5_000)))
    (article,) = objects(run(str(picture), "--json"))
    assert (article["text"], article["problem"]) == ("", "the file is no text")
