"""DKIM signatures (RFC 6376, Ed25519 of RFC 8463), relaxed/relaxed, made for many copies of one template.

Whatever all copies share is hashed once: the signed headers without merge fields, and the body up to its first merge
field. `l=` is never used. Headers that a forger could add a second time are signed once more than they occur.
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
from digest.deliver.mime.merge_fields import MergeField, TemplatePart, join_parts
from digest.deliver.mime.message import Message, Recipient
from digest.deliver.mime.template import MessageTemplate
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
class DkimKey:
    """A private key; its public half is published at `selector`._domainkey.`domain`."""

    domain: str
    selector: str
    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        """The `a=` tag (RFC 6376 3.5)."""
        return "rsa-sha256" if isinstance(self.private, rsa.RSAPrivateKey) else "ed25519-sha256"

    @property
    def record_name(self) -> str:
        """The name of the TXT record."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The text of the TXT record, unsplit; `zone_line` splits it into strings of at most 255 characters."""
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            return f"v=DKIM1; k=rsa; p={b64encode(public.public_bytes(*form)).decode()}"
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={b64encode(raw).decode()}"

    @property
    def zone_line(self) -> str:
        """The record as a line of a zone file (RFC 1035 5.1)."""
        text = self.record
        strings = " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))
        return f"{self.record_name}. IN TXT ( {strings} )"

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of a SHA-256 digest, in base64."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return b64encode(self.private.sign(digest, _PKCS1, _SHA256))
        return b64encode(self.private.sign(digest))


def load_key(domain: str, selector: str, pem: str) -> DkimKey:
    """Return a key from PEM text (PKCS 8 or PKCS 1), its domain in ASCII (IDNA) as in DNS and in signatures.

    Raises SettingsError for text that is not a key, for RSA under 1024 bits, and for names that DNS does not allow.
    """
    where = f"dkim key '{selector}' of {domain}"
    if not _SELECTOR.fullmatch(selector):
        raise SettingsError(f"{where}: a selector is made of letters, digits, '-' and dots between them")
    try:
        domain = canonical(f"postmaster@{domain}").domain
    except AddressError as error:
        raise SettingsError(f"{where}: not a domain ({error})") from None
    try:
        private = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise SettingsError(
            f"{where}: no private key in PEM ({error})", remedy="make one with 'digest dkim keygen'"
        ) from None
    if not isinstance(private, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise SettingsError(f"{where}: neither RSA nor Ed25519", remedy="make one with 'digest dkim keygen'")
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size < 1024:
        raise SettingsError(
            f"{where}: RSA of {private.key_size} bits is refused by verifiers (RFC 8301)", remedy="use 2048"
        )
    return DkimKey(domain, selector, private)


def generate(kind: Literal["rsa", "ed25519"]) -> str:
    """Return a new private key as PEM: RSA of 2048 bits (accepted by all verifiers and DNS hosts) or Ed25519."""
    new = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ed25519.Ed25519PrivateKey.generate()
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return new.private_bytes(*form, serialization.NoEncryption()).decode()


class Signer:
    """Signs with every key; a verifier uses the one it understands."""

    def __init__(self, keys: Sequence[DkimKey]) -> None:
        self.keys = tuple(keys)

    def template(self, template: MessageTemplate) -> SignedTemplate:
        """Return the template with signed copies."""
        return SignedTemplate(template, self.keys)

    def sign(self, message: Message, timestamp: int) -> Message:
        """Return a signed copy of a message that no template built. `timestamp` is the `t=` tag, in seconds."""
        head, _, body = message.data.partition(b"\r\n\r\n")
        fields = [line.partition(b":") for line in re.split(rb"\r\n(?![ \t])", head)]
        signed = [(name.decode("ascii"), value) for name, _, value in fields if name.decode("ascii").lower() in _SIGNED]
        # Of several headers of one name a verifier takes the last first (RFC 6376 5.4.2).
        ordered = [(name, _header(name, value)) for name, value in reversed(signed)]
        body_hash = b64encode(hashlib.sha256(_body(body)).digest())
        state = hashlib.sha256(b"".join(line for _, line in ordered))
        lines = [
            _SignatureHeader(key, [name for name, _ in ordered], timestamp).signature(state.copy(), body_hash)
            for key in self.keys
        ]
        return message._replace(parts=(b"".join(lines), *message.parts))


#: Times whose signature headers a template keeps.
_MAX_TIMES = 64


class SignedTemplate:
    """A template whose `fill` signs. PKCS 1 v1.5 and Ed25519 are deterministic: the bytes are the same every time."""

    def __init__(self, template: MessageTemplate, keys: Sequence[DkimKey]) -> None:
        self.template = template
        fixed, personal = _by_kind(template.header)
        names = [name for name, _ in (*fixed, *personal)]
        self._headers = hashlib.sha256(b"".join(_header(name, b"".join(_bytes(value))) for name, value in fixed))
        self._personal, self._personal_fields = join_parts(
            part for name, value in personal for part in _header_parts(name, value)
        )
        body = tuple(part if isinstance(part, MergeField) else _collapse(part) for part in template.body)
        flat, fields = join_parts(body)
        self._body = hashlib.sha256(flat[0])
        self._rest, self._rest_fields = flat[1:], tuple((index - 1, field) for index, field in fields)
        self._keys, self._names = tuple(keys), names
        self._lines: dict[int, tuple[_SignatureHeader, ...]] = {}

    def _lines_of(self, timestamp: int) -> tuple[_SignatureHeader, ...]:
        """Return the signature headers of a time; those of the latest few are kept."""
        lines = self._lines.get(timestamp)
        if lines is None:
            if len(self._lines) >= _MAX_TIMES:
                self._lines.clear()
            lines = tuple(_SignatureHeader(key, self._names, timestamp) for key in self._keys)
            self._lines[timestamp] = lines
        return lines

    def fill(self, to: Recipient, sent_at: int | None = None) -> Message:
        """Return one signed copy; raises AddressError for an address that is not canonical."""
        template = self.template
        timestamp = template.default_date if sent_at is None else sent_at
        values, sender = template.values(to, timestamp)
        rest = self._rest.copy()
        for index, field in self._rest_fields:
            rest[index] = values[field]
        body = self._body.copy()
        body.update(b"".join(rest))
        body_hash = b64encode(body.digest())
        personal = self._personal.copy()
        for index, field in self._personal_fields:
            personal[index] = _unfold(values[field]) if field is MergeField.TO else values[field]
        headers = self._headers.copy()
        headers.update(b"".join(personal))
        signatures = [line.signature(headers.copy(), body_hash) for line in self._lines_of(timestamp)]
        return template.message(to, sender, (*signatures, *template.parts(values)))


class _SignatureHeader:
    """The DKIM-Signature header of one key, complete except for `bh=` and `b=`."""

    def __init__(self, key: DkimKey, names: Iterable[str], timestamp: int) -> None:
        names = list(names)
        signed = ":".join((*names, *(name for name in OVERSIGNED if name in names or not name.startswith("List-"))))
        tags = f"v=1; a={key.algorithm}; c=relaxed/relaxed; d={key.domain}; s={key.selector}; t={timestamp}"
        value = f"{tags};\r\n h={_fold_names(signed)};\r\n bh=".encode("ascii")
        self._key = key
        self._raw = b"DKIM-Signature: " + value
        self._canonical = b"dkim-signature:" + _unfold(value)

    def signature(self, headers: hashlib._Hash, body_hash: bytes) -> bytes:
        """Return the whole header. `headers` is the hash of the signed headers, without this one."""
        headers.update(self._canonical + body_hash + b"; b=")
        value = self._key.sign(headers.digest())
        folded = b"\r\n ".join(value[at : at + 72] for at in range(0, len(value), 72))
        return self._raw + body_hash + b";\r\n b=" + folded + b"\r\n"


def _by_kind(
    header: Iterable[tuple[str, tuple[TemplatePart, ...]]],
) -> tuple[list[tuple[str, tuple[TemplatePart, ...]]], list[tuple[str, tuple[TemplatePart, ...]]]]:
    """Return the signed headers without merge fields, and those with one."""
    signed = [(name, value) for name, value in header if name.lower() in _SIGNED]
    fixed = [(name, value) for name, value in signed if not any(isinstance(part, MergeField) for part in value)]
    return fixed, [item for item in signed if item not in fixed]


def _bytes(parts: Iterable[TemplatePart]) -> Iterable[bytes]:
    return (part for part in parts if isinstance(part, bytes))


def _header_parts(name: str, value: Sequence[TemplatePart]) -> list[TemplatePart]:
    parts = [part if isinstance(part, MergeField) else _unfold(part, inner=True) for part in value]
    return [name.lower().encode("ascii") + b":", *parts, b"\r\n"]


def _header(name: str, value: bytes) -> bytes:
    """Return a header in relaxed form (RFC 6376 3.4.2) with its line end."""
    return name.lower().encode("ascii") + b":" + _unfold(value) + b"\r\n"


def _unfold(value: bytes, inner: bool = False) -> bytes:
    value = _WSP.sub(b" ", value.replace(b"\r\n", b""))
    return value if inner else value.strip(b" ")


def _collapse(part: bytes) -> bytes:
    return _WSP_AT_END.sub(b"", _WSP.sub(b" ", part))


def _body(data: bytes) -> bytes:
    """Return a body in relaxed form (RFC 6376 3.4.4)."""
    data = _collapse(data).rstrip(b"\r\n")
    return data + b"\r\n" if data else b""


def _fold_names(names: str) -> str:
    """Return the header names folded into lines; white space is allowed around the colons (RFC 6376 3.5)."""
    lines = [""]
    for name in re.findall(r"[^:]+:?", names):
        if len(lines[-1]) + len(name) > 70:
            lines.append("")
        lines[-1] += name
    return "\r\n ".join(lines)
