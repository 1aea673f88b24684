"""Server words: the one judge of a mail server's refusal, whether it came as a reply, in a notice or by a webhook.

The enhanced status code decides (RFC 3463, RFC 5248); where it is missing or vague, the words do, by the table
`data/server_words.toml`. A refusal for policy, reputation or content is about us and never about the subscriber.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple

#: mailbox: it does not exist. full: it is over quota. policy: about sender, content, rate. route: the way there failed.
#: server: the server has trouble. greylist: it delays unknown senders. unknown: neither code nor words say.
Cause = Literal["mailbox", "full", "policy", "route", "server", "greylist", "unknown"]

_ENHANCED: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)", re.ASCII)
_CODE: Final = re.compile(r"(?<![\d.])([45])\d\d(?!\d|\.\d)", re.ASCII)
_MAILBOX: Final = {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1), (4, 4)}  # 4.4: the domain has no address any more
_FULL: Final = {(2, 2)}
_POLICY: Final = {(1, 7), (1, 8), (2, 3), (3, 4)}  # a bad sender address, a message that is too long
_CONTENT_SUBJECT, _POLICY_SUBJECT, _SERVER_SUBJECT, _ROUTE_SUBJECT = 6, 7, 3, 4
_MAX_TEXT: Final = 2000  # characters that are looked at
#: Addresses, URLs and host names: their words say nothing about the refusal.
_NAMES: Final = re.compile(
    r"<[^<>]{0,300}>|[^\s@<>]{1,100}@[^\s<>]{1,255}|https?:\S+|(?<![\w.-])[\w-]+(?:\.[\w-]+)+(?![\w-])"
)
_SPACED_SCRIPT: Final = re.compile(r"[A-Za-z\u00c0-\u024f\u0400-\u04ff]")


class Verdict(NamedTuple):
    """The subject of a refusal, and whether it is permanent (5yz) or temporary (4yz)."""

    cause: Cause
    permanent: bool


@lru_cache(maxsize=1024)
def judge(text: str, status: str = "", code: int = 0) -> Verdict:
    """The meaning of a refusal.

    `status` is the enhanced code of a notice (`5.1.1`) and `code` the reply's where they are known apart from the text;
    otherwise both are looked for in the text. A more exact code in the text replaces a status that ends in `.0.0`.
    """
    text = text[:_MAX_TEXT]
    enhanced = _ENHANCED.fullmatch(status.strip())
    if enhanced is None or (enhanced[2], enhanced[3]) == ("0", "0"):
        enhanced = _ENHANCED.search(text) or enhanced
    if enhanced:
        permanent, detail = enhanced[1] == "5", (int(enhanced[2]), int(enhanced[3]))
    else:
        permanent, detail = code >= 500 if code else not _says_temporary(text), (0, 0)
    return Verdict(_cause_by_status(detail) or _cause_by_words(text) or _default(detail[0]), permanent)


def _says_temporary(text: str) -> bool:
    match = _CODE.search(text)
    return match is not None and match[1] == "4"


def _cause_by_status(detail: tuple[int, int]) -> Cause | None:
    if detail in _FULL:
        return "full"
    if detail in _MAILBOX:
        return "mailbox"
    return "policy" if detail in _POLICY or detail[0] in {_CONTENT_SUBJECT, _POLICY_SUBJECT} else None


def _cause_by_words(text: str) -> Cause | None:
    words, table = " ".join(_NAMES.sub(" ", text.replace("\u2019", "'")).split()), _table()
    rest, full = table["full"].subn(" ", words)
    rest, mailbox = table["mailbox"].subn(" ", rest)
    if table["greylist"].search(words):
        return "greylist"
    if table["policy"].search(rest):
        return "policy"
    if full or mailbox:
        return "full" if full else "mailbox"
    return "route" if table["route"].search(rest) else None


def blames_sender(text: str) -> bool:
    """True when the words are about the sender: its address, reputation, rate or content; false for greylisting."""
    return bool(_table()["policy"].search(_NAMES.sub(" ", text[:_MAX_TEXT]))) and not is_greylisting(text)


def is_greylisting(text: str) -> bool:
    """True when the words announce greylisting, whatever the code."""
    return bool(_table()["greylist"].search(_NAMES.sub(" ", text[:_MAX_TEXT])))


def _default(subject: int) -> Cause:
    if subject == _SERVER_SUBJECT:
        return "server"
    return "route" if subject == _ROUTE_SUBJECT else "unknown"


@cache
def _table() -> dict[str, re.Pattern[str]]:
    """The phrases of each cause as one pattern."""
    data = tomllib.loads((files("digest.deliver") / "data" / "server_words.toml").read_text(encoding="utf-8"))
    return {cause: _pattern(phrases) for cause, phrases in data.items()}


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_phrase, sorted(phrases, key=len, reverse=True))), re.IGNORECASE)


def _phrase(phrase: str) -> str:
    """One phrase as a pattern. Scripts without spaces have no word boundaries to require."""
    if not _SPACED_SCRIPT.search(phrase):
        return re.escape(phrase)
    parts = [r"\W+".join(map(re.escape, part.split())) for part in phrase.removesuffix("*").split(" … ")]
    return r"(?<!\w)" + r"\W+(?:\w+\W+){0,4}?".join(parts) + ("" if phrase.endswith("*") else r"(?!\w)")
