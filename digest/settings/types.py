"""Types of values in settings.toml: durations, sizes, clock times, addresses, zones, languages, paths.

Each parser takes the value from TOML or the environment and returns ours, or raises `ValueError("problem; remedy")`,
the text after the key in a problem line. No parser reads a clock, a file or the network.
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
    """Return 'did you mean ...?' for the closest known word, else `otherwise`, or the list of known words."""
    choices = sorted(known)
    close = difflib.get_close_matches(word.casefold(), [c.casefold() for c in choices], n=1, cutoff=0.6)
    if close:
        return f"did you mean {next(c for c in choices if c.casefold() == close[0])!r}?"
    printable = (choice if choice.isprintable() else repr(choice) for choice in choices)
    return otherwise or "known here: " + (", ".join(printable) or "none")


def duration(value: object) -> timedelta:
    """Parse `'30m'`, `'3h'`, `'1d'`, `'1h30m'`, `'45s'`, `'2w'`. A number without a unit is refused."""
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
    """Refuse a duration of 0: a job that repeats by it would never pause."""
    if not value:
        raise ValueError("no time at all; write at least '1s'")
    return value


def size(value: object) -> int:
    """Parse `'10MB'`, `'500 kB'` or a number of bytes as bytes (kilo is 1,000)."""
    match = re.fullmatch(r"(\d+)\s*([kmg]?b?)", str(value).strip().lower())
    if not match or match[2] not in _SIZES:
        raise ValueError("not a size; write it as in '10MB' or '500kB'")
    if not int(match[1]):
        raise ValueError("no size at all; write at least '1kB'")
    return int(match[1]) * _SIZES[match[2]]


def clock(value: object) -> time:
    """Parse `'07:00'` (or TOML's own `07:00:00`) as a time of day in whole minutes."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(:00)?", str(value).strip())
    if not match:
        raise ValueError("not a time of day; write hours and minutes, as in '07:00'")
    return time(int(match[1]), int(match[2]))


def ascending(values: tuple[time, ...]) -> tuple[time, ...]:
    """Return the values sorted, without duplicates."""
    return tuple(sorted(set(values)))


def once_each(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list with duplicates."""
    if twice := next((value for value in values if values.count(value) > 1), None):
        raise ValueError(f"names {twice!r} twice; leave one")
    return values


def monthday(value: int) -> int:
    """Check a day of the month: 1 to 31 from the first day, -1 to -31 from the last."""
    if not 1 <= abs(value) <= 31:
        raise ValueError("not a day of the month; write 1 to 31, or -1 for the last day, -2 for the one before")
    return value


def holiday_place(value: str) -> str:
    """Check a country or region whose public holidays are known; "" for none."""
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
    """Return a single value as a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


def address(value: str) -> str:
    """Parse a mail address into its form in SMTP; special domains (`.test`, `localhost`) are allowed."""
    from email_validator import EmailNotValidError, validate_email

    try:
        validated = validate_email(value, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        reason = str(error).rstrip(".")
        raise ValueError(f"not a mail address ({reason}); write it as in 'news@example.org'") from error
    return f"{validated.local_part}@{validated.ascii_domain}"


def own_address(value: str) -> str:
    """Parse an address of ours: ASCII before the @, since not every server supports RFC 6531."""
    text = address(value)
    if not text.isascii():
        raise ValueError("has other letters than a to z before the @, which many mail servers refuse; use another")
    return text


def web_address(value: str) -> str:
    """Check an absolute http or https URL without spaces."""
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
    """Check a web address that paths are joined to: no query, no fragment, no final slash."""
    try:
        web_address(value)
    except ValueError:
        raise ValueError("not a web address; write it in full, as in 'https://news.example.org'") from None
    if re.search(r"[?#]", value):
        raise ValueError("has a '?' or '#', so no path can follow; write only as far as 'https://news.example.org'")
    return _with_ascii_host(value).rstrip("/")


def _with_ascii_host(value: str) -> str:
    """Return the address with its host in ASCII (IDNA), as mails and headers need it."""
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
    """Check a name of the IANA time zone database."""
    from zoneinfo import available_timezones

    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown name, absolute path, or folder of the database
        names = available_timezones()
    else:
        return value
    cities = {name.rpartition("/")[2].replace("_", " ").casefold(): name for name in sorted(names)}
    if name := cities.get(value.replace("_", " ").casefold()):
        raise ValueError(f"not a time zone; did you mean {name!r}?")
    close = nearest(value, names) if len(value) > 2 else "known here:"
    hint = close if close.startswith("did") else "write it as in 'Europe/Paris' or 'UTC'"
    raise ValueError(f"not a time zone; {hint}")


@cache
def language(value: str) -> str:
    """Return a language code that Babel knows (`fr`, `pt-BR`), with a hyphen."""
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(value.replace("-", "_"))).replace("_", "-")
    except (UnknownLocaleError, ValueError):
        names = _language_names()
        close = difflib.get_close_matches(value.casefold(), names, n=1, cutoff=0.75)
        hint = f"did you mean {names[close[0]]!r}?" if close else "write a code, as in 'en', 'fr' or 'pt-BR'"
        raise ValueError(f"not a language code; {hint}") from None


@cache
def _language_names() -> dict[str, str]:
    """Map names of languages to codes ('french', 'français' -> 'fr'), for the error message."""
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
    """Check the IP address of a name server; IPv4 with an optional port."""
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
    """Check an IP address or network, or `*` for any."""
    try:
        if value != "*":
            ip_network(value, strict=False)
    except ValueError:
        raise ValueError("not an IP address or network; write it as in '192.0.2.1' or '10.0.0.0/8'") from None
    return value


def colour(value: str) -> str:
    """Check a colour of six hex digits, the only form that every mail client supports."""
    if match := re.fullmatch(r"#([0-9a-fA-F])([0-9a-fA-F])([0-9a-fA-F])", value):
        value = "#" + "".join(digit * 2 for digit in match.groups())
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError("not a colour; write six hex digits, as in '#a3261b'")
    return value.lower()


def one_line(value: str) -> str:
    """Refuse control characters, which must not enter a mail header."""
    if re.search(r"[\x00-\x1f\x7f-\x9f]", value):
        raise ValueError("holds a line break or control character; write it on one line")
    return value.strip()


def beside(value: Path, info: ValidationInfo) -> Path:
    """Resolve a relative path against the folder of the settings file."""
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / value.expanduser()


def picture(value: str, info: ValidationInfo) -> str:
    """Check the web address of a picture, or resolve its file relative to the settings; "" for none."""
    return value if not value or "://" in value else str(beside(Path(value), info))


def store_url(value: str, info: ValidationInfo) -> str:
    """Check an SQLAlchemy URL of SQLite or PostgreSQL; a relative SQLite file is relative to the settings file."""
    if value.startswith(("postgresql://", "postgresql+psycopg://", "postgres://")):
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", value)
    match = re.fullmatch(r"sqlite(?:\+pysqlite)?:///([^?]+)", value)
    if not match or match[1] == ":memory:":
        remedy = "write 'sqlite:///digest.db' or 'postgresql://user@host/database'"
        raise ValueError(f"not the address of an SQLite file or a PostgreSQL database; {remedy}")
    return f"sqlite:///{beside(Path(match[1]), info)}"


def key_name(value: object) -> str:
    """Check a key of `[topics.KEY]` or `[newsletters.KEY]`: it is used in addresses, file names and headers."""
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
