"""Load libraries and models before child processes are forked. Imported once in the process that forks them."""

from __future__ import annotations

from digest.collect.extract import webpage
from digest.text.language import detect

# Reading one page compiles patterns and loads tables and models.
_ENGLISH = "<html><body><h1>A title</h1><article><p>{}</p><p>{}</p></article></body></html>".format(
    *["The council met on Monday and decided, after a long debate, to open the new library in May. " * 4] * 2
)
webpage.read(_ENGLISH.encode())
detect("The council met on Monday.")
