"""Catalogues: the translated words of each language, from gettext files in the template folders.

`locale/LANGUAGE/LC_MESSAGES/*.po` (`digest.po` for readers' mails, `editors.po` for editors', `pages.po` for the web)
are read as they are, at run time: nothing to compile, so a wheel, a checkout and a user's own folder work alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

import babel

from digest import resources
from digest.text.locale import Locale


@lru_cache(maxsize=64)
def locale(language: str, folders: tuple[Path, ...] = ()) -> Locale:
    """The locale of a language tag. The catalogues of `folders` (template folders) win, message by message.

    A language without a catalogue has English words, and still its own dates and direction.
    """
    tag = language.replace("_", "-") or "en"
    words: NullTranslations | None = None
    for folder in (*folders, resources.templates()):
        for name in dict.fromkeys((tag.replace("-", "_"), tag.split("-")[0])):
            for path in sorted((folder / "locale" / name / "LC_MESSAGES").glob("*.po")):
                found = _catalogue(path)
                if words is None:
                    words = found
                else:
                    words.add_fallback(found)
    translated = words is not None or tag.split("-")[0] == "en"
    return Locale(tag, _cldr(tag), words or NullTranslations(), translated)


def _catalogue(path: Path) -> NullTranslations:
    """A .po file as translations: compiled in memory. Messages marked 'fuzzy' are not used."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations

    with path.open("rb") as file:
        catalogue = read_po(file)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain="digest")


def _cldr(tag: str) -> babel.Locale:
    for candidate in (tag, tag.split("-", maxsplit=1)[0], "en"):
        try:
            return babel.Locale.parse(candidate, sep="-")
        except (ValueError, babel.UnknownLocaleError):
            continue
    raise AssertionError("Babel knows English")


def available(folders: Sequence[Path] = ()) -> list[str]:
    """Languages with words of their own, English first."""
    found = {"en"}
    for folder in (*folders, resources.templates()):
        found |= {path.parent.parent.name for path in (folder / "locale").glob("*/LC_MESSAGES/digest.po")}
    return sorted(found, key=lambda name: (name != "en", name))
