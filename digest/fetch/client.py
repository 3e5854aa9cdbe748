"""The one way out over HTTP: resolve once, check, connect to that address, read within limits.

Redirects are followed by hand, each hop checked anew. No cookies, no proxies from the environment, no credentials
to another host, never from https to http.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from importlib.util import find_spec
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import httpx

from digest.errors import FetchError
from digest.fetch.guard import Address, Guard, host_key, literal, parse_url
from digest.fetch.journey import Journey
from digest.fetch.limits import Limits
from digest.fetch.pace import AT_ONCE, Pace
from digest.fetch.response import Response

if find_spec("sniffio") is None:
    # httpcore looks for it anew at every step, on every path there is: a quarter of what a visit takes.
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]


class Fetcher:
    """A guarded HTTP client; use it as `async with`."""

    def __init__(
        self,
        *,
        allow_private: Sequence[str] = (),
        gap: timedelta = timedelta(seconds=1),
        user_agent: str = "Digest",
        limits: Limits | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._guard = Guard(allow_private)
        self._pace = Pace(gap)
        self._asked_away: dict[str, float] = {}
        self._avoided: frozenset[str] = frozenset()
        self.user_agent = user_agent
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    @property
    def asked_away(self) -> Mapping[str, float]:
        """Hosts that asked us to stay away while this fetcher was open -> for how many seconds."""
        return self._asked_away

    def avoid(self, hosts: Iterable[str]) -> None:
        """Send nothing to these hosts; they asked so earlier."""
        self._avoided = frozenset(hosts)

    async def get(
        self,
        url: str,
        *,
        own: str = "",
        etag: str = "",
        last_modified: str = "",
        accept: str = "*/*",
        limits: Limits | None = None,
    ) -> Response:
        """GET a URL; `own` is the source's own address, which alone may be private (default: nothing may).

        Any answer but 200, 226, or 304 to a conditional request raises FetchError with its status, and so does every
        failure; `about` is the URL.
        """
        extra = {"accept": accept}
        if etag:
            extra["if-none-match"] = etag
        if last_modified:
            extra["if-modified-since"] = last_modified
        start = parse_url(url)
        home = parse_url(own) if own else httpx.URL("http://nobody.invalid")
        journey = Journey(
            resolve=_resolve,
            guard=self._guard,
            pace=self._pace,
            away=self._away,
            wire=self._wire(),
            own=home,
            headers={"user-agent": self.user_agent, "accept-encoding": "gzip", "connection": "close", **extra},
            limits=limits or self.limits,
        )
        try:
            answer = await journey.follow(start)
        except FetchError as error:
            if error.status in (429, 503) and error.retry_after is not None:
                self._asked_away[host_key(parse_url(error.about))] = error.retry_after
            raise
        if answer.not_modified and not etag and not last_modified:
            raise FetchError("answered 304 to somebody who has nothing yet", about=answer.url, status=304)
        return answer

    async def post(self, url: str, body: bytes, *, own: str = "", media_type: str = "application/json") -> Response:
        """POST to a URL, guarded as `get`; any 2xx is taken, and a redirect is none: what we say goes nowhere else."""
        journey = Journey(
            resolve=_resolve,
            guard=self._guard,
            pace=self._pace,
            away=self._away,
            wire=self._wire(),
            own=parse_url(own) if own else httpx.URL("http://nobody.invalid"),
            headers={
                "user-agent": self.user_agent,
                "connection": "close",
                "content-type": media_type,
                "content-length": str(len(body)),
            },
            limits=self.limits,
            method="POST",
            sent=body,
        )
        return await journey.hand_over(parse_url(url))

    def _away(self, url: httpx.URL) -> bool:
        host = host_key(url)
        return host in self._avoided or host in self._asked_away

    def _wire(self) -> httpx.AsyncHTTPTransport:
        # Connections are not kept: they are pooled by address, and two hosts behind one address must never share TLS.
        if self._transport is None:
            self._transport = httpx.AsyncHTTPTransport(
                verify=_trust(),
                trust_env=False,
                limits=httpx.Limits(max_keepalive_connections=0, max_connections=AT_ONCE),
            )
        return self._transport


@cache
def _trust() -> ssl.SSLContext:
    # Reading all authorities takes longer than a whole visit on loopback; they are the same for every fetcher.
    return httpx.create_ssl_context(trust_env=False)


async def _resolve(url: httpx.URL) -> list[Address]:
    fixed = literal(url.host)
    if fixed is not None:
        return [fixed]
    host = url.raw_host.decode("ascii")
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
