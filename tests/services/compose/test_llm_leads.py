"""Written leads in a whole edition: taken where grounded, refused with a record, and never an error of the edition."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from digest.compose.edit import Rewrite, apply
from digest.compose.edition import Edition
from digest.services.compose.compose_edition import draft
from digest.services.compose.llm_leads import lead_writer, with_written_leads
from digest.store import Store, open_store
from tests.fakes.llm_server import LlmServer, reply
from tests.services.samples import MORNING, NOW, Clock, app_of, article_of, bring, entry_of, settings_of

MORE = (
    " Nobody was hurt, the city said. Repairs will take 18 months and cost 3.25 million. Traffic moves to the tunnel."
)
LUNCH = " Cooks begin in autumn with soup and bread. Mayors had asked for money first. Parents cheered in the gallery."
GOOD = "Engineers closed the harbour bridge after cracks appeared; repairs will take 18 months and cost 3.25 million."


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


def long_story(store: Store, number: int = 0) -> None:
    """A piece of NEWS whose text is long enough to be written about."""
    bring(store, number)
    article = article_of(number)
    longer = replace(article, text=article.text + (MORE, LUNCH)[number] * 6)
    store.articles.save([(entry_of(number), longer)], now=NOW)


def composed(server: LlmServer | None, store: Store, folder: Path, daily: int = 10, **newsletter: str) -> Edition:
    llm = f'[llm]\nurl = "{server.url}"\nmodel = "small"\ntimeout = "1s"\ndaily = {daily}\n' if server else ""
    edition, _ = app_of(settings_of(folder, llm, **newsletter), store, Clock()).composing.compose("morning")
    return edition


def records(store: Store) -> list[dict[str, Any]]:
    why = json.loads(store.editions.why(MORNING) or "{}")
    return [candidate["written"] for candidate in why["candidates"] if "written" in candidate]


def test_grounded_lead_is_printed_and_extract_is_kept(sqlite_store: Store, tmp_path: Path, server: LlmServer) -> None:
    server.say = lambda article: GOOD
    long_story(sqlite_store)
    edition = composed(server, sqlite_store, tmp_path)
    story = edition.stories[0]
    assert (story.lead, story.written) == (GOOD, True)
    assert story.extract == article_of(0).lead.text
    assert sqlite_store.editions.get(MORNING) == edition
    assert records(sqlite_store) == [{"taken": True, "reason": "", "text": GOOD, "kept": False}]
    rewritten = apply(edition, Rewrite(story.key, "An editor's own."))
    assert not rewritten.stories[0].written, "what a person wrote is not called written by a machine"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (GOOD.replace("18", "80"), "number 80"),
        (GOOD.replace("Engineers", "Engineers of Boston"), "name"),
        ("Engineers closed the harbour bridge after cracks appeared; the city said somebody was hurt.", "not"),
    ],
)
def test_ungrounded_lead_is_refused_with_reason(
    sqlite_store: Store, tmp_path: Path, server: LlmServer, answer: str, reason: str
) -> None:
    server.say = lambda article: answer
    long_story(sqlite_store)
    story = composed(server, sqlite_store, tmp_path).stories[0]
    assert (story.lead, story.written, story.extract) == (article_of(0).lead.text, False, "")
    (record,) = records(sqlite_store)
    assert reason in record["reason"]
    assert (record["taken"], record["text"]) == (False, answer)


def test_model_is_asked_once_for_printed_stories_only(sqlite_store: Store, tmp_path: Path, server: LlmServer) -> None:
    server.say = lambda article: GOOD
    long_story(sqlite_store, 0)
    long_story(sqlite_store, 1)
    edition = composed(server, sqlite_store, tmp_path, max_stories="1")
    assert len(edition.stories) == len(server.asked) == 1
    settings = settings_of(tmp_path, f'[llm]\nurl = "{server.url}"\nmodel = "small"\n', max_stories="1")
    app = app_of(settings, sqlite_store, Clock())
    again = draft(sqlite_store, settings, "morning", app.composing.slot("morning", None), now=NOW)
    writer = lead_writer(app.context)
    assert writer is not None
    written = with_written_leads(again, writer, settings.newsletters["morning"].lead)
    assert len(server.asked) == 1, "answers are kept by content"
    assert written.edition.content_hash == edition.content_hash


def test_failing_model_service_costs_no_edition(sqlite_store: Store, tmp_path: Path, server: LlmServer) -> None:
    server.misbehave = server.drip
    long_story(sqlite_store)
    edition = composed(server, sqlite_store, tmp_path)
    assert edition.stories[0].lead == article_of(0).lead.text
    assert records(sqlite_store)[0]["reason"] == "no complete answer within 1 s"


def test_internal_error_costs_no_edition(sqlite_store: Store, tmp_path: Path, server: LlmServer) -> None:
    long_story(sqlite_store)
    with sqlite_store.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE cache")
    edition = composed(server, sqlite_store, tmp_path)
    assert edition.stories[0].lead == article_of(0).lead.text
    assert "StoreError" in records(sqlite_store)[0]["reason"]


def test_exhausted_daily_budget_asks_nothing(sqlite_store: Store, tmp_path: Path, server: LlmServer) -> None:
    server.misbehave = lambda handler: reply(handler, 500, b"")
    long_story(sqlite_store, 0)
    long_story(sqlite_store, 1)
    composed(server, sqlite_store, tmp_path, daily=1)
    assert len(server.asked) == 1
    assert sum("used up" in record["reason"] for record in records(sqlite_store)) == 1


def test_unconfigured_model_imports_and_records_nothing(sqlite_store: Store, tmp_path: Path) -> None:
    long_story(sqlite_store)
    edition = composed(None, sqlite_store, tmp_path)
    assert not edition.stories[0].written
    assert records(sqlite_store) == []
    assert lead_writer(app_of(settings_of(tmp_path), sqlite_store, Clock()).context) is None


def take_many(url: str) -> int:
    """How many of forty requests another process was allowed."""
    with open_store(url) as store:
        return sum(store.rate_limits.allow_in_period("llm requests", "2026-11-24", 50) for _ in range(40))


def test_daily_budget_is_shared_by_processes(store: Store) -> None:
    url = store.database.url.render_as_string(hide_password=False)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert sum(pool.map(take_many, [url, url], chunksize=1)) == 50
    assert not store.rate_limits.allow_in_period("llm requests", "2026-11-24", 50)
    assert store.rate_limits.allow_in_period("llm requests", "2026-11-25", 50), "the next day starts anew"
