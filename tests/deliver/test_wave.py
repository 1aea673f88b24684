"""A wave of refusals pauses the edition; what concerns single recipients does not."""

from __future__ import annotations

from digest.deliver.outcome import Outcome
from digest.deliver.reply import Reply, outcome
from digest.deliver.wave import Wave


def refusal(text: str = "5.7.1 blocked") -> Outcome:
    """A refusal at RCPT."""
    return outcome(Reply("rcpt", 550, text))


def test_wave_breaks_at_its_limit_and_names_the_refused() -> None:
    wave = Wave(limit=3)
    for number in (1, 2):
        wave = wave.after(number, refusal())
        assert not wave.broke
    wave = wave.after(3, refusal())
    assert wave.broke
    assert wave.refused == (1, 2, 3)
    assert "blocked" in wave.reason


def test_wave_ends_with_success_or_another_verdict() -> None:
    wave = Wave(limit=3).after(1, refusal()).after(2, refusal())
    assert not wave.after(3, outcome(Reply("content", 250, "ok"))).after(4, refusal()).broke
    assert not wave.after(3, refusal("5.7.26 unauthenticated")).broke


def test_wave_ignores_messages_that_no_server_had() -> None:
    wave = Wave(limit=3).after(1, refusal()).after(2, refusal())
    wave = wave.after(3, outcome(Reply("rcpt", 0, "closed")))
    assert not wave.broke
    assert wave.after(4, refusal()).broke


def test_wave_ignores_refusals_of_single_recipients() -> None:
    wave = Wave(limit=3).after(1, refusal()).after(2, refusal())
    for number, reply in enumerate((Reply("rcpt", 451, "greylisted"), Reply("rcpt", 550, "5.1.1 unknown")) * 5, 3):
        wave = wave.after(number, outcome(reply))
    assert not wave.broke
    assert wave.after(20, refusal()).refused == (1, 2, 20)


def test_wave_of_one_domain_breaks_although_others_accept() -> None:
    wave, fine = Wave(limit=3), outcome(Reply("content", 250, "ok"))
    for number in range(3):
        wave = wave.after(number, refusal(), "north.example").after(100 + number, fine, "south.example")
    assert wave.broke
    assert wave.refused == (0, 1, 2)
    assert not wave.after(9, fine, "north.example").active


def test_wave_of_many_domains_breaks_overall() -> None:
    wave = Wave(limit=3)
    for number in range(3):
        wave = wave.after(number, refusal(), f"d{number}.example")
    assert wave.broke
    assert wave.refused == (0, 1, 2)


def test_wave_of_server_trouble_counts_over_all_domains_only() -> None:
    wave, fine = Wave(limit=3), outcome(Reply("content", 250, "ok"))
    trouble = outcome(Reply("content", 451, "4.3.0 local error"))
    for number in range(9):
        wave = wave.after(number, trouble, "north.example").after(100 + number, fine, "south.example")
    assert not wave.broke
    for number in range(3):
        wave = wave.after(number, trouble, "north.example")
    assert wave.broke
