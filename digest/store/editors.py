"""Editors: who may sign in at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select, update

from digest.store.database import Area
from digest.store.tables import editors


class Editor(NamedTuple):
    """Somebody who may sign in at the desk."""

    name: str
    address: str
    password_hash: str
    role: str
    created_at: datetime


class Editors(Area):
    """The editors by name. Passwords come hashed."""

    def add(self, name: str, address: str, password_hash: str, role: str = "editor", *, now: datetime) -> bool:
        """Add an editor; False when the name is taken."""
        row = {"name": name, "address": address, "password_hash": password_hash, "role": role, "created_at": now}
        with self._database.write() as connection:
            return connection.execute(self._database.insert_ignore(editors, ["name"]), row).rowcount == 1

    def get(self, name: str) -> Editor | None:
        """The editor of this name, or None."""
        return next((editor for editor in self.all() if editor.name == name), None)

    def all(self) -> Sequence[Editor]:
        """Every editor, by name."""
        c = editors.c
        query = select(c.name, c.address, c.password_hash, c.role, c.created_at).order_by(c.name)
        with self._database.read() as connection:
            return [Editor(*row) for row in connection.execute(query)]

    def set_password(self, name: str, password_hash: str) -> bool:
        """Change an editor's password; False when there is no editor of that name."""
        with self._database.write() as connection:
            change = update(editors).where(editors.c.name == name).values(password_hash=password_hash)
            return connection.execute(change).rowcount == 1

    def remove(self, name: str) -> bool:
        """Delete an editor; False when there is none of that name. Their edits stay in the history."""
        with self._database.write() as connection:
            return connection.execute(delete(editors).where(editors.c.name == name)).rowcount == 1
