"""`digest why`: every candidate of an edition with the reason why it is in or out."""

from __future__ import annotations

from typing import Any

import click

from digest.cli.common import as_json, emit, newsletter_names, open_app, stdout_console
from digest.compose.edition import Edition
from digest.errors import EditionError


@click.command()
@click.argument("name", metavar="EDITION", shell_complete=newsletter_names)
@click.argument("url", required=False)
@as_json
@click.pass_context
def why(ctx: click.Context, name: str, url: str | None, json_: bool) -> None:
    """Explain why each candidate is in an edition or out of it.

    With URL (or a part of one, or of a title) only what matches, in full: topic, story, ledger, every part of the
    score.
    """
    with open_app(ctx) as app:
        edition = app.editions.get(name)
        candidates = app.editions.candidates(edition)
    if url:
        part = url.casefold()
        candidates = [c for c in candidates if part in c["url"].casefold() or part in c["title"].casefold()]
        if not candidates:
            raise EditionError(f"no candidate of {edition.id} matches {url!r}: it was not collected in time, or never")
    if json_:
        emit({"edition": edition.id, "candidates": candidates})
    elif url:
        for candidate in candidates:
            _full(candidate)
    else:
        _brief(edition, candidates)


def _brief(edition: Edition, candidates: list[dict[str, Any]]) -> None:
    """Print the edition from top to bottom, each story with the other outlets that have it, then the rest by score."""
    from rich.markup import escape

    console = stdout_console(highlight=False, soft_wrap=True)
    inside = [c for c in candidates if c["decision"] == "in"]
    console.print(f"[bold]{edition.id}[/bold]: {len(inside)} of {len(candidates)} candidates are in")
    if not candidates:
        console.print(
            "\nNothing had been collected for it by its cut-off. What comes later goes into the next edition."
        )
    titles = {section.topic: section.title for section in edition.sections}
    for topic in dict.fromkeys([*titles, *(c["topic"]["key"] for c in inside)]):
        leading = [c for c in inside if c["topic"]["key"] == topic and c["leads"]]
        if leading:
            console.print(f"\n[bold]{escape(titles.get(topic, topic))}[/bold]")
        for candidate in sorted(leading, key=lambda c: c["place"] or 0):
            console.print(f"{candidate['place'] or 0:>3}  {_line(candidate)}")
            for other in inside:
                if other["story"]["key"] == candidate["story"]["key"] and not other["leads"]:
                    console.print(f"           [dim]also {escape(other['title'])} ({escape(other['outlet'])})[/dim]")
    outside = sorted((c for c in candidates if c["decision"] != "in"), key=lambda c: -(c.get("score") or 0.0))
    if outside:
        console.print("\n[bold]Out[/bold]")
    for candidate in outside:
        console.print(f"     {_line(candidate)}\n           [dim]{escape(candidate['reason'])}[/dim]")


def _line(candidate: dict[str, Any]) -> str:
    from rich.markup import escape

    score = f"{candidate['score']:.2f}" if candidate.get("score") is not None else "  – "
    return f"{score}  {escape(candidate['title'])} [dim]({escape(candidate['outlet'])})[/dim]"


def _written(record: dict[str, Any]) -> str:
    """Return what became of the lead that a language model wrote."""
    if record["taken"]:
        return f"written: {record['text']}"
    answer = f" (it wrote: {record['text']})" if record["text"] else ""
    return f"the article's own; a written one was not taken: {record['reason']}{answer}"


def _full(candidate: dict[str, Any]) -> None:
    from rich.markup import escape

    console = stdout_console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{escape(candidate['title'])}[/bold]\n{escape(candidate['outlet'])}  {candidate['url']}")
    console.print(f"  decision  {candidate['decision']}: {escape(candidate['reason'])}")
    if "story" in candidate:
        story = candidate["story"]
        console.print(f"  story     {escape(story['title'])}: {escape(', '.join(story['outlets']))}")
        console.print(f"  topic     {candidate['topic']['key'] or 'none'}: {escape(candidate['topic']['reason'])}")
        if "written" in candidate:
            console.print(f"  lead      {escape(_written(candidate['written']))}")
        console.print(f"  ledger    {candidate['ledger']['verdict']}: {escape(candidate['ledger']['reason'])}")
    if candidate.get("score") is not None:
        console.print(f"  score     {candidate['score']:.3f}")
        for part in candidate["parts"]:
            bar = "█" * round(part["value"] * 12)
            console.print(f"    {part['name']:<10} {bar:<12} {part['points']:.3f}  [dim]{escape(part['why'])}[/dim]")
    console.print(f"  first seen {candidate['first_seen']}\n")
