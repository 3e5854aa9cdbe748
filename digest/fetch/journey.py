"""One GET with its redirects: every hop resolved, checked, connected to the checked address, read within limits."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import unquote

import httpx

from digest.errors import FetchError
from digest.fetch.decode import Body
from digest.fetch.guard import Address, Guard, parse_url, same_place, shown
from digest.fetch.limits import Limits
from digest.fetch.pace import Pace
from digest.fetch.response import Response, retry_after

T = TypeVar("T")

_MOVED = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_TRIED_ADDRESSES = 3


@dataclass(kw_only=True)
class Journey:
    """The time limit is for all hops together; waiting for our turn at a host does not count."""

    resolve: Callable[[httpx.URL], Awaitable[list[Address]]]
    guard: Guard
    pace: Pace
    away: Callable[[httpx.URL], bool]
    wire: httpx.AsyncHTTPTransport
    own: httpx.URL
    headers: Mapping[str, str]
    limits: Limits
    method: str = "GET"
    sent: bytes = b""
    spent: float = 0.0

    async def hand_over(self, url: httpx.URL) -> Response:
        """The answer to what is sent there; FetchError for any but 2xx, a redirect included."""
        answer = await self._hop(url)
        if not 200 <= answer.status < 300:
            raise FetchError(f"answered {answer.status}", about=answer.url, status=answer.status)
        return answer

    async def follow(self, url: httpx.URL) -> Response:
        """The answer at the end of the redirects; raises FetchError."""
        seen = {str(url)}
        for_good = True
        for _ in range(self.limits.redirects + 1):
            answer = await self._hop(url)
            if answer.status not in _MOVED:
                return _judged(replace(answer, moved_for_good=for_good and len(seen) > 1))
            for_good = for_good and answer.status in _FOR_GOOD
            url = onward(url, answer)
            if str(url) in seen:
                raise FetchError("redirects in a ring", about=shown(url))
            seen.add(str(url))
        raise FetchError(f"more than {self.limits.redirects} redirects", about=shown(url))

    async def _hop(self, url: httpx.URL) -> Response:
        if self.away(url):
            raise FetchError("its host asked us to stay away for now", about=shown(url))
        addresses = await self._within(url, self._addresses(url))
        self.guard.check(url, addresses, own=self.own)
        async with self.pace.turn(url.host, str(addresses[0])):
            if self.away(url):
                raise FetchError("its host asked us to stay away for now", about=shown(url))
            return await self._within(url, self._read_any(url, addresses[:_TRIED_ADDRESSES]))

    async def _within(self, url: httpx.URL, work: Awaitable[T]) -> T:
        started = time.monotonic()
        try:
            async with asyncio.timeout(max(0.001, self.limits.total - self.spent)):
                return await work
        except TimeoutError as error:
            raise FetchError(f"took longer than {self.limits.total:g} s", about=shown(url)) from error
        finally:
            self.spent += time.monotonic() - started

    async def _addresses(self, url: httpx.URL) -> list[Address]:
        try:
            found = await self.resolve(url)
        except (OSError, UnicodeError) as error:
            raise FetchError(f"its name is not known: {error}", about=shown(url)) from error
        if not found:
            raise FetchError("its name has no address", about=shown(url))
        return found

    async def _read_any(self, url: httpx.URL, addresses: Sequence[Address]) -> Response:
        problem: httpx.HTTPError | None = None
        for address in addresses:
            try:
                return await self._read(url, address)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                problem = error
            except (httpx.HTTPError, httpx.StreamError, OSError, ValueError) as error:
                raise FetchError(_words(error), about=shown(url)) from error
        raise FetchError(_words(problem), about=shown(url)) from problem

    async def _read(self, url: httpx.URL, address: Address) -> Response:
        answer = await self.wire.handle_async_request(self._request(url, address))
        try:
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1").strip() for name, value in answer.headers.raw
            }
            body = await self._body(url, answer, headers) if answer.status_code in (200, 226) else b""
        finally:
            await answer.aclose()
        return Response(url=shown(url), status=answer.status_code, headers=headers, body=body)

    async def _body(self, url: httpx.URL, answer: httpx.Response, headers: Mapping[str, str]) -> bytes:
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self.limits.wire:
            raise FetchError(f"says it is {int(declared):,} bytes long; too large", about=shown(url))
        body = Body(headers.get("content-encoding", ""), self.limits, about=shown(url))
        async for chunk in answer.aiter_raw():
            body.feed(chunk)
        return body.finish()

    def _request(self, url: httpx.URL, address: Address) -> httpx.Request:
        # The address stands in the URL, so nothing can resolve the name a second time; Host and TLS keep the name.
        headers = {"host": url.netloc.decode("ascii").rpartition("@")[2], **self.headers}
        if url.userinfo:
            user, _, password = url.userinfo.decode("ascii").partition(":")
            pair = f"{unquote(user)}:{unquote(password)}".encode()
            headers["authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
        raw = [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in headers.items()]
        host = f"[{address}]" if address.version == 6 else str(address)
        times = {"connect": self.limits.connect, "read": self.limits.read, "write": self.limits.read}
        return httpx.Request(
            self.method,
            url.copy_with(host=host, userinfo=b"", fragment=None),
            headers=raw,
            content=self.sent,
            extensions={"timeout": {**times, "pool": self.limits.total}, "sni_hostname": url.raw_host.decode("ascii")},
        )


def onward(url: httpx.URL, answer: Response) -> httpx.URL:
    """Where a redirect leads, with what opens a door only at the same place; raises FetchError."""
    location = answer.headers.get("location", "")
    if not location:
        raise FetchError(f"answered {answer.status} without a location", about=shown(url), status=answer.status)
    try:
        # Browsers read a Location as UTF-8, whatever the header's charset says.
        target = parse_url(str(url.join(location.encode("latin-1", "replace").decode("utf-8", "replace"))))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError("redirects to something that is no URL", about=shown(url), status=answer.status) from error
    if url.scheme == "https" and target.scheme == "http":
        raise FetchError("redirects from https to http", about=shown(target), status=answer.status)
    credentials = url.userinfo if same_place(target, url) else b""
    return target.copy_with(userinfo=credentials, fragment=None)


def _judged(answer: Response) -> Response:
    if answer.status in (200, 226, 304):
        return answer
    wait = retry_after(answer.headers.get("retry-after", ""), now=datetime.now(UTC))
    raise FetchError(f"answered {answer.status}", about=answer.url, status=answer.status, retry_after=wait)


def _words(error: BaseException | None) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return "could not connect in time"
    if isinstance(error, httpx.TimeoutException):
        return "went silent"
    if isinstance(error, httpx.ConnectError):
        return f"could not connect: {error}".rstrip(": ")
    return f"broke off: {error}".rstrip(": ")
