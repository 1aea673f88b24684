"""How others fill and send the same mail: Django's way and smtplib's, without any books.

A `Fill` makes the two texts of one reader's copy, a way sends copies. They get their readers for nothing: see
`bookkeepers` for the same with a database.
"""

from __future__ import annotations

import html
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from digest.compose.edition import Edition
from digest.deliver.render.rendered import ADDRESS, PREFERENCES_URL, UNSUBSCRIBE_URL, Rendered

SENDER = "The Morning <morning@example.org>"
HEADERS = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-ID": "The Morning <morning.example.org>"}
#: (address, the reader's secret code) -> (text, HTML).
Fill = Callable[[str, str], tuple[str, str]]


def reader(number: int) -> tuple[str, str]:
    """The address and the secret code of a reader."""
    return f"r{number}@example.org", f"{number:032x}"


def personal(address: str, code: str) -> dict[str, str]:
    """Return the personal parts of a message."""
    base = "https://news.example.org"
    return {"address": address, "leave": f"{base}/unsubscribe/{code}", "settings": f"{base}/preferences/{code}"}


_MARKS = ((UNSUBSCRIBE_URL, "leave"), (PREFERENCES_URL, "settings"), (ADDRESS, "address"))


def by_replacing(source: Rendered) -> Fill:
    """The cheapest way to fill: our own finished texts, whose marks are replaced."""

    def fill(address: str, code: str) -> tuple[str, str]:
        mine, text, page = personal(address, code), source.text, source.html
        for mark, name in _MARKS:
            text, page = text.replace(mark, mine[name]), page.replace(mark, mine[name])
        return text, page

    return fill


def as_template(text: str, edition: Edition, clean: Callable[[str], str]) -> str:
    """The same mail as a template: every word of a story, and what is personal, is a variable again."""
    for mark, name in _MARKS:
        text = text.replace(mark, f"{{{{ {name} }}}}")
    for number, story in enumerate(edition.stories):
        for name in ("url", "title", "lead", "outlet"):
            text = text.replace(clean(getattr(story, name)), f"{{{{ s{number}.{name} }}}}")
    assert text.count("{{") > len(edition.stories), "hardly a word of the stories was found"
    return text


def stories_of(edition: Edition) -> dict[str, Any]:
    """The edition's stories by the names that the templates use."""
    return {f"s{number}": story for number, story in enumerate(edition.stories)}


def by_django_templates(source: Rendered, edition: Edition) -> Fill:
    """Django's usual way: its templates, rendered for each reader."""
    from django.template import Context, Engine

    engine, stories = Engine(), stories_of(edition)
    page = engine.from_string(as_template(source.html, edition, html.escape))
    text = engine.from_string(as_template(source.text, edition, str))

    def fill(address: str, code: str) -> tuple[str, str]:
        mine = {**personal(address, code), **stories}
        return text.render(Context(mine, autoescape=False)), page.render(Context(mine))

    return fill


def by_jinja(source: Rendered, edition: Edition) -> Fill:
    """The usual way around smtplib: Jinja2, rendered for each reader."""
    from jinja2 import Environment

    page = Environment(autoescape=True).from_string(as_template(source.html, edition, html.escape))
    text = Environment(autoescape=False).from_string(as_template(source.text, edition, str))
    stories = stories_of(edition)

    def fill(address: str, code: str) -> tuple[str, str]:
        mine = {**personal(address, code), **stories}
        return text.render(mine), page.render(mine)

    return fill


def send_by_django(connection: Any, address: str, text: str, page: str) -> None:
    """One EmailMultiAlternatives over a connection that is open."""
    from django.core.mail import EmailMultiAlternatives

    message = EmailMultiAlternatives("News", text, SENDER, [address], connection=connection, headers=HEADERS)
    message.attach_alternative(page, "text/html")
    message.send()


def django_connection(port: int) -> Any:
    """Django's own SMTP backend."""
    from django.core.mail import get_connection

    return get_connection("django.core.mail.backends.smtp.EmailBackend", host="127.0.0.1", port=port)


def by_django(fill: Fill, port: int, count: int) -> None:
    """EmailMultiAlternatives over one connection, which is what its documentation recommends for many."""
    with django_connection(port) as connection:
        for address, code in map(reader, range(count)):
            send_by_django(connection, address, *fill(address, code))


def send_by_smtplib(client: smtplib.SMTP, address: str, text: str, page: str) -> None:
    """One EmailMessage and `send_message`."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, address, "News"
    for name, value in HEADERS.items():
        message[name] = value
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    client.send_message(message)


def by_smtplib(fill: Fill, port: int, count: int) -> None:
    """EmailMessage and `send_message` over one connection, which is what the standard library's examples show."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.test") as client:
        for address, code in map(reader, range(count)):
            send_by_smtplib(client, address, *fill(address, code))
