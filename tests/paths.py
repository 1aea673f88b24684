"""Folders that tests read: the project, the tests' own data, and the shared measuring data beside the project."""

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[1]
DATA: Final = PROJECT / "tests" / "data"
#: Optional measuring data; tests that need it skip with a reason where it is absent.
SHARED: Final = PROJECT.parent / "shared"
