"""Editors: the people who are reminded of drafts and may sign in at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from digest.deliver.address import canonical
from digest.errors import DigestError
from digest.services.context import Context

if TYPE_CHECKING:
    from digest.store.editors import Editor


class Editors:
    """The editors that the store knows."""

    def __init__(self, context: Context) -> None:
        self._store, self._clock = context.store, context.clock

    def all(self) -> Sequence[Editor]:
        """Return every editor."""
        return self._store.editors.all()

    def add(self, name: str, address: str, role: str, password: str = "") -> str:
        """Add an editor and return their address in canonical form; "" for a password means that they cannot sign in.

        Raises DigestError when the name is taken or the address is none.
        """
        canonical_address = canonical(address).text
        password_hash = _hashed(password) if password else ""
        if not self._store.editors.add(name, canonical_address, password_hash, role, now=self._clock()):
            raise DigestError(f"there is an editor {name!r} already", "remove that one first, or choose another name")
        return canonical_address

    def remove(self, name: str) -> None:
        """Remove an editor. Raises DigestError for a name that nobody has."""
        if not self._store.editors.remove(name):
            raise DigestError(f"there is no editor {name!r}", "'digest editors list' shows those there are")


def _hashed(password: str) -> str:
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)
