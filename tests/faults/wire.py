"""The server's end of a connection: bytes as they come, and a look at what has come already."""

from __future__ import annotations

import asyncio
import ssl
from typing import cast


class Gone(Exception):
    """The client has left."""


class Wire(asyncio.Protocol):
    """One connection; `transport` is another after `protect`."""

    def __init__(self) -> None:
        self.arrived = bytearray()
        self._news = asyncio.Event()
        self._gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.arrived += data
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        self._news.set()

    async def line(self) -> bytes:
        """The next line with its CRLF. A bare LF is part of one: whoever watches will say so."""
        while b"\r\n" not in self.arrived:
            if self._gone:
                raise Gone
            self._news.clear()
            await self._news.wait()
        end = self.arrived.index(b"\r\n") + 2
        line = bytes(self.arrived[:end])
        del self.arrived[:end]
        return line

    async def left(self) -> None:
        """Read and forget, until the client leaves."""
        while not self._gone:
            self.arrived.clear()
            self._news.clear()
            await self._news.wait()

    def say(self, text: str | bytes) -> None:
        self.transport.write(text if isinstance(text, bytes) else text.encode() + b"\r\n")

    async def drip(self, text: str, every: float) -> None:
        """A byte at a time."""
        for byte in text.encode() + b"\r\n":
            if self._gone:
                raise Gone
            self.transport.write(bytes([byte]))
            await asyncio.sleep(every)

    async def protect(self, context: ssl.SSLContext) -> None:
        """From here on, TLS; what was said before in plain text is forgotten."""
        self.arrived.clear()
        loop = asyncio.get_running_loop()
        made = await loop.start_tls(self.transport, self, context, server_side=True)
        assert made is not None
        self.transport = made

    def hang_up(self) -> None:
        self.transport.close()
