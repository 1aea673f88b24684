"""Whatever stands in settings.toml or in the environment is loaded, or told in lines that a person can act on."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SettingsError
from digest.settings import Settings, from_data, load
from tests.settings.samples import EXAMPLE, tables, uncommented

VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(),
        st.text(max_size=12),
        st.dates(),
        st.times(),
        st.datetimes(),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=4,
)
TABLES = tables(Settings)
KEYS = [(path, key) for path, model in TABLES.items() for key in model.model_fields]
PLACES = st.sampled_from(
    [*KEYS, *((path, "unknown") for path in TABLES), *(("", key) for key in Settings.model_fields)]
)
VARIABLES = st.sampled_from([f"DIGEST_{path.replace('.', '__')}__{key}".upper() for path, key in KEYS])


def told(error: SettingsError) -> None:
    """Each problem is one line, with a remedy after the semicolon."""
    assert error.problems
    for line in error.problems:
        assert len(line.splitlines()) == 1, line
        assert ";" in line, line


@settings(max_examples=80, deadline=None)
@given(wrong=st.lists(st.tuples(PLACES, VALUES), min_size=1, max_size=4))
def test_any_value_at_any_key_is_loaded_or_told(wrong: list[tuple[tuple[str, str], Any]]) -> None:
    data = tomllib.loads(uncommented(EXAMPLE.read_text("utf-8")))
    for (path, key), value in wrong:
        table: Any = data
        for part in filter(None, path.split(".")):
            table = table.setdefault(part, {}) if isinstance(table, dict) else None
        if isinstance(table, dict):
            table[key] = value
    try:
        from_data(data, EXAMPLE, {})
    except SettingsError as error:
        told(error)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(VARIABLES, st.text(max_size=20), max_size=4))
def test_any_text_in_any_variable_is_loaded_or_told(environ: dict[str, str]) -> None:
    try:
        load(EXAMPLE, environ)
    except SettingsError as error:
        told(error)
