"""settings.toml: what loads, what is refused and in which words."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from digest.errors import SettingsError
from digest.settings import Settings, find, load
from tests.settings.samples import EXAMPLE, SMALL, problems, tables, uncommented, write

# the example


def test_the_example_is_valid_and_teaches_the_design() -> None:
    settings = load(EXAMPLE, {})
    morning = settings.newsletters["morning"]
    assert morning.send_at == (time(7, 0),)
    assert morning.days == ("mon", "tue", "wed", "thu", "fri")
    assert morning.cut_off == timedelta(minutes=45)
    assert (morning.review, morning.if_unreviewed) == ("window", "send")
    assert [feed.weight for feed in settings.topics["world"].feeds] == [1.0, 1.5]
    assert settings.deliver.transport == "outbox"


def test_the_example_with_every_comment_removed_is_valid_too(tmp_path: Path) -> None:
    settings = load(write(tmp_path, uncommented(EXAMPLE.read_text("utf-8"))), {})
    assert set(settings.relays) == {"backup"}
    assert set(settings.dkim) == {"d1"}


@pytest.mark.parametrize(("path", "model"), tables(Settings).items())
def test_the_example_shows_every_key_of_a_table(path: str, model: type[BaseModel]) -> None:
    table = tomllib.loads(uncommented(EXAMPLE.read_text("utf-8")))
    for part in path.split("."):
        table = table[part]
    shown = set(model.model_fields) if path == "relays.backup" else set(table)  # a relay has the keys of [smtp]
    assert set(model.model_fields) <= shown | {"brand"}


def test_what_the_example_has_in_comments_is_the_default(tmp_path: Path) -> None:
    active, whole = load(EXAMPLE, {}), load(write(tmp_path, uncommented(EXAMPLE.read_text("utf-8"))), {})
    no_file = {"ca_file": None}
    update = {"relays": {}, "dkim": {}, "smtp": whole.smtp.model_copy(update=no_file)}
    update |= {"bounces": whole.bounces.model_copy(update=no_file)}
    plain = load(write(tmp_path, EXAMPLE.read_text("utf-8")), {})
    assert whole.model_copy(update=update) == plain
    assert active.newsletters == plain.newsletters


def test_nothing_in_the_example_is_wider_than_a_screen() -> None:
    assert [line for line in EXAMPLE.read_text("utf-8").splitlines() if len(line) > 132] == []


# finding and reading the file


def test_the_file_is_found_by_name_then_variable_then_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, SMALL)
    other = tmp_path / "other.toml"
    other.write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    assert find(None, {}) == file
    assert find(None, {"DIGEST_SETTINGS": str(other)}) == other
    assert find(file, {"DIGEST_SETTINGS": str(other)}) == file
    assert find(tmp_path, {}) == file


def test_a_missing_file_leads_to_init(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "settings.toml", {})
    assert "no such file" in caught.value.message
    assert "digest init" in caught.value.remedy


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, '[site]\nname = "x"\nbase_url https\n'))
    assert "line 3, column 10" in problem


def test_a_file_that_is_not_utf8_is_named_as_such(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes('[site]\nname = "Café"\n'.encode("latin-1"))
    assert "not UTF-8" in problems(file)[0]


def test_a_byte_order_mark_is_no_reason_to_fail(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(SMALL, encoding="utf-8-sig")
    assert load(file, {}).topics["world"].title == "World"


def test_paths_are_relative_to_the_file_and_not_to_the_working_folder(tmp_path: Path) -> None:
    settings = load(write(tmp_path, SMALL), {})
    assert settings.folder == tmp_path
    assert settings.deliver.outbox == tmp_path / "outbox"
    assert settings.store.url == f"sqlite:///{tmp_path}/digest.db"
    settings = load(write(tmp_path, SMALL + '[store]\nurl = "sqlite:////var/lib/digest.db"\n'), {})
    assert settings.store.url == "sqlite:////var/lib/digest.db"


def test_postgresql_is_reached_through_psycopg(tmp_path: Path) -> None:
    settings = load(write(tmp_path, SMALL + '[store]\nurl = "postgresql://me@db.test/digest"\n'), {})
    assert settings.store.url == "postgresql+psycopg://me@db.test/digest"


def test_settings_never_change_after_loading(tmp_path: Path) -> None:
    settings = load(write(tmp_path, SMALL), {})
    with pytest.raises(ValidationError):
        settings.smtp.port = 26


# kinds of value


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('cut_off = "1h30m"', timedelta(minutes=90)),
        ('cut_off = "90s"', timedelta(seconds=90)),
        ('max_late = "1d"', timedelta(days=1)),
        ('send_at = ["18:00", "7:00", "18:00"]', (time(7), time(18))),
        ("send_at = 06:30:00", (time(6, 30),)),
        ('language = "pt_br"', "pt-BR"),
        ("skip_dates = [2026-12-25]", (date(2026, 12, 25),)),
        ("monthdays = [1, -1]", (1, -1)),
        ('holidays = "DE-BY"', "DE-BY"),
        ('brand = { accent = "#A32" }', "#aa3322"),
    ],
)
def test_a_value_is_read_as_what_it_means(tmp_path: Path, line: str, expected: object) -> None:
    newsletter = load(write(tmp_path, SMALL + line), {}).newsletters["morning"]
    key = line.split(" ", maxsplit=1)[0]
    assert (newsletter.brand.accent if key == "brand" else getattr(newsletter, key)) == expected


def test_one_feed_may_stand_without_a_list(tmp_path: Path) -> None:
    settings = load(
        write(tmp_path, SMALL.replace('["https://example.org/world.rss"]', '"https://example.org/world.rss"')), {}
    )
    assert [feed.url for feed in settings.topics["world"].feeds] == ["https://example.org/world.rss"]


# problems

WRONG = """
colect = 1
[site]
base_url = "news.example.org"
secrte = "hunter2"
[store]
url = "mysql://root:hunter2@db/x"
[collect]
every = 30
timeout = "0s"
max_body = "much"
[topics.world]
title = "World"
limit = "many"
feeds = ["example.org/feed", { url = "https://a.test/", wieght = 2 }]
[topics."World news"]
title = "W"
[newsletters.morning]
title = "Morning\\nBcc: you@example.org"
language = "french"
timezone = "Paris"
topics = ["wrold"]
days = ["monday"]
send_at = "25:00"
review = "windw"
sender = { name = "The Morning", address = "morning@" }
lead = { sentences = 9 }
pauses = [{ first = 2026-08-15, last = 2026-08-01 }]
holidays = "france"
monthdays = [0]
skip_dates = ["Christmas"]
brand = { accent = "red" }
[newsletters.noon]
title = ""
topics = []
[smtp]
port = 99999
password = 5
[dkim.d1]
domain = "example.org"
"""

TOLD = (
    "colect: unknown key; did you mean 'collect'?",
    "site.base_url = 'news.example.org': not a web address; write it in full, as in 'https://news.example.org'",
    "site.secrte: unknown key; did you mean 'secret'?",
    "store.url: not the address of an SQLite file or a PostgreSQL database; "
    "write 'sqlite:///digest.db' or 'postgresql://user@host/database'",
    "collect.every = 30: not a duration; write a number and a unit, as in '45s', '30m', '3h' or '1d'",
    "collect.timeout = '0s': no time at all; write at least '1s'",
    "collect.max_body = 'much': not a size; write it as in '10MB' or '500kB'",
    "topics.world.limit = 'many': not a whole number; write digits only, as in 25",
    "topics.world.feeds[0].url = 'example.org/feed': not a web address; "
    "write it in full, as in 'https://example.org/feed.xml'",
    "topics.world.feeds[1].wieght: unknown key; did you mean 'weight'?",
    "topics.\"World news\" = 'World news': not a key; "
    "write small letters, digits and single hyphens, as in 'world-news'",
    "newsletters.morning.title = 'Morning\\nBcc: you@example.org': "
    "holds a line break or control character; write it on one line",
    "newsletters.morning.language = 'french': not a language code; did you mean 'fr'?",
    "newsletters.morning.timezone = 'Paris': not a time zone; did you mean 'Europe/Paris'?",
    "newsletters.morning.topics = 'wrold': no such topic; did you mean 'world'?",
    "newsletters.morning.days[0] = 'monday': not a known choice; "
    "write one of mon, tue, wed, thu, fri, sat, sun (did you mean 'mon'?)",
    "newsletters.morning.send_at = '25:00': not a time of day; write hours and minutes, as in '07:00'",
    "newsletters.morning.review = 'windw': not a known choice; "
    "write one of auto, required, window (did you mean 'window'?)",
    "newsletters.morning.sender.address = 'morning@': not a mail address "
    "(There must be something after the @-sign); write it as in 'news@example.org'",
    "newsletters.morning.lead.sentences = 9: too big; write 3 or less",
    "newsletters.morning.pauses[0]: ends before it begins; let 'last' be the same day as 'first' or later",
    "newsletters.morning.holidays = 'france': not a country whose holidays are known; "
    "write its code, as in 'FR' or 'DE-BY'",
    "newsletters.morning.monthdays[0] = 0: not a day of the month; "
    "write 1 to 31, or -1 for the last day, -2 for the one before",
    "newsletters.morning.skip_dates[0] = 'Christmas': not a date; write it as in 2026-12-25",
    "newsletters.morning.brand.accent = 'red': not a colour; write six hex digits, as in '#a3261b'",
    "newsletters.noon.title = '': empty; write some text",
    "newsletters.noon.sender: missing; add it, as in the commented settings.toml that 'digest init' writes",
    "newsletters.noon.topics = []: empty; name at least one",
    "smtp.port = 99999: too big; write 65535 or less",
    "smtp.password: not a text; put it in quotes",
    "dkim.d1: no private key; name its file in key_file, which 'digest dkim keygen' makes",
)


def test_every_problem_is_told_at_once_with_key_value_and_remedy(tmp_path: Path) -> None:
    told = problems(write(tmp_path, WRONG))
    assert sorted(told) == sorted(TOLD)


def test_no_problem_shows_a_secret(tmp_path: Path) -> None:
    text = "\n".join(
        problems(write(tmp_path, WRONG), {"DIGEST_SMTP__PASSWRD": "hunter2", "DIGEST_DKIM__D1__KEYS": "hunter2"})
    )
    assert "hunter2" not in text
    assert "5: " not in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[smtp]\nport = true", "smtp.port = true: not a number; write digits only, as in 25"),
        ("[smtp]\nrate = false", "smtp.rate = false: not a number; write digits only, as in 25"),
        ("[collect]\nmax_body = 0", "collect.max_body = 0: no size at all; write at least '1kB'"),
        ('[web]\nhost = ""', "web.host = '': empty; write some text"),
        (
            '[web]\nproxies = ["300.1.1.1"]',
            "web.proxies[0] = '300.1.1.1': not an IP address or network; write it as in '192.0.2.1' or '10.0.0.0/8'",
        ),
        (
            '[deliver]\nname_servers = "dns.example"',
            "deliver.name_servers = 'dns.example': not the IP address of a name server; "
            "write it as in '192.0.2.53' or '192.0.2.53:5353'",
        ),
    ],
)
def test_what_would_only_fail_later_or_mean_something_else_is_refused(tmp_path: Path, text: str, told: str) -> None:
    assert problems(write(tmp_path, SMALL + text)) == (told,)


def test_a_name_that_nobody_can_print_does_not_break_the_line(tmp_path: Path) -> None:
    told = problems(write(tmp_path, SMALL.replace("[topics.world]", '[topics."\\r0"]')))
    assert "newsletters.morning.topics = 'world': no such topic; known here: '\\r0'" in told


def test_addresses_of_machines_are_taken_in_every_form(tmp_path: Path) -> None:
    servers, proxies = ["192.0.2.53", "192.0.2.53:5353", "2001:db8::53"], ["127.0.0.1", "10.0.0.0/8", "::1", "*"]
    text = f"{SMALL}[deliver]\nname_servers = {servers}\n[web]\nproxies = {proxies}"
    settings = load(write(tmp_path, text), {})
    assert (list(settings.deliver.name_servers), list(settings.web.proxies)) == (servers, proxies)


@pytest.mark.parametrize(
    ("value", "hint"),
    [("europe/pariss", "'Europe/Paris'"), ("new york", "'America/New_York'"), ("+02:00", "'Europe/Paris' or 'UTC'")],
)
def test_a_wrong_time_zone_leads_to_the_right_one(tmp_path: Path, value: str, hint: str) -> None:
    (problem,) = problems(write(tmp_path, f'{SMALL}timezone = "{value}"'))
    assert hint in problem


@pytest.mark.parametrize(("value", "hint"), [("Deutsch", "'de'"), ("arabic", "'ar'"), ("xx", "'en', 'fr'")])
def test_a_wrong_language_leads_to_a_code(tmp_path: Path, value: str, hint: str) -> None:
    (problem,) = problems(write(tmp_path, f'{SMALL}language = "{value}"'))
    assert hint in problem


def test_a_table_where_a_value_should_be_is_told_without_its_content(tmp_path: Path) -> None:
    assert problems(write(tmp_path, "smtp = 5\n[collect.every]\na = 1\n")) == (
        "collect.every: not a duration; write a number and a unit, as in '45s', '30m', '3h' or '1d'",
        "smtp = 5: not a table; write keys under a [heading] or inside { }",
    )


def test_importing_settings_brings_nothing_heavy() -> None:
    heavy = ("babel", "email_validator", "holidays", "tomlkit", "sqlalchemy", "lxml", "aiohttp", "cryptography")
    code = f"import sys, digest.settings; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


OWN = """
[site]
base_url = "https://BASE/news"
mailbox = "post@b\u00fccher.example"
[topics.world]
title = "World"
feeds = ["https://herald.example/feed"]
[newsletters.morning]
title = "The Morning"
sender = { name = "The Morning", address = "SENDER" }
topics = ["world"]
"""


def test_names_in_other_letters_are_kept_as_dns_and_mail_servers_have_them(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(OWN.replace("BASE", "b\u00fccher.example:8443").replace("SENDER", "news@\u00e9t\u00e9.example"))
    read = load(path, {})
    assert read.site.base_url == "https://xn--bcher-kva.example:8443/news"
    assert read.site.mailbox == "post@xn--bcher-kva.example"
    assert read.newsletters["morning"].sender.address == "news@xn--t-9fab.example"


@pytest.mark.parametrize(
    ("base", "sender", "told"),
    [
        ("a..\u00fc", "news@example.org", "no name that DNS could have"),
        ("a.example", "\u00f1@example.org", "before the @"),
    ],
)
def test_names_that_mail_cannot_hold_are_refused(tmp_path: Path, base: str, sender: str, told: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(OWN.replace("BASE", base).replace("SENDER", sender))
    with pytest.raises(SettingsError, match=told):
        load(path, {})
