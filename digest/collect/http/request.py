"""One defensive GET request: guarded addresses, own redirect loop, limited bodies, one deadline (aiohttp)."""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from digest.collect.http.guard import literal
from digest.errors import FetchError
from digest.text.url import absolute, host, is_web

Lookup = Callable[[str, int], Sequence[str]]  # host, port -> addresses as text; raises OSError
Refusal = Callable[[str], str]  # address -> reason for refusing it, or ""

REDIRECTS: Final = 5
_REDIRECT: Final = frozenset({301, 302, 303, 307, 308})
_PERMANENT: Final = frozenset({301, 308})
_MEMBERS: Final = 100  # of one gzip stream
_SMALLEST_WINDOW_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


@dataclass(frozen=True, slots=True)
class Answer:
    """The final response. `moved_to` is set when every redirect on the way was permanent."""

    final_url: str
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    moved_to: str = ""


def system_lookup(name: str, port: int) -> Sequence[str]:
    """Return all addresses of a name, by the system's resolver. Raises OSError."""
    return [str(info[4][0]) for info in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]


class Resolver(AbstractResolver):
    """Resolves a name once and accepts it only if *all* its addresses are allowed.

    aiohttp connects to exactly these addresses: there is no second look-up that could give others.
    """

    def __init__(self, lookup: Lookup, refusal: Refusal) -> None:
        self._lookup, self._refusal = lookup, refusal
        self._threads = ThreadPoolExecutor(32, "digest-dns")  # one dead name server must not delay other names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`; raises OSError with the reason when there are none or one is refused."""
        loop = asyncio.get_running_loop()
        addresses = list(dict.fromkeys(await loop.run_in_executor(self._threads, self._lookup, host, port)))
        if not addresses:
            raise OSError(f"{host} has no address")
        for address in addresses:
            if why := self._refusal(address):
                raise OSError(f"refused to connect: {host} leads into a network that is not public ({why})")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Release the threads; a look-up that hangs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def open_session(lookup: Lookup, refusal: Refusal, user_agent: str, at_once: int) -> aiohttp.ClientSession:
    """Return a session whose connections all pass the guard, without proxies, cookies and own decompression."""

    def guarded_socket(info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """Check the address once more just before connecting, whatever its origin."""
        if why := refusal(str(info[4][0])):
            raise OSError(f"refused to connect: {why}")
        return socket.socket(info[0], info[1], info[2])

    connector = aiohttp.TCPConnector(
        resolver=Resolver(lookup, refusal),
        use_dns_cache=False,
        limit=at_once,
        socket_factory=guarded_socket,
    )
    return aiohttp.ClientSession(
        connector=connector,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip"},
        timeout=aiohttp.ClientTimeout(total=None),
    )


async def get(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], *, refusal: Refusal, seconds: float, most: int
) -> Answer:
    """Fetch `url` with at most five redirects, within `seconds` in all and `most` bytes of decoded body.

    Raises FetchError with the reason for any failure.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _follow(session, url, headers, refusal, most)
    except TimeoutError:
        raise FetchError(url, f"no complete answer within {seconds:g} s") from None
    except FetchError:
        raise
    except Exception as error:  # any failure of a server is a reason, never a crash
        raise FetchError(url, explain(error)) from error


async def _follow(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], refusal: Refusal, most: int
) -> Answer:
    here, permanent, jar = url, True, aiohttp.CookieJar(unsafe=True)
    for _ in range(REDIRECTS + 1):
        _check(url, here, refusal)
        target = URL(here)
        jar_header = jar.filter_cookies(target).output(header="", sep=";").strip()
        sent = {**headers, **({"Cookie": jar_header} if jar_header else {})}
        async with session.get(target, headers=sent, allow_redirects=False) as response:
            if response.status not in _REDIRECT:
                body, whole = await _body(url, response, most) if response.status != 304 else (b"", True)
                names = {name.lower(): value for name, value in response.headers.items()}
                if not whole:  # a truncated body is used, but without validators: 'not modified' must not preserve it
                    names = {name: value for name, value in names.items() if name not in ("etag", "last-modified")}
                moved = here if permanent and here != url else ""
                return Answer(here, response.status, names, body, moved)
            location = response.headers.get("Location", "")
            jar.update_cookies(response.cookies, target)
            permanent = permanent and response.status in _PERMANENT
        there = absolute(here, location).partition("#")[0]
        if not there:
            raise FetchError(url, f"redirects to {location[:200]!r}, which is no http or https address")
        # A redirect from https to http may be an attacker's: follow it, but never store it.
        permanent = permanent and not (here.startswith("https:") and there.startswith("http:"))
        here = there
    raise FetchError(url, f"more than {REDIRECTS} redirects, the last one to {without_password(here)}")


def _check(url: str, here: str, refusal: Refusal) -> None:
    """Allow only http and https; a literal address is checked here, because no resolver sees it."""
    if not is_web(here):
        raise FetchError(url, f"{here[:200]!r} is no http or https address")
    name = host(here)
    address = literal(urlsplit(here).hostname or "")
    if address is None:
        return
    if not address or (":" not in address and address != name):
        raise FetchError(
            url, f"refused to connect: {name} is a number in disguise", remedy="write the address as usual"
        )
    if why := refusal(address):
        raise FetchError(url, f"refused to connect: {why}")


async def _body(url: str, response: aiohttp.ClientResponse, most: int) -> tuple[bytes, bool]:
    """Return the decoded body, and whether its coding is complete: some servers never finish it, others were cut off.

    Decoded bytes are counted inside the decoder, so that no decompression bomb unfolds.
    """
    if (response.content_length or 0) > most:
        raise FetchError(url, f"larger than {most:,} bytes", response.status)
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    decoder = _Decoder(coding, most) if coding not in ("", "identity", "none", "utf-8") else None
    body = bytearray()
    async for chunk in response.content.iter_any():
        if decoder:
            decoder.feed(chunk, body)
        else:
            body += chunk
        if len(body) > most:
            raise FetchError(url, f"larger than {most:,} bytes", response.status)
    return bytes(body), decoder is None or decoder.finished


class _Decoder:
    """Decoder of gzip or deflate, for at most `most` bytes and one."""

    def __init__(self, coding: str, most: int) -> None:
        if coding not in _SMALLEST_WINDOW_BITS:
            raise ValueError(f"answered in the coding {coding[:40]!r}, though only gzip was asked for")
        self._bits, self._most, self._members = _SMALLEST_WINDOW_BITS[coding], most, 1
        self._inflate = zlib.decompressobj(self._bits)
        self._started = False

    @property
    def finished(self) -> bool:
        """Whether the stream is complete (an empty body has none)."""
        return self._inflate.eof or not self._started

    def feed(self, chunk: bytes, body: bytearray) -> None:
        """Decode a chunk onto `body`."""
        if not self._started and self._bits == 15 and not _has_zlib_header(chunk):
            self._inflate = zlib.decompressobj(-15)  # raw 'deflate', as old servers send it
        self._started = True
        while chunk and len(body) <= self._most:
            if self._inflate.eof:
                if not chunk.startswith(b"\x1f\x8b") or self._members >= _MEMBERS:
                    return  # padding or garbage after the end
                self._members += 1
                self._inflate = zlib.decompressobj(self._bits)
            body += self._inflate.decompress(chunk, self._most + 1 - len(body))
            chunk = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail


def _has_zlib_header(chunk: bytes) -> bool:
    """RFC 1950, 2.2: method 8, and the first two bytes divisible by 31."""
    return len(chunk) < 2 or (chunk[0] & 15 == 8 and int.from_bytes(chunk[:2], "big") % 31 == 0)


def retry_after(answer: Answer) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, 10.2.3: a number, or a date by the server's own clock)."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:10])
    try:
        asked = parsedate_to_datetime(value)
        clock = parsedate_to_datetime(answer.headers["date"]) if "date" in answer.headers else datetime.now(UTC)
        return max(0.0, (asked - clock).total_seconds())
    except (ValueError, TypeError):
        return None


def without_password(url: str) -> str:
    """Return the URL without its password, for logs."""
    try:
        return str(URL(url).with_user(None)) if "@" in url else url
    except ValueError:
        return url.rsplit("@", 1)[-1]


def explain(error: BaseException) -> str:
    """Return an exception as one line for a person."""
    if type(error) is aiohttp.ClientConnectorError or isinstance(error, aiohttp.ClientConnectorDNSError):
        return _explain_os(error.os_error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its TLS certificate cannot be trusted ({getattr(error.certificate_error, 'verify_message', 'TLS')})"
    for kinds, words in _WORDS:
        if isinstance(error, kinds):
            return words
    return _line(str(error)) or type(error).__name__


_CUT_OFF: Final = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError)
_WORDS: Final[tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...]] = (
    (aiohttp.ClientSSLError, "no secure connection (TLS) could be made"),
    (_CUT_OFF, "the connection was closed in the middle of the answer"),
    (aiohttp.ClientResponseError, "answered with something that is not HTTP"),
    (zlib.error, "its compressed body is broken"),
)


def _explain_os(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved: is the address right, and is there a network?"
    if isinstance(error, ConnectionRefusedError):
        return "nothing answers there (connection refused)"
    return _line(str(error.strerror or error)) or "no connection"


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
