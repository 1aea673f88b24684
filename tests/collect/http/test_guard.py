"""The guard knows every internal network and every way to write an address."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.http.guard import literal, refusal

PUBLIC = ["1.1.1.1", "8.8.8.8", "9.9.9.9", "93.184.216.34", "100.63.255.255", "100.128.0.1", "126.255.255.255",
          "128.0.0.1", "168.63.129.15", "169.253.1.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "192.167.1.1",
          "198.17.255.255", "198.20.0.1", "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2003::1",
          "2400:cb00::1", "2606:4700::1111", "2a00:1450::1"]  # fmt: skip
INTERNAL = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
    "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.9", "192.0.0.10", "192.0.0.170", "192.0.0.192", "192.0.2.1",
    "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.1", "192.175.48.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1",
    "100:0:0:1::1", "2001::1", "2001:0:7f00:1::", "2001:1::1", "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:10::1",
    "2001:20::1", "2001:30::1", "2001:db8::1", "2002::1", "2002:7f00:1::1", "2002:a00:1::", "2002:c0a8:1::1",
    "2620:4f:8000::1", "3ffe::1", "3fff::1", "4000::1", "5f00::1", "8000::1", "fc00::1", "fd00:ec2::254", "fdff::1",
    "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "feff::1", "ff00::1", "ff02::1", "ff0e::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_connected_to(address: str) -> None:
    assert refusal(address) == ""


@pytest.mark.parametrize("address", INTERNAL)
def test_internal_addresses_are_refused_with_their_network(address: str) -> None:
    assert "not public" in refusal(address)


@pytest.mark.parametrize("text", ["", "localhost", "127.0.0.1.example", "1.2.3", "1.2.3.4.5", "::g"])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert "not an address" in refusal(text)


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_slips_through(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if not address.is_global or address.is_multicast:
        assert refusal(str(address))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0X7F.0.0.1", "0x7f.1", "0177.1", "017700000001",
     "0000177.0.0.1", "127.0.0.1.", "127.0.0.1..", "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1", "127．0．0．1",
     "%31%32%37%2e0%2e0%2e1", " 127.0.0.1 ", "127.0x0.00.01"],
)  # fmt: skip
def test_every_notation_of_an_address_is_seen_through(host: str) -> None:
    assert literal(host) == "127.0.0.1"


def test_version_6_is_read_with_and_without_brackets() -> None:
    assert literal("[::1]") == literal("0:0:0:0:0:0:0:1") == "::1"
    assert literal("[::FFFF:127.0.0.1]") == "::ffff:7f00:1"


@pytest.mark.parametrize("host", ["256.0.0.1", "1.2.3.4.5", "4294967296", "1.2.3.256", "1.16777216", "0x", "08.0.0.1",
                                  "a.1", "example.0x7f", "1..2", "::g", "[1]:2"])  # fmt: skip
def test_a_host_that_ends_in_a_number_and_is_no_address_is_neither(host: str) -> None:
    assert literal(host) == ("0.0.0.0" if host == "0x" else "")


@pytest.mark.parametrize("host", ["example.org", "1.example", "localhost", "münchen.example", "0xg.example", "x"])
def test_names_are_names(host: str) -> None:
    assert literal(host) is None


@given(st.integers(0, 2**32 - 1))
def test_one_number_is_the_address_it_counts(number: int) -> None:
    assert literal(str(number)) == literal(hex(number)) == literal(f"0{number:o}") == str(ipaddress.IPv4Address(number))
