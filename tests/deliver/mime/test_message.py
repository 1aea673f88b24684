"""One subscriber's copy: its headers and bodies, with the standard library's `email` as the judge."""

from __future__ import annotations

import email
import html
import re
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.address import AddressError
from digest.deliver.mime.message import Message, Recipient
from digest.deliver.mime.template import MessageTemplate
from digest.deliver.render.rendered import ADDRESS, PREFERENCES_URL, UNSUBSCRIBE_URL, InlinePicture, Rendered
from digest.deliver.smtp.session import find_flaw
from digest.errors import RenderError
from tests.deliver.samples import LINKS, METADATA, RENDERED, RETURN_PATH, address, template

TO = Recipient(12345, "ada@example.org")


def parsed(message: Message) -> EmailMessage:
    """The message as a reader's program sees it."""
    found = email.message_from_bytes(message.data, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def body(message: Message, kind: str) -> str:
    """One body's text, with newlines as in the template."""
    part = parsed(message).get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_the_headers_are_those_of_the_rules_in_their_order_octet_for_octet() -> None:
    head = template().fill(TO).data.partition(b"\r\n\r\n")[0].decode("ascii")
    token = LINKS.token(12345, "morning")
    leave = RETURN_PATH.make("u", METADATA.edition_id, 12345)
    assert head.split("\r\n")[:-1] == [
        "From: The Morning",
        " <morning@news.example.org>",
        "To: ada@example.org",
        "Reply-To: hello@news.example.org",
        "Subject: =?utf-8?q?O=C3=B9_en_est-on_ce_matin_=3F?=",
        "Date: Mon, 23 Nov 2026 07:00:00 +0000",
        "Message-ID: <morning-2026-11-23-0700.3039@news.example.org>",
        "List-ID: The Morning",
        " <morning.news.example.org>",
        f"List-Unsubscribe: <https://news.example.org/unsubscribe/{token}>,",
        f" <mailto:{leave}?subject=unsubscribe>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "List-Archive: <https://news.example.org/archive/>",
        "List-Help: <https://news.example.org/help>",
        "List-Post: NO",
        "Feedback-ID: morning-2026-11-23-0700:morning:digest:newsexampleorg",
        "Content-Language: fr",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
    ]


def test_a_long_list_unsubscribe_is_never_encoded_however_long_the_site_s_address_is() -> None:
    from digest.deliver.links import Links

    long = Links("https://" + "a" * 60 + ".example.org/" + "deep/" * 60 + "end", "x" * 32)
    made = MessageTemplate.build(RENDERED, METADATA, long, RETURN_PATH)
    raw = made.fill(TO).data.partition(b"List-Unsubscribe: ")[2].partition(b"List-Unsubscribe-Post")[0]
    assert b"=?" not in raw
    uris = [part.strip() for part in raw.decode("ascii").split(",")]
    assert uris[0] == f"<{long.unsubscribe_url(12345, 'morning')}>"
    assert uris[1].startswith("<mailto:")


def test_both_bodies_read_back_as_they_were_rendered_with_the_personal_parts_in_place() -> None:
    message = template().fill(TO)
    for kind, text in (("plain", RENDERED.text), ("html", RENDERED.html)):
        expected = text.replace(UNSUBSCRIBE_URL, LINKS.unsubscribe_url(12345, "morning"))
        expected = expected.replace(PREFERENCES_URL, LINKS.preferences_url(12345, "morning"))
        assert body(message, kind) == expected.replace(ADDRESS, "ada@example.org")


def test_plain_text_comes_first_and_both_parts_are_quoted_printable_utf_8() -> None:
    parts = list(parsed(template().fill(TO)).iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    for part in parts:
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
        assert part.get_content_charset() == "utf-8"


def test_the_octets_are_safe_for_smtp() -> None:
    data = template().fill(TO).data
    lines = data.split(b"\r\n")
    assert data.isascii()
    assert data.endswith(b"\r\n")
    assert b"\0" not in data
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", data)
    assert not any(line.startswith(b".") for line in lines)
    assert max(map(len, lines)) <= 998
    body_lines = data.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert max(map(len, body_lines)) <= 76


def test_the_same_edition_and_reader_give_the_same_octets_for_ever() -> None:
    assert template().fill(TO).data == template().fill(TO).data
    assert template().fill(TO).message_id == "<morning-2026-11-23-0700.3039@news.example.org>"


def test_another_reader_or_edition_gives_another_message_id_and_return_address() -> None:
    first = template().fill(TO)
    other = template().fill(TO._replace(subscriber_id=12346))
    later = template(edition_id="morning-2026-11-24-0700").fill(TO)
    assert len({m.message_id for m in (first, other, later)}) == 3
    assert len({m.envelope_sender for m in (first, other, later)}) == 3


def test_the_message_id_is_the_one_in_the_header() -> None:
    message = template().fill(TO)
    assert parsed(message)["Message-ID"] == message.message_id


def test_the_envelope_names_the_delivery_and_the_reader() -> None:
    message = template().fill(TO)
    found = RETURN_PATH.read(message.envelope_sender)
    assert found is not None
    assert found.subscriber_id == 12345
    assert message.envelope_recipient == "ada@example.org"


def test_an_address_is_escaped_in_html_and_not_in_text() -> None:
    message = template().fill(Recipient(1, "o'brien&sons=x@example.org"))
    assert "o'brien&sons=x@example.org" in body(message, "plain")
    assert "o&#x27;brien&amp;sons=x@example.org" in body(message, "html")


def test_a_name_stands_in_to_quoted_or_encoded_as_it_needs() -> None:
    for name in ("Ada Lovelace", 'Ada "the Countess", Lovelace', "Зоя Космодемьянская", "=?utf-8?q?Bcc=3A?=", "a\\b"):
        found = parsed(template().fill(Recipient(1, "ada@example.org", name)))["To"]
        assert found.addresses[0].addr_spec == "ada@example.org"
        assert found.addresses[0].display_name == name


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\x1b", "\x85", "\u2028"])
@pytest.mark.parametrize("field", ["subject", "sender_name", "title", "name", "reply_to", "language"])
def test_a_control_character_in_a_header_is_refused_by_name(bad: str, field: str) -> None:
    value = f"Hello{bad}Bcc: x@example.org"
    attempts: dict[str, Callable[[], object]] = {
        "subject": lambda: template(replace(RENDERED, subject=value)),
        "language": lambda: template(replace(RENDERED, language=value)),
        "sender_name": lambda: MessageTemplate.build(
            RENDERED, replace(METADATA, sender_name=value), LINKS, RETURN_PATH
        ),
        "title": lambda: MessageTemplate.build(RENDERED, replace(METADATA, title=value), LINKS, RETURN_PATH),
        "reply_to": lambda: MessageTemplate.build(RENDERED, replace(METADATA, reply_to=value), LINKS, RETURN_PATH),
        "name": lambda: template().fill(Recipient(1, "ada@example.org", value)),
    }
    with pytest.raises(RenderError, match=r"header|address"):
        attempts[field]()


@pytest.mark.parametrize(
    "title",
    [
        "=?utf-8?q?Hello=0d=0aBcc:_x@example.org?=",
        "=?utf-8?b?SGVsbG8NCkJjYzogeEBleGFtcGxlLm9yZw==?=",
        "a =?iso-8859-1?q?=0A?= b",
        "Bcc: x@example.org",
        " leading and trailing ",
        "x" * 200,
        "word " * 60,
        "日本語の見出し" * 12,
        "👩‍👩‍👧‍👦 family " * 8,
    ],
)
def test_a_subject_shows_exactly_what_was_written_and_makes_no_header(title: str) -> None:
    message = template(replace(RENDERED, subject=title)).fill(TO)
    found = parsed(message)
    assert found["Bcc"] is None
    head = message.data.partition(b"\r\n\r\n")[0]
    assert b"\r\nBcc:" not in head
    assert max(map(len, head.split(b"\r\n"))) <= 998
    if "=0" not in title and "SGVs" not in title:
        assert str(found["Subject"]) == title
    else:  # the standard library would decode twice; a reader decodes once
        from email.header import decode_header

        raw = email.message_from_bytes(message.data)["Subject"]
        (shown, charset), *more = decode_header(re.sub(r"\r\n", "", raw))
        assert not more
        assert shown.decode(charset or "ascii") == title


def test_a_subject_of_more_than_998_octets_is_refused() -> None:
    with pytest.raises(RenderError, match="998"):
        template(replace(RENDERED, subject="x" * 1000))


def test_a_placeholder_in_the_subject_is_refused() -> None:
    with pytest.raises(RenderError, match="Subject"):
        template(replace(RENDERED, subject=f"For {ADDRESS}"))


@pytest.mark.parametrize(
    "bad",
    ["", "ada", "ada@", "ada@example.org> ORCPT=rfc822;x", "ada@example.org\r\nRCPT TO:<x@y.z>", "ADA@EXAMPLE.ORG "],
)
def test_what_is_no_canonical_address_gets_no_message(bad: str) -> None:
    with pytest.raises((AddressError, RenderError), match=r"canonical|not a mail address"):
        template().fill(Recipient(1, bad))


def test_a_lone_surrogate_or_nul_in_a_body_is_refused_with_the_reason() -> None:
    for bad in ("\ud800", "\0"):
        with pytest.raises(RenderError, match="clean the text"):
            template(replace(RENDERED, html=f"<p>{bad}</p>"))


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)


@settings(max_examples=150, deadline=None)
@given(plain=TEXT, markup=TEXT, subject=st.text(st.characters(codec="utf-8"), max_size=80), at=st.integers(0, 50))
def test_any_text_survives_and_the_octets_stay_safe(plain: str, markup: str, subject: str, at: int) -> None:
    plain = f"{plain[:at]}{UNSUBSCRIBE_URL}{plain[at:]}"
    markup = f"{markup[:at]}{ADDRESS}{markup[at:]}"
    try:
        made = template(Rendered(subject, "", markup, plain, "en"))
    except RenderError:
        assert re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", subject)
        return
    message = made.fill(TO)
    assert not find_flaw(message)
    assert b"\r\n." not in message.data  # nothing to stuff
    for kind, text in (("plain", plain), ("html", markup)):
        part = parsed(message).get_body((kind,))
        assert part is not None
        shown = part.get_payload(decode=True)
        assert isinstance(shown, bytes)
        expected = text.replace(UNSUBSCRIBE_URL, LINKS.unsubscribe_url(12345, "morning"))
        expected = expected.replace(ADDRESS, html.escape(TO.address))
        expected = expected.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
        assert shown.decode().replace("\r\n", "\n") == expected


def test_inline_pictures_travel_beside_the_html_that_shows_them() -> None:
    pictures = (
        InlinePicture("one@digest", "image/png", b"\x89PNG" + bytes(range(256)) * 3),
        InlinePicture("two@digest", "image/jpeg", b"x"),
    )
    message = template(replace(RENDERED, inline=pictures)).fill(TO)
    found = parsed(message)
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "multipart/related"]
    related = list(found.iter_parts())[1]
    assert isinstance(related, EmailMessage)
    page, *rest = related.iter_parts()
    assert page.get_content_type() == "text/html"
    assert [(part["Content-ID"], part.get_content()) for part in rest] == [(f"<{p.cid}>", p.data) for p in pictures]
    assert body(message, "html").startswith("<!doctype html>")
    assert not find_flaw(message)
    assert b"\r\n." not in message.data


def test_a_hundred_readers_share_everything_but_a_few_octets() -> None:
    made = template(replace(RENDERED, html=RENDERED.html + "<p>much</p>" * 5000))
    first, second = (made.fill(Recipient(n, address(n))) for n in (1, 2))
    shared = sum(len(a) for a, b in zip(first.parts, second.parts, strict=True) if a is b)
    assert shared > 0.95 * len(first.data)
