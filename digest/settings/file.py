"""Changes of settings.toml that keep its comments, and the secret that an embedded installation keeps beside it."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from digest.errors import SettingsError
from digest.settings.types import nearest, web_address

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

    from digest.settings.model import Settings

#: The file beside the settings that holds `site.secret` where it is not set; mode 0600.
KEPT_SECRET: Final = ".digest-secret"  # noqa: S105 (a file name)


def ensure_secret(settings: Settings) -> Settings:
    """Return the settings with a secret: their own, else the one kept beside the file, which is created if missing.

    For `digest init` and the embedded `digest run`. Several machines must share one by DIGEST_SITE__SECRET instead.
    Raises SettingsError when the folder cannot be written.
    """
    from pydantic import SecretStr

    if settings.site.secret.get_secret_value():
        return settings
    secret_file = settings.folder / KEPT_SECRET
    try:
        secret = _kept_or_new(secret_file)
    except OSError as error:
        remedy = "make the folder writable or set DIGEST_SITE__SECRET"
        raise SettingsError(f"{secret_file}: cannot be written ({error.strerror}); {remedy}") from error
    return settings.model_copy(update={"site": settings.site.model_copy(update={"secret": SecretStr(secret)})})


def _kept_or_new(secret_file: Path) -> str:
    """Return the kept secret, or create it by an atomic link, so that processes that start together share one."""
    if not secret_file.exists():
        handle, name = tempfile.mkstemp(dir=secret_file.parent, prefix=KEPT_SECRET)  # mkstemp creates it with mode 0600
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
            Path(secret_file).hardlink_to(name)
        except FileExistsError:
            pass  # the other process was first
        finally:
            Path(name).unlink()
    return secret_file.read_text(encoding="ascii").strip()


def add_topic(path: Path, key: str, title: str) -> bool:
    """Add an empty topic after the others; False when the key exists."""
    document = _open(path)
    if not _put_topic(document, key, title):
        return False
    _write(path, document)
    return True


def add_feed(path: Path, topic: str, url: str, weight: float = 1.0) -> bool:
    """Add a feed to a topic of the file at `path`; False when the topic has it already.

    Raises SettingsError for an unknown topic, an invalid address, or a file that cannot be changed.
    """
    document = _open(path)
    if not _put_feed(document, topic, url, weight):
        return False
    _write(path, document)
    return True


@dataclass(frozen=True, slots=True)
class Added:
    """The result of `add_feeds`: the number of new feeds, the new topics, and (address, reason) of the bad ones."""

    feeds: int = 0
    topics: tuple[str, ...] = ()
    bad: tuple[tuple[str, str], ...] = ()


def add_feeds(path: Path, feeds_to_add: Iterable[tuple[str, str, str]]) -> Added:
    """Add many feeds, each as (topic, title for a new topic, address), and write the file once."""
    document = _open(path)
    feeds, topics, bad = 0, dict[str, None](), []
    for topic, title, url in feeds_to_add:
        try:
            if _put_topic(document, topic, title):
                topics[topic] = None
            feeds += _put_feed(document, topic, url)
        except SettingsError as error:
            bad.append((url, str(error)))
    if feeds or topics:
        _write(path, document)
    return Added(feeds, tuple(topics), tuple(bad))


def drop_examples(path: Path) -> tuple[str, ...]:
    """Remove the example feeds; return those that were in the file. Raises SettingsError."""
    from digest.resources import example_settings

    example_urls = {
        a for table in _topics(_open(example_settings())).values() for a in _addresses(table.get("feeds", []))
    }
    document = _open(path)
    removed = []
    for table in _topics(document).values():
        feeds = table.get("feeds", [])
        for place, address in reversed([*enumerate(_addresses(feeds))]):
            if address in example_urls:
                del feeds[place]
                removed.append(address)
    if removed:
        _write(path, document)
    return tuple(removed)


def _topics(document: TOMLDocument) -> Any:
    return document.get("topics", {})


def _put_topic(document: TOMLDocument, key: str, title: str) -> bool:
    import tomlkit

    from digest.settings.types import key_name

    topics: Any = document.setdefault("topics", tomlkit.table(is_super_table=True))
    if key in topics:
        return False
    try:
        table = tomlkit.table()
        table["title"] = title
        table["feeds"] = tomlkit.array()
        topics[key_name(key)] = table
    except ValueError as error:
        raise SettingsError(f"topics.{key}: {error}") from error
    return True


def _put_feed(document: TOMLDocument, topic: str, url: str, weight: float = 1.0) -> bool:
    import tomlkit

    try:
        web_address(url)
    except ValueError as error:
        raise SettingsError(f"feed = {url!r}: {error}") from error
    topics = _topics(document)
    if topic not in topics:
        raise SettingsError(f"topics.{topic}: no such topic", remedy=nearest(topic, topics))
    feeds = topics[topic].setdefault("feeds", tomlkit.array())
    if url in _addresses(feeds):
        return False
    feed: Any = url
    if weight != 1.0:
        feed = tomlkit.inline_table()
        feed.update({"url": url, "weight": weight})
    feeds.append(feed)
    return True


def remove_feed(path: Path, url: str, topic: str | None = None) -> tuple[str, ...]:
    """Remove a feed from one topic or all; return the topics that had it. Raises SettingsError if none did."""
    document = _open(path)
    topics = _topics(document)
    if topic is not None and topic not in topics:
        raise SettingsError(f"topics.{topic}: no such topic", remedy=nearest(topic, topics))
    topics_changed = []
    for key in [topic] if topic else list(topics):
        feeds = topics.get(key, {}).get("feeds", [])
        places = [n for n, address in enumerate(_addresses(feeds)) if address == url]
        for place in reversed(places):
            del feeds[place]
        topics_changed += [key] if places else []
    if not topics_changed:
        raise _not_there(path, topics, url, topic)
    _write(path, document)
    return tuple(topics_changed)


def _not_there(path: Path, topics: Any, url: str, topic: str | None) -> SettingsError:
    feeds = {key: _addresses(table.get("feeds", [])) for key, table in topics.items()}
    if elsewhere := [key for key, addresses in feeds.items() if url in addresses]:
        return SettingsError(f"{url}: no such feed in topic {topic}", remedy=f"it is in {', '.join(elsewhere)}")
    known = {address for addresses in feeds.values() for address in addresses}
    remedy = nearest(url, known, "'digest feeds list' shows them all")
    return SettingsError(f"{url}: no such feed in {path}", remedy=remedy)


def _addresses(feeds: Any) -> list[str]:
    return [str(feed["url"] if hasattr(feed, "keys") else feed) for feed in feeds]


def _open(path: Path) -> TOMLDocument:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error})", remedy="run 'digest init' to make one") from error
    except TOMLKitError as error:
        raise SettingsError(f"{path}: {error}", remedy="put that line right before changing feeds") from error


def _write(path: Path, document: TOMLDocument) -> None:
    """Replace the file atomically; its permissions stay."""
    target = path.resolve()  # keep a symbolic link
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(document.as_string())
            Path(name).chmod(target.stat().st_mode)
            Path(name).replace(target)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be changed ({error.strerror})", remedy="check its folder's permissions"
        ) from error
