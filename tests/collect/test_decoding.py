"""Bytes become text whatever their encoding, and what did not fit is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.decoding import decode, is_binary


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Prezident podepsal zákon o rozpočtu na příští rok, uvedla tisková služba.", "cp1250"),
        ("Hükümet salı günü yeni bir yasa açıkladı, görüşmeler gelecek ay başlayacak.", "cp1254"),
        ("Der Präsident äußerte sich am Dienstag. „Wir müssen handeln“, sagte er bei 12 °C.", "cp1252"),
        ("O presidente não falou à imprensa — «nada», disse a porta-voz em São Paulo.", "cp1252"),
        ("Η κυβέρνηση ανακοίνωσε την Τρίτη νέο νόμο για το νερό.", "cp1253"),
        ("정부는 화요일 새로운 법률을 발표했다. 시행은 내년이다.", "cp949"),
        ("政府星期二宣布新的法律。議會將於下個月開始審議。", "big5"),
    ],
)
def test_an_undeclared_encoding_is_told_by_its_letters(text: str, encoding: str) -> None:
    assert decode((text * 3).encode(encoding)) == (text * 3, None)


@pytest.mark.parametrize("name", ["punycode", "idna", "undefined", "hex", "no-such", "utf-7", "unicode_escape"])
def test_a_declaration_that_is_no_encoding_of_text_is_passed_over(name: str) -> None:
    body = f'<meta charset="{name}"><p>The library opens in May.</p>'.encode() + b"\xff"
    text, _ = decode(body, f"text/html; charset={name}")
    assert "The library opens in May." in text


def test_a_byte_order_mark_decides_and_is_taken_off() -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-16-be"):
        body = "\ufeffété".encode(encoding) if encoding == "utf-16-be" else "été".encode(encoding)
        assert decode(body, "text/html; charset=iso-8859-1")[0] == "été"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["Le pont a rouvert, déjà.", "Мост снова открыт, сказала мэр.", "大桥周二重新开放。\n\n汽车要等到六月。"]
)
def test_utf_16_is_known_without_its_mark(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == (text, None)
    assert not is_binary(text.encode(encoding))


def test_what_is_no_text_is_known() -> None:
    noise = bytes(n * n % 251 ^ n % 7 for n in range(5_000))
    assert is_binary(b"\x89PNG\r\n\x1a\n" + noise)
    assert is_binary(b"\0" * 100)
    assert not is_binary("Été, naïf.\n".encode("cp1252") * 40 + b"\0")
    assert not is_binary("Мост открыт.\n".encode())
    assert not is_binary(b"")


def test_control_characters_are_taken_out_and_nul_is_said() -> None:
    text, problem = decode(b"a\0b\x01c\r\nd\x7f")
    assert text == "abc\nd"
    assert problem == "1 NUL characters were taken out"


def test_a_few_broken_bytes_do_not_change_the_encoding() -> None:
    body = "L’été, déjà, à Évian : été, été, été.".encode().replace(b" :", b" \xff\xfe\xfd\xfc:")
    text, problem = decode(body)
    assert text.startswith("L’été, déjà, à Évian")
    assert "4 characters fit no encoding" in (problem or "")


@given(st.binary(max_size=500), st.sampled_from(["", "text/html; charset=shift_jis", "text/html; charset=\xff"]))
def test_any_bytes_become_text(body: bytes, content_type: str) -> None:
    text, _ = decode(body, content_type)
    text.encode("utf-8")
    assert "\0" not in text


def test_soft_hyphens_do_not_split_words() -> None:
    assert decode("Biblio\u00adthek, Markt&shy;halle, Rat&#173;haus".encode())[0] == "Bibliothek, Markthalle, Rathaus"
