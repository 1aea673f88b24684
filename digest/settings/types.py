"""The kinds of value that settings.toml holds: durations, sizes, clock times, addresses, zones, languages, paths.

Each parser takes what TOML or the environment gives and returns the value, or raises `ValueError("what; remedy")`: the
text after the key in a problem line. Nothing here reads a clock, a file or the network.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import time, timedelta
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, StringConstraints, ValidationInfo

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SIZES: Final = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3}


def nearest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """'did you mean ...?' when something known is close to `word`, else `otherwise`, or the list of what is known."""
    choices = sorted(known)
    close = difflib.get_close_matches(word.casefold(), [c.casefold() for c in choices], n=1, cutoff=0.6)
    if close:
        return f"did you mean {next(c for c in choices if c.casefold() == close[0])!r}?"
    shown = (choice if choice.isprintable() else repr(choice) for choice in choices)
    return otherwise or "known here: " + (", ".join(shown) or "none")


def duration(value: object) -> timedelta:
    """`'30m'`, `'3h'`, `'1d'`, `'1h30m'`, `'45s'`, `'2w'` as a timedelta. A bare number is refused: of what?"""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip().lower()
    parts = re.findall(r"(\d+)\s*([smhdw])\s*", text)
    if not parts or re.sub(r"(\d+)\s*([smhdw])\s*", "", text):
        raise ValueError("not a duration; write a number and a unit, as in '45s', '30m', '3h' or '1d'")
    try:
        return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
    except OverflowError as error:
        raise ValueError("too long; a duration ends before the year 10000") from error


def some_time(value: timedelta) -> timedelta:
    """A duration that is not nothing: what waits or repeats by it would else never rest."""
    if not value:
        raise ValueError("no time at all; write at least '1s'")
    return value


def size(value: object) -> int:
    """`'10MB'`, `'500 kB'` or a number of bytes, as bytes (kilo is 1,000)."""
    found = re.fullmatch(r"(\d+)\s*([kmg]?b?)", str(value).strip().lower())
    if not found or found[2] not in _SIZES:
        raise ValueError("not a size; write it as in '10MB' or '500kB'")
    if not int(found[1]):
        raise ValueError("no size at all; write at least '1kB'")
    return int(found[1]) * _SIZES[found[2]]


def clock(value: object) -> time:
    """`'07:00'` (or TOML's own `07:00:00`) as a time of day in whole minutes."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(:00)?", str(value).strip())
    if not found:
        raise ValueError("not a time of day; write hours and minutes, as in '07:00'")
    return time(int(found[1]), int(found[2]))


def ascending(values: tuple[time, ...]) -> tuple[time, ...]:
    """Earliest first, each once."""
    return tuple(sorted(set(values)))


def once_each(values: tuple[str, ...]) -> tuple[str, ...]:
    """A list in which nothing comes twice."""
    if twice := next((value for value in values if values.count(value) > 1), None):
        raise ValueError(f"names {twice!r} twice; leave one")
    return values


def monthday(value: int) -> int:
    """1 to 31 from the month's first day, -1 to -31 from its last."""
    if not 1 <= abs(value) <= 31:
        raise ValueError("not a day of the month; write 1 to 31, or -1 for the last day, -2 for the one before")
    return value


def holiday_place(value: str) -> str:
    """A country, or a part of one, whose public holidays are known; "" for none."""
    if not value:
        return value
    import holidays

    country, _, part = value.partition("-")
    try:
        holidays.country_holidays(country, subdiv=part or None)
    except (NotImplementedError, KeyError) as error:
        raise ValueError("not a country whose holidays are known; write its code, as in 'FR' or 'DE-BY'") from error
    return value


def many(value: object) -> object:
    """One value where a list may stand is a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


def address(value: str) -> str:
    """A mail address in the form that goes on the wire; special domains (`.test`, `localhost`) are allowed."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(value, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        reason = str(error).rstrip(".")
        raise ValueError(f"not a mail address ({reason}); write it as in 'news@example.org'") from error
    return f"{found.local_part}@{found.ascii_domain}"


def own_address(value: str) -> str:
    """A mail address of ours, which every server must be able to take: ASCII before the @ (RFC 6531 is not
    everywhere).
    """
    found = address(value)
    if not found.isascii():
        raise ValueError("has other letters than a to z before the @, which many mail servers refuse; use another")
    return found


def web_address(value: str) -> str:
    """An absolute http or https URL without blanks."""
    try:
        parts = urlsplit(value)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s<>\"]", value)
        _ = parts.port
    except ValueError:
        fine = False
    if not fine:
        raise ValueError("not a web address; write it in full, as in 'https://example.org/feed.xml'")
    return value


def base_address(value: str) -> str:
    """A web address that paths are joined to: no query, no fragment, no slash at the end."""
    try:
        web_address(value)
    except ValueError:
        raise ValueError("not a web address; write it in full, as in 'https://news.example.org'") from None
    if re.search(r"[?#]", value):
        raise ValueError("has a '?' or '#', so no path can follow; write only as far as 'https://news.example.org'")
    return _with_ascii_host(value).rstrip("/")


def _with_ascii_host(value: str) -> str:
    """The address as mails and headers can hold it: its host's other letters as DNS has them."""
    import idna

    parts = urlsplit(value)
    host = parts.hostname or ""
    if host.isascii():
        return value
    try:
        name = idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"its host is no name that DNS could have ({error})") from None
    return parts._replace(netloc=parts.netloc.replace(host, name)).geturl()


@cache
def zone(value: str) -> str:
    """A name of the IANA time zone database."""
    from zoneinfo import available_timezones

    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown, not a relative path, or a folder of the database
        names = available_timezones()
    else:
        return value
    cities = {name.rpartition("/")[2].replace("_", " ").casefold(): name for name in sorted(names)}
    if named := cities.get(value.replace("_", " ").casefold()):
        raise ValueError(f"not a time zone; did you mean {named!r}?")
    close = nearest(value, names) if len(value) > 2 else "known here:"
    hint = close if close.startswith("did") else "write it as in 'Europe/Paris' or 'UTC'"
    raise ValueError(f"not a time zone; {hint}")


@cache
def language(value: str) -> str:
    """A language code that Babel knows (`fr`, `pt-BR`), with a hyphen."""
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(value.replace("-", "_"))).replace("_", "-")
    except (UnknownLocaleError, ValueError):
        named = _language_names()
        close = difflib.get_close_matches(value.casefold(), named, n=1, cutoff=0.75)
        hint = f"did you mean {named[close[0]]!r}?" if close else "write a code, as in 'en', 'fr' or 'pt-BR'"
        raise ValueError(f"not a language code; {hint}") from None


@cache
def _language_names() -> dict[str, str]:
    """'french' and 'français' -> 'fr', for people who write the name."""
    from babel import Locale
    from babel.localedata import locale_identifiers

    names: dict[str, str] = {}
    for code in sorted(code for code in locale_identifiers() if len(code) == 2):
        locale = Locale(code)
        for name in (locale.english_name, locale.display_name):
            if name:
                names.setdefault(name.casefold(), code)
    return names


def name_server(value: str) -> str:
    """The IP address of a name server, an IPv4 one with a port or without."""
    host, colon, port = value.rpartition(":") if value.count(":") == 1 else (value, "", "")
    try:
        ip_address(host)
        fine = not colon or 0 < int(port) < 65_536
    except ValueError:
        fine = False
    if not fine:
        raise ValueError("not the IP address of a name server; write it as in '192.0.2.53' or '192.0.2.53:5353'")
    return value


def proxy(value: str) -> str:
    """An IP address or a network of them, or `*` for whoever connects."""
    try:
        if value != "*":
            ip_network(value, strict=False)
    except ValueError:
        raise ValueError("not an IP address or network; write it as in '192.0.2.1' or '10.0.0.0/8'") from None
    return value


def colour(value: str) -> str:
    """A colour as six hex digits, the only form every mail client reads."""
    if found := re.fullmatch(r"#([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])", value):
        value = "#" + "".join(digit * 2 for digit in found.groups())
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError("not a colour; write six hex digits, as in '#a3261b'")
    return value.lower()


def one_line(value: str) -> str:
    """Text that may stand in a mail header: no control characters."""
    if re.search(r"[\x00-\x1f\x7f-\x9f]", value):
        raise ValueError("holds a line break or control character; write it on one line")
    return value.strip()


def beside(value: Path, info: ValidationInfo) -> Path:
    """A relative path is relative to the settings file, not to where the command was typed."""
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / value.expanduser()


def picture(value: str, info: ValidationInfo) -> str:
    """A picture's web address, or its file beside the settings; "" for none."""
    return value if not value or "://" in value else str(beside(Path(value), info))


def store_url(value: str, info: ValidationInfo) -> str:
    """An SQLAlchemy URL of SQLite or PostgreSQL; a relative SQLite file is relative to the settings file."""
    if value.startswith(("postgresql://", "postgresql+psycopg://", "postgres://")):
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", value)
    found = re.fullmatch(r"sqlite(?:\+pysqlite)?:///([^?]+)", value)
    if not found or found[1] == ":memory:":
        remedy = "write 'sqlite:///digest.db' or 'postgresql://user@host/database'"
        raise ValueError(f"not the address of an SQLite file or a PostgreSQL database; {remedy}")
    return f"sqlite:///{beside(Path(found[1]), info)}"


def key_name(value: object) -> str:
    """A key of `[topics.KEY]` or `[newsletters.KEY]`: it goes into addresses, file names and mail headers."""
    if not re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", str(value)):
        raise ValueError("not a key; write small letters, digits and single hyphens, as in 'world-news'")
    return str(value)


_T = TypeVar("_T")

Duration = Annotated[timedelta, BeforeValidator(duration)]
Period = Annotated[timedelta, BeforeValidator(duration), AfterValidator(some_time)]
Size = Annotated[int, BeforeValidator(size)]
Clock = Annotated[time, BeforeValidator(clock)]
Monthday = Annotated[int, AfterValidator(monthday)]
HolidayPlace = Annotated[str, AfterValidator(holiday_place)]
Many = Annotated[tuple[_T, ...], BeforeValidator(many)]
Clocks = Annotated[Many[Clock], AfterValidator(ascending)]
Address = Annotated[str, AfterValidator(address)]
OwnAddress = Annotated[str, AfterValidator(own_address)]
OptionalOwnAddress = Annotated[str, AfterValidator(lambda value: value and own_address(value))]
WebAddress = Annotated[str, AfterValidator(web_address)]
BaseAddress = Annotated[str, AfterValidator(base_address)]
OptionalBaseAddress = Annotated[str, AfterValidator(lambda value: value and base_address(value))]
Zone = Annotated[str, AfterValidator(zone)]
Language = Annotated[str, AfterValidator(language)]
Colour = Annotated[str, AfterValidator(colour)]
OptionalColour = Annotated[str, AfterValidator(lambda value: value and colour(value))]
Line = Annotated[str, AfterValidator(one_line)]
NameServer = Annotated[str, AfterValidator(name_server)]
Proxy = Annotated[str, AfterValidator(proxy)]
Title = Annotated[str, StringConstraints(min_length=1), AfterValidator(one_line)]
Beside = Annotated[Path, AfterValidator(beside)]
Picture = Annotated[str, AfterValidator(picture)]
StoreUrl = Annotated[str, AfterValidator(store_url)]
Key = Annotated[str, AfterValidator(key_name)]
