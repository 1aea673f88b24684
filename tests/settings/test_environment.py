"""The environment over settings.toml: what it changes, what wins, and what it is told when wrong."""

from __future__ import annotations

import tomllib
from datetime import time
from pathlib import Path

from digest.settings import Settings, load
from tests.settings.samples import EXAMPLE, SMALL, problems, tables, uncommented, write


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {
        "DIGEST_SMTP__HOST": "mail.example.org",
        "DIGEST_SMTP__PORT": "587",
        "DIGEST_COLLECT__ALLOW_PRIVATE_NETWORKS": "true",
        "DIGEST_NEWSLETTERS__MORNING__TITLE": "Good morning",
        "DIGEST_NEWSLETTERS__MORNING__DAYS": "sat, sun",
        "DIGEST_NEWSLETTERS__MORNING__SEND_AT": '["08:00"]',
        "DIGEST_NEWSLETTERS__MORNING__SENDER__ADDRESS": "desk@example.org",
        "DIGEST_NEWSLETTERS__MORNING__LEAD": "{ sentences = 1 }",
        "DIGEST_TOPICS__WORLD__FEEDS": "https://a.test/1,https://a.test/2",
        "PATH": "/bin",
    }
    settings = load(write(tmp_path, SMALL), environ)
    morning = settings.newsletters["morning"]
    assert (settings.smtp.host, settings.smtp.port) == ("mail.example.org", 587)
    assert settings.collect.allow_private_networks
    assert (morning.title, morning.days, morning.send_at) == ("Good morning", ("sat", "sun"), (time(8),))
    assert (morning.sender.name, morning.sender.address) == ("The Morning", "desk@example.org")
    assert morning.lead.sentences == 1
    assert [feed.url for feed in settings.topics["world"].feeds] == ["https://a.test/1", "https://a.test/2"]


def test_every_key_of_the_file_can_come_from_the_environment(tmp_path: Path) -> None:
    """Each key of the example, moved from the file into the environment, gives the same settings."""
    text = uncommented(EXAMPLE.read_text("utf-8"))
    expected = load(write(tmp_path, text), {})
    data, environ = tomllib.loads(text), {}
    for path, model in tables(Settings).items():
        table = data
        for part in path.split("."):
            table = table[part]
        for name in set(model.model_fields) & set(table) - {"brand"}:
            environ[f"DIGEST_{path.replace('.', '__')}__{name}".upper()] = _as_text(table[name])
    bare = "\n".join(f"[{path}]" for path in (*tables(Settings), "topics.science"))
    environ["DIGEST_TOPICS__SCIENCE__TITLE"] = "Science"
    environ["DIGEST_TOPICS__SCIENCE__FEEDS"] = "https://example.org/science.rss"
    assert load(write(tmp_path, bare), environ) == expected


def _as_text(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_as_toml(inner)}" for key, inner in value.items()) + "}"
    return _as_toml(value) if isinstance(value, list) else str(value)


def _as_toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_as_toml(inner) for inner in value) + "]"
    return f'"{value}"' if isinstance(value, str) else _as_text(value)


def test_a_key_with_a_hyphen_is_reached_by_an_underscore(tmp_path: Path) -> None:
    settings = load(
        write(tmp_path, '[topics.world-news]\ntitle = "x"\n'), {"DIGEST_TOPICS__WORLD_NEWS__TITLE": "World news"}
    )
    assert settings.topics["world-news"].title == "World news"


def test_whole_tables_of_tables_can_come_from_a_variable_and_are_never_shown(tmp_path: Path) -> None:
    file = write(tmp_path, SMALL)
    settings = load(file, {"DIGEST_DKIM": '{ d1 = { domain = "example.org", key = "hunter2" } }'})
    assert settings.dkim["d1"].key.get_secret_value() == "hunter2"
    for text in ('{ d1 = { domian = "example.org", key = "hunter2" } }', '{ d1 = { key = "hunter2 } }', "hunter2"):
        assert "hunter2" not in "".join(problems(file, {"DIGEST_DKIM": text}))


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load(write(tmp_path, SMALL), {"DIGEST_SMTP__PORT": "", "DIGEST_NONSENSE": ""}).smtp.port == 25


def test_unknown_variables_are_told_with_the_nearest_name(tmp_path: Path) -> None:
    environ = dict.fromkeys(("DIGEST_SMTPP__HOST", "DIGEST_SMTP__HOTS", "DIGEST_NEWSLETTERS__MORNIN__TITLE"), "x")
    assert problems(write(tmp_path, SMALL), environ) == (
        "DIGEST_NEWSLETTERS__MORNIN__TITLE: unknown name; did you mean 'DIGEST_NEWSLETTERS__MORNING'?",
        "DIGEST_SMTPP__HOST: unknown name; did you mean 'DIGEST_SMTP'?",
        "DIGEST_SMTP__HOTS: unknown name; did you mean 'DIGEST_SMTP__HOST'?",
    )


def test_a_wrong_value_from_the_environment_names_the_variable(tmp_path: Path) -> None:
    environ = {"DIGEST_SMTP__PORT": "smtp", "DIGEST_NEWSLETTERS__MORNING__DAYS": '["mon"'}
    told = problems(write(tmp_path, SMALL), environ)
    assert told[0].startswith("DIGEST_NEWSLETTERS__MORNING__DAYS: not written as TOML")
    assert told[1] == "DIGEST_SMTP__PORT = 'smtp': not a whole number; write digits only, as in 25"


def test_secrets_come_from_variable_then_file_then_credentials(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "digest_smtp__password").write_text("from credentials\n")
    (credentials / "something-else").write_text("not ours")
    secret = tmp_path / "password"
    secret.write_text("from file\n")
    environ = {"CREDENTIALS_DIRECTORY": str(credentials)}
    file = write(tmp_path, SMALL + '[smtp]\npassword = "from toml"\n')
    found = []
    for more in ({}, {"DIGEST_SMTP__PASSWORD_FILE": str(secret)}, {"DIGEST_SMTP__PASSWORD": "from variable"}):
        environ |= more
        found.append(load(file, environ).smtp.password.get_secret_value())
    assert found == ["from credentials", "from file", "from variable"]
    assert load(file, {}).smtp.password.get_secret_value() == "from toml"


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, SMALL), {"DIGEST_SMTP__PASSWORD_FILE": "/nowhere/password"})
    assert problem.startswith("DIGEST_SMTP__PASSWORD_FILE = '/nowhere/password': cannot be read")


def test_secrets_do_not_show_in_a_printed_settings_object(tmp_path: Path) -> None:
    text = '[store]\nurl = "postgresql://u:hunter2@db/x"\n[smtp]\npassword = "hunter2"\n[site]\nsecret = "hunter2"\n'
    assert "hunter2" not in repr(load(write(tmp_path, text), {}))


def test_a_strange_credential_is_named_by_its_file_and_a_misspelt_settings_by_the_right_name(tmp_path: Path) -> None:
    (tmp_path / "DIGEST_SMTP__PASSWRD").write_text("x", encoding="utf-8")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "DIGEST_SETTING": "x"}
    assert list(problems(write(tmp_path, SMALL), environ)) == [
        f"{tmp_path / 'DIGEST_SMTP__PASSWRD'}: unknown name; did you mean 'DIGEST_SMTP__PASSWORD'?",
        "DIGEST_SETTING: unknown name; did you mean 'DIGEST_SETTINGS'?",
    ]
