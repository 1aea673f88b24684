"""The fast signatures equal those of the plain library: links in mails must work for years."""

from __future__ import annotations

import hashlib
import hmac
import html
from base64 import urlsafe_b64encode
from email.utils import format_datetime

from hypothesis import example, given
from hypothesis import strategies as st
from itsdangerous import Signer

from digest.deliver.address import canonical
from digest.deliver.mime import quoted_printable
from digest.deliver.mime.headers import mailbox
from digest.deliver.mime.merge_fields import MergeField, TemplatePart
from digest.deliver.mime.message import Recipient
from digest.deliver.return_path import edition_code
from digest.deliver.signature import make_signer
from digest.errors import DigestError
from tests.deliver.samples import LINKS, METADATA, RETURN_PATH, SECRET, template

TEMPLATE = template()
NUMBERS = st.integers(0, 2**63 - 1)
ADDRESSES = st.sampled_from(
    [
        "ada@example.org",
        "a-.+_-b@a--b.x-y.example",
        "o'brien&sons=x@example.org",
        "a=b@example.org",
        "`{|}~@example.org",
        "зоя@xn--e1afmkfd.example",
        "a" * 64 + "@example.org",
        "a" * 52 + "@example.org",
        "a" * 53 + "@example.org",
        "a@" + "b" * 63 + "." + "c" * 63 + ".example",
        ".".join("a" * 32) + "@" + ".".join("b" * 90),
    ]
)
PLAIN = st.from_regex(r"[A-Za-z0-9_+.-]{1,20}@[a-z0-9.-]{1,20}", fullmatch=True)


def plain_token(number: int, newsletter: str) -> bytes:
    """itsdangerous's own signature over the base64 of what the token says."""
    signer = Signer(SECRET, salt="digest.links", key_derivation="hmac", digest_method=hashlib.sha256)
    return signer.sign(urlsafe_b64encode(f"{number}:{newsletter}".encode()).rstrip(b"="))


def plain_stamp(number: int, edition_id: str) -> tuple[str, str]:
    """Both tags of one delivery, by the standard library's HMAC."""
    key = hashlib.sha256(b"digest.returnpath\0" + SECRET.encode()).digest()
    name = f"{number:x}-{edition_code(edition_id)}"
    text = hmac.new(key, name.encode(), "sha256").hexdigest()
    return f"b{name}-{text[:12]}", f"u{name}-{text[12:24]}"


def plain_mail(number: int, address: str, name: str = "") -> bytes:
    """The mail, piece by piece."""
    token, leave = plain_token(number, METADATA.newsletter), plain_stamp(number, METADATA.edition_id)[1]
    values = {
        MergeField.TO: mailbox("To", name, address) if name else address.encode(),
        MergeField.NUMBER: f"{number:x}".encode(),
        MergeField.TOKEN: quoted_printable.SOFT_BREAK.join(token[at : at + 75] for at in range(0, len(token), 75)),
        MergeField.MAIL_TAG: leave.encode(),
        MergeField.TEXT_ADDRESS: quoted_printable.encode(address),
        MergeField.HTML_ADDRESS: quoted_printable.encode(html.escape(address)),
        MergeField.DATE: format_datetime(METADATA.date).encode(),
    }

    def filled(parts: tuple[TemplatePart, ...]) -> bytes:
        return b"".join(values[part] if isinstance(part, MergeField) else part for part in parts)

    head = b"".join(title.encode() + b": " + filled(parts) + b"\r\n" for title, parts in TEMPLATE.header)
    return head + b"\r\n" + filled(TEMPLATE.body)


@given(st.binary(max_size=200), st.binary(max_size=300))
@example(b"k" * 64, b"")
@example(b"k" * 65, b"x" * 64)
def test_signer_equals_hmac_of_the_standard_library(key: bytes, text: bytes) -> None:
    assert make_signer(key)(text) == hmac.digest(key, text, "sha256")


@given(NUMBERS, st.text(st.characters(codec="utf-8"), max_size=30))
def test_tokens_and_return_addresses_equal_reference(number: int, name: str) -> None:
    assert LINKS.tokens(name)(number) == plain_token(number, name)
    bounce, leave = plain_stamp(number, name)
    assert RETURN_PATH.addresses(name)(number) == (f"bounces+{bounce}@news.example.org", leave)
    assert RETURN_PATH.make("b", name, number) == f"bounces+{bounce}@news.example.org"
    assert RETURN_PATH.make("u", name, number) == f"bounces+{leave}@news.example.org"


def test_tokens_of_the_first_release_still_work() -> None:
    token = "MTIzNDU6bW9ybmluZw.J7BHH49M9UMgeFed1GYWUQhR0zHZOq1mUyAZMFC8wQk"
    assert LINKS.token(12345, "morning") == token
    assert LINKS.read_token(token) == (12345, "morning")
    bounce = "bounces+b3039-6ygsh2-0ae5b3a91822@news.example.org"
    assert RETURN_PATH.make("b", "morning-2026-11-23-0700", 12345) == bounce
    assert RETURN_PATH.make("u", "morning-2026-11-23-0700", 12345).startswith("bounces+u3039-6ygsh2-99c1fa56f41f@")


def test_copies_equal_reference_octet_for_octet() -> None:
    for number in [*range(3000), *(7**power for power in range(2, 22))]:
        address = f"reader{number}@d{number % 7}.example.org"
        message = TEMPLATE.fill(Recipient(number, address))
        assert message.data == plain_mail(number, address)
        assert message.envelope_sender == f"bounces+{plain_stamp(number, METADATA.edition_id)[0]}@news.example.org"
        assert message.message_id == f"<morning-2026-11-23-0700.{number:x}@news.example.org>"


@given(NUMBERS, ADDRESSES, st.sampled_from(["", "Ada", "Ада, Л."]))
def test_copy_for_unusual_address_equals_reference(number: int, address: str, name: str) -> None:
    assert TEMPLATE.fill(Recipient(number, address, name)).data == plain_mail(number, address, name)


@given(PLAIN)
@example("a..b@example.org")
@example(".a@example.org")
@example("a@example")
@example("a@b-.example.org")
@example("a@example.org.")
@example("a@example.org\n")
@example("a\ud800@example.org")
def test_is_plain_agrees_with_the_full_check(address: str) -> None:
    try:
        stands = canonical(address).text == address
    except DigestError:
        stands = False
    try:
        data = TEMPLATE.fill(Recipient(1, address)).data
    except DigestError:
        assert not stands
    else:
        assert stands
        assert data == plain_mail(1, address)
