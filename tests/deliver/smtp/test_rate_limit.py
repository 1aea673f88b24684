"""How fast mail may leave."""

from __future__ import annotations

from digest.deliver.smtp.rate_limit import Bucket, RateLimit


def test_without_a_rate_nothing_waits() -> None:
    bucket = Bucket(0)
    assert all(bucket.wait(0.0) == 0 for _ in range(1000))


def test_a_rate_is_kept_over_any_while_with_a_second_s_burst_at_most() -> None:
    bucket, now, sent = Bucket(10), 0.0, 0
    while now < 60:
        wait = bucket.wait(now)
        if wait:
            now += wait
            continue
        bucket.take()
        sent += 1
    assert 590 <= sent <= 611
    now += 3600  # a long rest saves up one second's worth, no more
    burst = 0
    while not bucket.wait(now) and burst < 100:
        bucket.take()
        burst += 1
    assert burst == 10


def test_less_than_one_a_second_is_a_rate_too() -> None:
    bucket = Bucket(0.5)
    assert bucket.wait(0) == 0
    bucket.take()
    assert bucket.wait(0) == 2


def test_a_domain_has_its_own_bounds_and_leaves_the_others_alone() -> None:
    limit = RateLimit(domain_connections=2)
    for _ in range(2):
        assert limit.domain_wait("a.example", 0.0) == 0
        limit.start("a.example")
    assert limit.domain_wait("a.example", 0.0) == float("inf")
    assert limit.domain_wait("b.example", 0.0) == 0
    limit.finish("a.example")
    assert limit.domain_wait("a.example", 0.1) == 0


def test_a_domain_s_rate_is_kept() -> None:
    limit = RateLimit(domain_rate=1)
    assert limit.domain_wait("a.example", 0.0) == 0
    limit.start("a.example")
    assert limit.domain_wait("a.example", 0.0) > 0
    assert limit.domain_wait("b.example", 0.0) == 0
