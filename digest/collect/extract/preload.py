"""Imported once in the process that reading's child processes are forked from: libraries and models, ready to use."""

from __future__ import annotations

from digest.collect.extract import webpage
from digest.text.language import detect

# A page of each kind, so that patterns are compiled, tables loaded and models in memory before the first fork.
_ENGLISH = "<html><body><h1>A title</h1><article><p>{}</p><p>{}</p></article></body></html>".format(
    *["The council met on Monday and decided, after a long debate, to open the new library in May. " * 4] * 2
)
webpage.read(_ENGLISH.encode())
detect("The council met on Monday.")
