"""A relay that misbehaves on order, counts what it takes by Message-ID and recipient, and watches its clients."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

from tests.faults.orders import Order, usual
from tests.faults.protocol import Watch
from tests.faults.session import Session
from tests.faults.wire import Wire


@dataclass
class Bed:
    order: Order = usual
    pipelining: bool = True
    offers: tuple[str, ...] = ("8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 1000000")
    helo_only: bool = False
    lenient: bool = False
    """Asks for the message even where it refused the recipient, as some servers do."""
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    """TLS from the first byte, in place of STARTTLS."""
    port: int = 0
    accepted: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By Message-ID and recipient."""
    wrong: list[str] = field(default_factory=list)
    """What clients did that they may not."""
    sessions: list[Watch] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.address("smtp")

    def address(self, scheme: str, login: str = "") -> str:
        """Where it is to be found, and as whom."""
        return f"{scheme}://{login}127.0.0.1:{self.port}"

    @property
    def recipients(self) -> Counter[str]:
        return Counter(
            {who: sum(n for (_, each), n in self.accepted.items() if each == who) for _, who in self.accepted}
        )

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        context = self.tls if self.implicit else None
        self._server = await loop.create_server(self._begin, "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _begin(self) -> Wire:
        return Began(self)

    def begun(self, wire: Wire) -> None:
        watch = Watch(self.wrong, protected=self.implicit)
        self.sessions.append(watch)
        task = asyncio.get_running_loop().create_task(Session(self, wire, watch, len(self.sessions)).talk())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Began(Wire):
    """A connection that starts its session when it is made, and not again when TLS is laid over it."""

    def __init__(self, bed: Bed) -> None:
        super().__init__()
        self._bed: Bed | None = bed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        bed, self._bed = self._bed, None
        if bed:
            bed.begun(self)
