"""`digest init`: a commented settings.toml to start from."""

from __future__ import annotations

from pathlib import Path

import click

from digest.errors import DigestError


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Write a commented settings.toml and the folders beside it.

    FOLDER is made when it is not there. Nothing that exists is overwritten.
    """
    from digest.resources import example_settings
    from digest.settings import load
    from digest.settings.file import ensure_secret

    target = folder / "settings.toml"
    if target.exists():
        raise DigestError(f"{target} exists already and was left as it is", "edit it, or name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "outbox").mkdir(exist_ok=True)
        target.write_text(example_settings().read_text(encoding="utf-8"), encoding="utf-8")
        ensure_secret(load(target))
    except OSError as error:
        raise DigestError(
            f"{folder}: cannot write there ({error.strerror})", "choose a folder that is yours"
        ) from error
    click.echo(f"Wrote {target}.")
    click.echo("Next, in that folder: 'digest feeds add https://SITE --topic world', then 'digest collect',")
    click.echo("'digest compose morning'. 'digest check' says what else to set.")
