"""One article on a terminal: its facts, the text with its lead marked, and the removed parts with reasons."""

from __future__ import annotations

from collections import defaultdict

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from digest.collect.article import Article

LEAD = "bold green"
_SHOWN = 160  # characters of a removed text


def show(article: Article, console: Console) -> None:
    """Print one article. Text from pages is never read as console markup."""
    console.print(Rule(Text(article.title or article.source, style="bold"), align="left"))
    console.print(_facts(article))
    if article.problem:
        console.print(Text(f"problem: {article.problem}", style="bold red"))
    if article.text:
        console.print(Padding(_marked(article, colours=bool(console.color_system)), (1, 0, 1, 2)))
    if article.removed:
        console.print(Text("removed", style="bold"))
        console.print(_removed(article))


def _facts(article: Article) -> Table:
    grid = Table.grid(padding=(0, 2))
    image = article.image
    rows = {
        "source": article.source,
        "url": article.url,
        "site": " · ".join(p for p in (article.site_name, article.section) if p),
        "language": article.language,
        "author": article.author,
        "credit": article.credit,
        "published": article.published.isoformat(" ", "minutes") if article.published else "",
        "modified": article.modified.isoformat(" ", "minutes") if article.modified else "",
        "image": f"{image.url} {image.width or '?'}×{image.height or '?'} {image.alt}".strip() if image else "",
        "length": f"{len(article.text.split())} words, {article.minutes} min" if article.text else "",
        "lead from": article.lead.rung,
    }
    for name, value in rows.items():
        if value:
            grid.add_row(Text(name, style="dim"), Text(value))
    return grid


def _marked(article: Article, *, colours: bool) -> Text:
    """Return the text with its lead in colour, or in brackets without colours."""
    text = Text(article.text)
    if colours:
        for sentence in article.lead.sentences:
            text.stylize(LEAD, sentence.start, sentence.end)
        return text
    parts, end = [], 0
    for sentence in article.lead.sentences:
        parts += [article.text[end : sentence.start], f"⟦{sentence.text}⟧"]
        end = sentence.end
    return Text("".join([*parts, article.text[end:]]))


def _removed(article: Article) -> Table:
    """Return the reasons in order of first appearance, each with its texts."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for piece in article.removed:
        by_reason[piece.reason].append(" ".join(piece.text.split()))
    grid = Table.grid(padding=(0, 2))
    for reason, texts in by_reason.items():
        for index, text in enumerate(texts):
            short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
            grid.add_row(Text("" if index else reason, style="yellow"), Text(short, style="dim strike"))
    return grid
