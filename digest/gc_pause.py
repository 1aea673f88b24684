"""Memory: what a stream of a hundred thousand small things should not cost."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_USUAL: Final = gc.get_threshold()
#: So many more things that may refer to others may live before the collector looks for cycles among them. A stream
#: makes thousands at a time, and each ends with its batch, unaided.
_MANY: Final = 50_000


@contextmanager
def settled_memory() -> Iterator[None]:
    """For a long stream: spare the collector of garbage what is there by now, and let it look seldom. It would look
    through the same things again and again, a tenth of all that sending costs.
    """
    gc.freeze()
    gc.set_threshold(_MANY, *_USUAL[1:])
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)
        gc.unfreeze()
