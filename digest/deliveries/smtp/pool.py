"""A sender's connections: warmed up, reused, spent after their share, by the first relay that answers."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

from digest.deliveries.smtp import tls
from digest.deliveries.smtp.connection import Connection
from digest.deliveries.smtp.opening import connect
from digest.deliveries.smtp.relay import Relay
from digest.deliveries.smtp.rest import Rest
from digest.deliveries.smtp.share import Share
from digest.deliveries.smtp.sweep import Sweep
from digest.deliveries.smtp.timeouts import Timeouts
from digest.deliveries.smtp.volley import Volley
from digest.deliveries.smtp.warmth import Warmth, objects
from digest.errors import DeliveryError
from digest.model.deliveries import Outcome, OutcomeKind


class Pool:
    """Connections of one sender. Not for two tasks to close at once; `acquire` and `give_back` are free."""

    def __init__(
        self,
        relays: Sequence[Relay],
        size: int,
        *,
        rest: Rest | None = None,
        share: Share | None = None,
        timeouts: Timeouts | None = None,
        hostname: str | None = None,
        pipelining: bool = True,
        in_full: bool = False,
        ca: Path | None = None,
    ) -> None:
        """`in_full` as in `Pipeline`."""
        self.size = size
        self.pipelining = pipelining
        self.share = share or Share()
        self.troubled = False
        """Whether a session broke before it took anything, and none has had an answer since."""
        self._relays = tuple(relays)
        self._rest = rest or Rest()
        self.warmth = Warmth(size)
        self._sweep = Sweep(timeouts or Timeouts())
        self._volley = Volley()
        self._hostname = hostname
        self._in_full = in_full
        self._ca = ca
        self._tls: ssl.SSLContext | None = None
        self._idle: list[Connection] = []
        self._open = 0
        """Connections there are or that are being opened."""

    @property
    def allowed(self) -> int:
        """How many connections the relay bears now, as far as we know."""
        return self.warmth.allowed

    @property
    def others(self) -> bool:
        """Whether there are connections, or soon may be: whoever got none is not the last."""
        return self._open > 0

    async def acquire(self) -> Connection | Outcome:
        """An idle connection or a new one, by the first relay that answers; else what the last one said."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and not connection.spent:
                return connection
            await self._drop(connection)
        failure = Outcome(kind=OutcomeKind.RELAY, text="no relay")
        for relay in self._relays:
            if tired := self._rest.resting(relay):
                failure = tired
                continue
            opened = await self._connect(relay)
            if isinstance(opened, Connection):
                return opened
            failure = opened
            if self.others:
                # It refused one more, not us.
                self.warmth.at_most(self._open)
                break
            self._rest.failed(relay, opened)
            self.warmth.cool()
        return failure

    async def give_back(self, connection: Connection) -> None:
        """Keep it for the next message, unless it is spent, or one too many."""
        if connection.usable and not connection.spent and self._open <= self.allowed:
            self._idle.append(connection)
        else:
            await self._drop(connection)

    def answered(self, connection: Connection, outcome: Outcome) -> None:
        """A verdict came over this connection."""
        if connection.sent == 1 or self.troubled:
            self._rest.answered(connection.relay)
            self.troubled = False
        if outcome.kind is not OutcomeKind.ACCEPTED and objects(outcome, fresh=False):
            self.warmth.objected()
        elif self.warmth.allowed < self.size:
            self.warmth.answered()

    def broke(self, connection: Connection, outcome: Outcome) -> None:
        """A session ended under a message; one that took nothing before counts against its relay."""
        if objects(outcome, fresh=connection.sent == 0):
            self.warmth.objected()
        if connection.sent == 0:
            said = Outcome(kind=OutcomeKind.RELAY, code=outcome.code, text=f"{connection.relay}: {outcome.text}")
            self._rest.broke(connection.relay, said)
            self.troubled = True

    async def close(self) -> None:
        """Say goodbye on every idle connection."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(self._drop(connection) for connection in idle))

    async def _connect(self, relay: Relay) -> Connection | Outcome:
        self._open += 1
        opened: Connection | Outcome | None = None
        try:
            self._hostname = self._hostname or await asyncio.to_thread(socket.getfqdn)
            if self._tls is None and (relay.tls or relay.starttls):
                self._tls = await asyncio.to_thread(tls.context, self._ca)
            opened = await connect(
                relay,
                self._sweep,
                self._volley,
                self.share,
                hostname=self._hostname,
                tls=self._tls,
                in_full=self._in_full,
            )
        except DeliveryError as error:
            opened = Outcome(kind=OutcomeKind.RELAY, text=f"{relay}: {error}")
        finally:
            self._open -= not isinstance(opened, Connection)
        return opened

    async def _drop(self, connection: Connection) -> None:
        self._open -= 1
        await connection.close()
