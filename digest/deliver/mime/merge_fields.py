"""Merge fields: where a subscriber's own values go in a mail that is encoded once for everybody. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class MergeField(IntEnum):
    """One value of a single copy. Its number is the value's index in the tuple that fills a template."""

    TO = 0
    NUMBER = 1  # the subscriber in the Message-ID
    TOKEN = 2
    MAIL_TAG = 3  # in the mailto: of List-Unsubscribe
    TEXT_ADDRESS = 4
    HTML_ADDRESS = 5
    DATE = 6


TemplatePart = bytes | MergeField


def join_parts(parts: Iterable[TemplatePart]) -> tuple[list[bytes], tuple[tuple[int, MergeField], ...]]:
    """Return the parts with neighbouring bytes joined, and (index, field) of each merge field among them."""
    joined: list[bytes] = [b""]
    merge_fields: list[tuple[int, MergeField]] = []
    for part in parts:
        if isinstance(part, MergeField):
            merge_fields.append((len(joined), part))
            joined += [b"", b""]
        else:
            joined[-1] += part
    return joined, tuple(merge_fields)
