"""DKIM signatures (RFC 6376, Ed25519 of RFC 8463), relaxed/relaxed, made for many copies of one template.

What all copies share is hashed once: the signed headers that are not personal, and the body up to its first personal
place. Never `l=`; the headers that a forger would add a second of are signed once more than they occur.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from digest.deliver.address import AddressError, canonical
from digest.deliver.mime.message import Message, Recipient, Template
from digest.deliver.mime.pieces import Piece, Slot, flatten
from digest.errors import SettingsError

OVERSIGNED: Final = ("From", "To", "Subject", "Date", "List-Unsubscribe", "List-Unsubscribe-Post")
_SIGNED: Final = frozenset(
    name.lower()
    for name in (
        *OVERSIGNED,
        *("Reply-To", "Message-ID", "List-ID", "List-Archive", "List-Help", "List-Post", "Feedback-ID"),
        *("Content-Language", "Auto-Submitted", "MIME-Version", "Content-Type"),
    )
)
_SELECTOR = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_-]{1,63})*")
_WSP = re.compile(rb"[ \t]+")
_WSP_AT_END = re.compile(rb"[ \t]+(?=\r\n)")
_PKCS1, _SHA256 = padding.PKCS1v15(), Prehashed(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class Key:
    """A private key with where its public half is published: `selector`._domainkey.`domain`."""

    domain: str
    selector: str
    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        """The `a=` tag."""
        return "rsa-sha256" if isinstance(self.private, rsa.RSAPrivateKey) else "ed25519-sha256"

    @property
    def record_name(self) -> str:
        """Where the TXT record belongs."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record's text. A zone file wants it in strings of at most 255 characters: `zone_line`."""
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            return f"v=DKIM1; k=rsa; p={b64encode(public.public_bytes(*form)).decode()}"
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={b64encode(raw).decode()}"

    @property
    def zone_line(self) -> str:
        """The record as a line of a zone file."""
        text = self.record
        strings = " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))
        return f"{self.record_name}. IN TXT ( {strings} )"

    def sign(self, digest: bytes) -> bytes:
        """The signature, in base64, of a SHA-256 digest."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return b64encode(self.private.sign(digest, _PKCS1, _SHA256))
        return b64encode(self.private.sign(digest))


def load_key(domain: str, selector: str, pem: str) -> Key:
    """A key from PEM text (PKCS 8 or PKCS 1). Raises SettingsError for what is no such key, or too short a one, and for
    names that DNS has not; a domain in other letters becomes the one in ASCII that stands there and in signatures.
    """
    where = f"dkim key '{selector}' of {domain}"
    if not _SELECTOR.fullmatch(selector):
        raise SettingsError(f"{where}: a selector is made of letters, digits, '-' and dots between them")
    try:
        domain = canonical(f"postmaster@{domain}").domain
    except AddressError as error:
        raise SettingsError(f"{where}: this is no domain ({error})") from None
    try:
        private = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{where}: no private key in PEM ({error}); make one with 'digest dkim keygen'") from None
    if not isinstance(private, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise SettingsError(f"{where}: neither RSA nor Ed25519; make one with 'digest dkim keygen'")
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size < 1024:
        raise SettingsError(f"{where}: RSA of {private.key_size} bits is refused by verifiers (RFC 8301); use 2048")
    return Key(domain, selector, private)


def generate(kind: Literal["rsa", "ed25519"]) -> str:
    """A new private key as PEM: RSA of 2048 bits (what every verifier and every DNS host takes), or Ed25519."""
    new = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ed25519.Ed25519PrivateKey.generate()
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return new.private_bytes(*form, serialization.NoEncryption()).decode()


class Signer:
    """Signs with every key it has; a verifier picks the one it understands."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)

    def template(self, template: Template) -> SignedTemplate:
        """The same template, whose copies come out signed."""
        return SignedTemplate(template, self.keys)

    def sign(self, message: Message, timestamp: int) -> Message:
        """A single message, signed (for what no template made). `timestamp` is the `t=` tag, in seconds."""
        head, _, body = message.data.partition(b"\r\n\r\n")
        fields = [line.partition(b":") for line in re.split(rb"\r\n(?![ \t])", head)]
        signed = [(name.decode("ascii"), value) for name, _, value in fields if name.decode("ascii").lower() in _SIGNED]
        # Of several headers of one name a verifier takes the last first (RFC 6376 5.4.2).
        ordered = [(name, _header(name, value)) for name, value in reversed(signed)]
        body_hash = b64encode(hashlib.sha256(_body(body)).digest())
        state = hashlib.sha256(b"".join(line for _, line in ordered))
        lines = [
            _Line(key, [name for name, _ in ordered], timestamp).signature(state.copy(), body_hash) for key in self.keys
        ]
        return message._replace(parts=(b"".join(lines), *message.parts))


class SignedTemplate:
    """A template whose `fill` signs. The bytes are the same every time: PKCS 1 v1.5 and Ed25519 take no dice."""

    def __init__(self, template: Template, keys: Sequence[Key]) -> None:
        self.template = template
        fixed, personal = _by_kind(template.header)
        names = [name for name, _ in (*fixed, *personal)]
        self._headers = hashlib.sha256(b"".join(_header(name, b"".join(_bytes(value))) for name, value in fixed))
        self._personal, self._personal_slots = flatten(
            piece for name, value in personal for piece in _header_pieces(name, value)
        )
        body = tuple(piece if isinstance(piece, Slot) else _collapse(piece) for piece in template.body)
        flat, slots = flatten(body)
        self._body = hashlib.sha256(flat[0])
        self._rest, self._rest_slots = flat[1:], tuple((place - 1, slot) for place, slot in slots)
        timestamp = int(template.facts.date.timestamp())
        self._lines = tuple(_Line(key, names, timestamp) for key in keys)

    def fill(self, to: Recipient) -> Message:
        """One signed copy; raises AddressError for an address that is not canonical."""
        template = self.template
        values, sender = template.values(to)
        rest = self._rest.copy()
        for place, slot in self._rest_slots:
            rest[place] = values[slot]
        body = self._body.copy()
        body.update(b"".join(rest))
        body_hash = b64encode(body.digest())
        personal = self._personal.copy()
        for place, slot in self._personal_slots:
            personal[place] = _unfold(values[slot]) if slot is Slot.TO else values[slot]
        headers = self._headers.copy()
        headers.update(b"".join(personal))
        signatures = [line.signature(headers.copy(), body_hash) for line in self._lines]
        return template.message(to, sender, (*signatures, *template.parts(values)))


class _Line:
    """The DKIM-Signature header of one key, ready but for `bh=` and `b=`."""

    def __init__(self, key: Key, names: Iterable[str], timestamp: int) -> None:
        names = list(names)
        signed = ":".join((*names, *(name for name in OVERSIGNED if name in names or not name.startswith("List-"))))
        tags = f"v=1; a={key.algorithm}; c=relaxed/relaxed; d={key.domain}; s={key.selector}; t={timestamp}"
        value = f"{tags};\r\n h={_fold_names(signed)};\r\n bh=".encode("ascii")
        self._key = key
        self._raw = b"DKIM-Signature: " + value
        self._canonical = b"dkim-signature:" + _unfold(value)

    def signature(self, headers: hashlib._Hash, body_hash: bytes) -> bytes:
        """The whole header. `headers` is the hash of the signed headers before this one."""
        headers.update(self._canonical + body_hash + b"; b=")
        value = self._key.sign(headers.digest())
        folded = b"\r\n ".join(value[at : at + 72] for at in range(0, len(value), 72))
        return self._raw + body_hash + b";\r\n b=" + folded + b"\r\n"


def _by_kind(
    header: Iterable[tuple[str, tuple[Piece, ...]]],
) -> tuple[list[tuple[str, tuple[Piece, ...]]], list[tuple[str, tuple[Piece, ...]]]]:
    """The signed headers, those for everybody and those with a slot in them."""
    signed = [(name, value) for name, value in header if name.lower() in _SIGNED]
    fixed = [(name, value) for name, value in signed if not any(isinstance(piece, Slot) for piece in value)]
    return fixed, [item for item in signed if item not in fixed]


def _bytes(pieces: Iterable[Piece]) -> Iterable[bytes]:
    return (piece for piece in pieces if isinstance(piece, bytes))


def _header_pieces(name: str, value: Sequence[Piece]) -> list[Piece]:
    pieces = [piece if isinstance(piece, Slot) else _unfold(piece, inner=True) for piece in value]
    return [name.lower().encode("ascii") + b":", *pieces, b"\r\n"]


def _header(name: str, value: bytes) -> bytes:
    """RFC 6376 3.4.2, with the line's end."""
    return name.lower().encode("ascii") + b":" + _unfold(value) + b"\r\n"


def _unfold(value: bytes, inner: bool = False) -> bytes:
    value = _WSP.sub(b" ", value.replace(b"\r\n", b""))
    return value if inner else value.strip(b" ")


def _collapse(piece: bytes) -> bytes:
    return _WSP_AT_END.sub(b"", _WSP.sub(b" ", piece))


def _body(data: bytes) -> bytes:
    """RFC 6376 3.4.4."""
    data = _collapse(data).rstrip(b"\r\n")
    return data + b"\r\n" if data else b""


def _fold_names(names: str) -> str:
    """A list of header names in lines; white space is allowed around the colons."""
    lines = [""]
    for name in re.findall(r"[^:]+:?", names):
        if len(lines[-1]) + len(name) > 70:
            lines.append("")
        lines[-1] += name
    return "\r\n ".join(lines)
