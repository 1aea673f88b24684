"""How fast mail may leave."""

from __future__ import annotations

from digest.deliver.smtp.rate_limit import Bucket, RateLimit


def test_bucket_without_rate_never_waits() -> None:
    bucket = Bucket(0)
    assert all(bucket.wait(0.0) == 0 for _ in range(1000))


def test_bucket_rate_is_kept_with_one_second_bursts() -> None:
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


def test_bucket_rate_below_one_per_second() -> None:
    bucket = Bucket(0.5)
    assert bucket.wait(0) == 0
    bucket.take()
    assert bucket.wait(0) == 2


def test_rate_limit_bounds_one_domain_only() -> None:
    limit = RateLimit(domain_connections=2)
    for _ in range(2):
        assert limit.domain_wait("a.example", 0.0) == 0
        limit.start("a.example")
    assert limit.domain_wait("a.example", 0.0) == float("inf")
    assert limit.domain_wait("b.example", 0.0) == 0
    limit.finish("a.example")
    assert limit.domain_wait("a.example", 0.1) == 0


def test_rate_limit_domain_rate_is_kept() -> None:
    limit = RateLimit(domain_rate=1)
    assert limit.domain_wait("a.example", 0.0) == 0
    limit.start("a.example")
    assert limit.domain_wait("a.example", 0.0) > 0
    assert limit.domain_wait("b.example", 0.0) == 0
