"""DKIM signatures, as another implementation (dkimpy) sees them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import dkim as dkimpy
import pytest

from digest.deliver.address import canonical
from digest.deliver.mime.dkim import DkimKey, Signer, generate, load_key
from digest.deliver.mime.message import Message, Recipient
from digest.errors import SettingsError
from tests.deliver.samples import RENDERED, address, messages, template

RSA = load_key("news.example.org", "d1", generate("rsa"))
ED25519 = load_key("news.example.org", "e1", generate("ed25519"))


def verified(data: bytes, keys: Sequence[DkimKey]) -> list[bool]:
    """Return dkimpy's verdict on each signature, with the keys' records in a DNS of our own."""
    records = {f"{key.record_name}.".encode(): key.record.encode() for key in keys}
    checker = dkimpy.DKIM(data)
    count = sum(name.lower() == b"dkim-signature" for name, _ in checker.headers)

    def verify(at: int) -> bool:
        try:
            return bool(checker.verify(idx=at, dnsfunc=lambda name, **_: records.get(name)))
        except dkimpy.ValidationError:
            return False

    return [verify(at) for at in range(count)]


@pytest.mark.parametrize("keys", [[RSA], [ED25519], [RSA, ED25519]], ids=["rsa", "ed25519", "both"])
def test_another_implementation_verifies_every_copy(keys: list[DkimKey]) -> None:
    signed = Signer(keys).template(template())
    for number in (0, 1, 35, 36, 123_456_789):
        data = signed.fill(Recipient(number, f"reader{number}@example.org")).data
        assert verified(data, keys) == [True] * len(keys)


@pytest.mark.parametrize(
    "to",
    [
        Recipient(1, "a.b'c&d=e@example.org"),
        Recipient(2, canonical("jörg@bücher.example").text),
        Recipient(3, "x@example.org", "Ada  Lovelace, Countess"),
        Recipient(4, "x@example.org", "Зоя " * 20),
    ],
)
def test_awkward_recipients_verify_too(to: Recipient) -> None:
    assert verified(Signer([RSA]).template(template()).fill(to).data, [RSA]) == [True]


@pytest.mark.parametrize("text", ["", "\n\n\n", "a  b\t\tc   \n \n\n\n", "x" * 500, ".\n..\n", "Ünï\tcödé  \n"])
def test_white_space_of_every_kind_is_canonical(text: str) -> None:
    made = template(replace(RENDERED, text=text, html=text))
    assert verified(Signer([RSA]).template(made).fill(Recipient(1, address(1))).data, [RSA]) == [True]


def test_signing_twice_gives_the_same_octets() -> None:
    signer = Signer([RSA, ED25519])
    to = Recipient(5, address(5))
    assert signer.template(template()).fill(to).data == signer.template(template()).fill(to).data


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b"Subject: ", b"Subject: Buy "),
        (b"List-Unsubscribe-Post: List", b"List-Unsubscribe-Post: X"),
        (b"hiver", b"ete"),
    ],
)
def test_a_change_on_the_way_is_noticed(found: bytes, put: bytes) -> None:
    data = Signer([RSA]).template(template()).fill(Recipient(1, address(1))).data
    assert found in data
    assert verified(data.replace(found, put), [RSA]) == [False]


@pytest.mark.parametrize("name", ["From", "Subject", "To", "Date", "List-Unsubscribe", "List-Unsubscribe-Post"])
def test_a_second_header_of_the_kind_that_fools_readers_breaks_the_signature(name: str) -> None:
    data = Signer([RSA]).template(template()).fill(Recipient(1, address(1))).data
    assert verified(f"{name}: another\r\n".encode() + data, [RSA]) == [False]


def test_the_length_of_the_body_is_never_limited_and_every_list_header_is_signed() -> None:
    data = Signer([RSA]).template(template()).fill(Recipient(1, address(1))).data
    header = re.sub(rb"\r\n[ \t]", b"", data.partition(b"\r\n\r\n")[0])
    tags = dict(re.findall(r"(\w+)=([^;]*)", header.decode().partition("DKIM-Signature: ")[2].partition("\r\n")[0]))
    assert "l" not in tags
    assert {"List-Unsubscribe", "List-Unsubscribe-Post", "List-ID", "Message-ID"} <= set(tags["h"].split(":"))
    assert max(map(len, data.split(b"\r\n"))) <= 998


def test_a_single_message_is_signed_as_well() -> None:
    data = b"From: a@news.example.org\r\nTo: b@example.org\r\nSubject: x\r\n  y\r\n\r\nhello  \r\n\r\n\r\n"
    message = Message("e", 1, "a@news.example.org", "b@example.org", "<1@news.example.org>", (data,))
    assert verified(Signer([RSA, ED25519]).sign(message, 1_763_881_200).data, [RSA, ED25519]) == [True, True]
    copy = next(messages(1))
    assert verified(Signer([RSA]).sign(copy, 1_763_881_200).data, [RSA]) == [True]


def test_keys_survive_being_written_down_and_their_records_fit_a_zone_file() -> None:
    assert RSA.record_name == "d1._domainkey.news.example.org"
    assert ED25519.record.startswith("v=DKIM1; k=ed25519; p=")
    strings = re.findall(r'"([^"]*)"', RSA.zone_line)
    assert "".join(strings) == RSA.record
    assert max(map(len, strings)) <= 255


def test_what_is_no_key_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"d1.*PEM.*keygen"):
        load_key("news.example.org", "d1", "not a key")
