"""Concurrent requests for sequential callers: an event loop in a thread, with limits per host."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import aiohttp

from digest.collect.http import request
from digest.collect.http.guard import literal
from digest.collect.http.request import Answer, Refusal
from digest.collect.http.robots import Robots
from digest.errors import FetchError
from digest.text.url import absolute, host

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_ROBOTS: Final = 512_000  # RFC 9309, 2.5: at least 500 KiB
_END: Final = object()


class AskedToWait(FetchError):
    """The site answered 429 in this run: no request to it before `retry_after` seconds."""

    def __init__(self, url: str, retry_after: float | None) -> None:
        super().__init__(url, "the site asked for fewer requests (429) a moment ago; not asked again in this run", 429)
        self.retry_after = retry_after


@dataclass(slots=True)
class _Host:
    """The limits of one host: requests at a time, and the delay between two starts."""

    places: asyncio.Semaphore
    next_start: float = 0.0
    wait: AskedToWait | None = None
    robots: asyncio.Task[Robots | None] | None = None


@dataclass(slots=True)
class Client:
    """The session of one run, with the state of each host."""

    session: aiohttp.ClientSession
    refusal: Refusal
    product: str
    per_host: int
    delay: float
    seconds: float
    slots: asyncio.Semaphore
    hosts: defaultdict[str, _Host] = field(init=False)

    def __post_init__(self) -> None:
        self.hosts = defaultdict(lambda: _Host(asyncio.Semaphore(self.per_host)))

    @contextlib.asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait for the limits of this URL's host, then for a free slot of the run."""
        if is_own(url):
            async with self.slots:
                yield
            return
        place = self.hosts[host(url)]
        async with place.places:
            now = asyncio.get_running_loop().time()
            start = max(now, place.next_start)
            place.next_start = start + self.delay
            await asyncio.sleep(start - now)
            async with self.slots:
                yield

    async def get(self, url: str, headers: Mapping[str, str], most: int) -> Answer:
        """Send one GET within the limits. Raises FetchError."""
        place = self.hosts[host(url)]
        if place.wait:
            raise place.wait
        answer = await request.get(self.session, url, headers, refusal=self.refusal, seconds=self.seconds, most=most)
        if answer.status == 429 and not is_own(url):
            place.wait = AskedToWait(url, request.retry_after(answer))
        return answer

    async def may_fetch(self, url: str) -> bool:
        """Return whether the host's robots.txt allows a URL; no answer or 5xx forbids (RFC 9309, 2.3)."""
        if is_own(url):
            return True
        place = self.hosts[host(url)]
        if place.robots is None:
            place.robots = asyncio.create_task(self._robots(absolute(url, "/robots.txt")))
        rules = await asyncio.shield(place.robots)
        return rules is not None and rules.allows(url)

    async def _robots(self, url: str) -> Robots | None:
        try:
            answer = await self.get(url, {"Accept": "text/plain, */*;q=0.5"}, _MOST_ROBOTS)
        except FetchError:
            return None
        if answer.status >= 500:
            return None
        text = answer.body.decode("utf-8", "replace") if answer.status == 200 else ""
        return Robots.parse(text, self.product)


def is_own(url: str) -> bool:
    """Return whether the server is on this machine (loopback), where no limits are needed."""
    address = literal(host(url))
    return bool(address) and (str(address).startswith("127.") or address == "::1")


def run(
    items: Sequence[Item],
    one: Callable[[Client, Item], Awaitable[Result]],
    address: Callable[[Item], str],
    open_client: Callable[[], Client],
    at_once: int,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Result]:
    """Run `one` for every item concurrently; yield the results as they arrive. Closing the iterator ends all requests.

    So does `should_stop`, which is polled several times a second.

    At most twice `at_once` results are in memory: a slow caller slows the requests down, while no time limit runs.
    """
    results: queue.SimpleQueue[object] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    space = asyncio.Semaphore(at_once)

    async def work(client: Client, item: Item) -> None:
        async with client.turn(address(item)):
            result = await one(client, item)
            await space.acquire()
            results.put((result,))

    async def everything() -> None:
        client = open_client()
        async with client.session, asyncio.TaskGroup() as group:
            for item in items:
                group.create_task(work(client, item))

    def main() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            results.put(error)
        finally:
            loop.close()
            results.put(_END)

    task = loop.create_task(everything())
    thread = threading.Thread(target=main, name="digest-http", daemon=True)
    thread.start()
    try:
        while not should_stop():
            try:
                got = results.get(timeout=0.3)
            except queue.Empty:
                continue
            if got is _END:
                return
            if isinstance(got, BaseException):
                raise got
            with contextlib.suppress(RuntimeError):  # the loop is closed when all was fetched before the caller read it
                loop.call_soon_threadsafe(space.release)
            yield got[0]  # type: ignore[index]
    finally:
        with contextlib.suppress(RuntimeError):  # the loop is closed at the end
            loop.call_soon_threadsafe(task.cancel)
        thread.join()
