"""Building and signing one reader's copy: CPU per message against the standard library and dkimpy.

python -m tests.benchmarks.message
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable

import dkim as dkimpy
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from digest.deliver.mime.dkim import Signer, generate, load_key
from digest.deliver.mime.template import MessageTemplate
from tests.benchmarks.mails import by_email_package, of_size, recipient
from tests.deliver.samples import LINKS, METADATA, RETURN_PATH


def cpu(work: Callable[[int], object], count: int, repeats: int = 5) -> float:
    """The least CPU seconds of one call, over several rounds."""
    work(0)
    best = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        for number in range(count):
            work(number)
        best = min(best, (time.process_time() - began) / count)
    return best


def main() -> None:
    """Measure and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--octets", type=int, default=100_000)
    octets = parser.parse_args().octets
    source = of_size(octets)
    made = MessageTemplate.build(source, METADATA, LINKS, RETURN_PATH)
    pem = generate("rsa")
    keys = [load_key("news.example.org", "d1", pem)]
    signed = Signer(keys).template(made)
    edwards = Signer([load_key("news.example.org", "e1", generate("ed25519"))]).template(made)
    size = len(made.fill(recipient(1)).data)
    private = keys[0].private
    assert isinstance(private, rsa.RSAPrivateKey)
    body = made.fill(recipient(1)).data.partition(b"\r\n\r\n")[2]

    def floor(number: int) -> bytes:
        return private.sign(hashlib.sha256(body).digest(), padding.PKCS1v15(), hashes.SHA256())

    def usual_signed(number: int) -> bytes:
        data = by_email_package(source, number).as_bytes()
        header = dkimpy.sign(data, b"d1", b"news.example.org", pem.encode(), canonicalize=(b"relaxed", b"relaxed"))
        return bytes(header) + data

    build = cpu(lambda n: made.fill(recipient(n)), 5000)
    usual = cpu(lambda n: by_email_package(source, n).as_bytes(), 20, 3)
    ours_signed = cpu(lambda n: signed.fill(recipient(n)), 400)
    least = cpu(floor, 400)
    theirs_signed = cpu(usual_signed, 10, 3)
    both = cpu(lambda n: edwards.fill(recipient(n)), 1000)
    print(f"message of {size} octets, CPU microseconds each")
    row("build, ours", build)
    row("build, EmailMessage", usual, f"ratio {usual / build:.0f} (wanted 400)")
    row("build and sign RSA-2048, ours", ours_signed)
    row("EmailMessage and dkimpy", theirs_signed, f"ratio {theirs_signed / ours_signed:.0f} (wanted 30)")
    row("floor: RSA and SHA-256 of the body", least, f"ours at {least / ours_signed:.2f} of it (wanted 0.9)")
    row("build and sign Ed25519, ours", both)


def row(name: str, seconds: float, ratio: str = "") -> None:
    """One line of the table."""
    print(f"  {name:36} {seconds * 1e6:10.1f}   {ratio}")


if __name__ == "__main__":
    main()
