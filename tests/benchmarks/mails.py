"""The mails that the benchmarks send, and how others would build them."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from digest.deliver.mime.message import Recipient
from digest.deliver.mime.template import MessageTemplate
from digest.deliver.render.rendered import ADDRESS, PREFERENCES_URL, UNSUBSCRIBE_URL, Rendered
from tests.deliver.samples import LINKS, METADATA, RETURN_PATH

STORY = """<tr><td style="padding:16px 0;border-bottom:1px solid #d9d6d0">
<h3 style="margin:0;font:600 20px/26px Georgia,serif"><a href="https://example.org/2026/11/23/story-{n}"
 style="color:#1d1d1f;text-decoration:none">Une dépêche numéro {n} sur l’état de la mer</a></h3>
<p style="margin:8px 0 0;font:400 16px/25px sans-serif;color:#1d1d1f">Le port a rouvert à l’aube après trois jours de
tempête. Les pêcheurs, qui attendaient ce moment, sont sortis avant la première lumière — et revenus à midi.</p>
<p style="margin:6px 0 0;font:400 13px/18px sans-serif;color:#6b6b70">Le Courrier · 06:40 · aussi dans La Dépêche</p>
</td></tr>
"""


def rendered(octets: int) -> Rendered:
    """A digest whose message has about that many octets."""
    footer = f'<p><a href="{UNSUBSCRIBE_URL}">Se désabonner</a> <a href="{PREFERENCES_URL}">Réglages</a> {ADDRESS}</p>'
    count = max(1, round(octets / 1400))
    page = "<html><body><table>" + "".join(STORY.format(n=n) for n in range(count)) + f"</table>{footer}</body></html>"
    lines = [f"Une dépêche numéro {n}\nLe port a rouvert à l’aube.\nhttps://example.org/{n}\n" for n in range(count)]
    text = "\n".join(lines) + f"\nSe désabonner : {UNSUBSCRIBE_URL}\nRéglages : {PREFERENCES_URL}\n{ADDRESS}\n"
    return Rendered("Ce matin : le port a rouvert", "Trois jours de tempête", page, text, "fr")


def template(octets: int) -> MessageTemplate:
    """The digest, ready to be filled."""
    return MessageTemplate.build(rendered(octets), METADATA, LINKS, RETURN_PATH)


def recipient(number: int) -> Recipient:
    """A reader."""
    return Recipient(number, f"reader{number}@example.org")


def by_email_package(source: Rendered, number: int) -> EmailMessage:
    """The same copy as everybody builds it: fill the texts, then EmailMessage."""
    to = recipient(number)
    values = {
        UNSUBSCRIBE_URL: LINKS.unsubscribe_url(number, METADATA.newsletter),
        PREFERENCES_URL: LINKS.preferences_url(number, METADATA.newsletter),
        ADDRESS: to.address,
    }
    text, page = source.text, source.html
    for placeholder, value in values.items():
        text, page = text.replace(placeholder, value), page.replace(placeholder, value)
    message = EmailMessage()
    message["From"] = f"{METADATA.sender_name} <{METADATA.sender_address}>"
    message["To"] = to.address
    message["Reply-To"] = METADATA.reply_to
    message["Subject"] = source.subject
    message["Date"] = format_datetime(METADATA.date)
    message["Message-ID"] = make_msgid(domain="news.example.org")
    message["List-ID"] = f"{METADATA.title} <morning.news.example.org>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["List-Post"] = "NO"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    return message


def of_size(octets: int) -> Rendered:
    """A digest whose finished message has that many octets, to within two in a hundred."""
    guess = octets
    for _ in range(8):
        size = len(template(guess).fill(recipient(1)).data)
        guess = round(guess * octets / size)
    return replace(rendered(guess))
