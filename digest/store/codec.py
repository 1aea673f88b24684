"""Our nouns as JSON text, exactly there and back, and the hashes that rows are found by."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any, TypeVar

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from digest.collect.entry import Entry
from digest.deliver.address import AddressError, canonical
from digest.store.types import encodable

T = TypeVar("T")


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def dumps(value: Any) -> str:
    """A noun as JSON text. Fields keep their offsets from UTC; lone surrogates become U+FFFD."""
    adapter = _adapter(type(value))
    try:
        return adapter.dump_json(value).decode()
    except PydanticSerializationError:  # a lone surrogate has no UTF-8
        return json.dumps(_encodable(adapter.dump_python(value)), default=str, ensure_ascii=False)


def loads(kind: type[T], payload: str) -> T:
    """The noun back. Fields added since it was written take their defaults, fields dropped since are left out."""
    return _adapter(kind).validate_json(payload)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {key: _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def text_hash(text: str) -> str:
    """128 bits of BLAKE2b in hex over `text`: short enough for any index, and nobody meets a second text with it."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def article_key(entry: Entry) -> str:
    """Return the key of an article: the canonical URL; an entry without a link is an article of its own."""
    return entry.canonical_url or f"{entry.feed_url}#{entry.key}"


def address_key(address: str) -> str:
    """The form in which addresses are compared; what is no address at all is still found by its NFKC lower case."""
    try:
        return canonical(address).key
    except AddressError:
        return unicodedata.normalize("NFKC", address.strip()).lower()


def address_hash(address: str) -> str:
    """SHA-256 of `address_key`: finds a person, and outlives their wish to be forgotten without naming them."""
    return hashlib.sha256(address_key(address).encode(errors="surrogatepass")).hexdigest()
