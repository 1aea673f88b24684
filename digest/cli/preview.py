"""`digest preview`: an edition as its readers will see it, in a file, a browser or the terminal."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path

import click

from digest.cli.common import PROBLEMS, newsletter_names, open_app, say, stop


@click.command()
@click.argument("name", metavar="EDITION", shell_complete=newsletter_names)
@click.option("--html", "html_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the HTML part here.")
@click.option("--text", "text_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the text part here.")
@click.option("--open", "open_", is_flag=True, help="Show the HTML part in a browser.")
@click.pass_context
def preview(ctx: click.Context, name: str, html_file: Path | None, text_file: Path | None, open_: bool) -> None:
    """Render an edition as its readers will see it.

    The same function renders what is sent. Without options the text part is printed. EDITION is an id, or a
    newsletter's name for its newest edition. The HTML file shows the pictures from this machine, so it looks right
    before the site runs. Exit code 4 when a check would stop the send.
    """
    with open_app(ctx) as app:
        edition = app.editions.get(name)
        app.pictures.complete(edition)
        rendered = app.rendering.render(edition)
        html = app.pictures.with_local_files(rendered.html)
        if open_ and html_file is None:
            html_file = Path(tempfile.mkdtemp(prefix="digest-")) / "edition.html"
    if html_file is not None:
        html_file.write_text(html, encoding="utf-8")
        say(f"HTML part: {html_file} ({len(rendered.html.encode()) / 1000:.0f} kB)")
    if text_file is not None:
        text_file.write_text(rendered.text, encoding="utf-8")
        say(f"Text part: {text_file}")
    if html_file is None and text_file is None:
        click.echo(f"Subject: {rendered.subject}\n\n{rendered.text}")
    for problem in rendered.problems:
        say(f"{'stops the send' if problem.severity == 'error' else 'note'}: {problem.problem}; {problem.remedy}")
    if open_ and html_file is not None:
        webbrowser.open(html_file.resolve().as_uri())
    if rendered.blocked:
        stop(PROBLEMS)
