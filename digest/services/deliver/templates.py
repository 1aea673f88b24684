"""Templates: list, eject, compare and check the user's own mail templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import DigestError, Finding
from digest.settings import Settings

if TYPE_CHECKING:
    from digest.deliver.render.templates import TemplateFile


def folder_of(settings: Settings) -> Path:
    """Return the folder of the user's own templates, which need not exist."""
    return settings.folder / "templates"


def listing(settings: Settings) -> Sequence[TemplateFile]:
    """Return every template in use."""
    from digest.deliver.render import templates

    return templates.listing([folder_of(settings)])


def eject(settings: Settings, name: str, block: str = "") -> Sequence[Path]:
    """Copy a theme, a template or a block of one beside the settings; return the new files. Raises RenderError."""
    from digest.deliver.render import templates

    return templates.eject(name, folder_of(settings), block)


def diff(settings: Settings) -> str:
    """Return what the user's templates change of the built-in ones, as a unified diff."""
    from digest.deliver.render import templates

    return templates.diff([folder_of(settings)])


def check(settings: Settings, folders: Sequence[Path]) -> Iterator[Finding]:
    """Check the user's templates, and each newsletter's theme, subject template and language."""
    from digest.deliver.check import subject_template
    from digest.deliver.render import templates
    from digest.text.catalogue import locale

    faults = templates.faults(folders)
    for fault in faults:
        yield fault.finding()
    if folders and not faults:
        yield Finding("templates", f"{folders[0]}: no mistakes found", severity="ok")
    for key, newsletter in settings.newsletters.items():
        try:
            templates.theme(newsletter.theme, folders)
        except DigestError as error:
            yield Finding(
                "templates", f"newsletter {key}: {error.message}", error.remedy or f"set newsletters.{key}.theme"
            )
        for subject_fault in subject_template.faults(newsletter.subject):
            yield Finding("templates", f"newsletter {key}: {subject_fault.message}", subject_fault.remedy)
        if not locale(newsletter.language, folders).translated:
            problem = (
                f"newsletter {key}: there are no words in '{newsletter.language}' yet, so the mail's own are English"
            )
            remedy = f"translate into templates/locale/{newsletter.language}/LC_MESSAGES/digest.po"
            yield Finding("templates", problem, remedy, "warning")
