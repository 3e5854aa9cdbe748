"""How long a request may take to come: HTTP as uvicorn speaks it waits for ever, for a head as for a body."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 30.0
"""Seconds from its first byte, or from the connection on for the first, to its last."""

LINGER = 1.0
"""Seconds in which whoever was told so may take it, before the line is cut."""

_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_UNANSWERED = (h11.IDLE, h11.SEND_RESPONSE)


class Patient(H11Protocol):
    """A connection that is closed when a request is not wholly there in time, 408 said first (RFC 9110, 15.5.9).

    A byte now and then changes nothing of that. How long the answer takes is another matter.
    """

    patience = PATIENCE
    linger = LINGER

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._late: asyncio.TimerHandle | None = None
        self._over = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self.arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._over:
            super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        if self._begun():
            self._wait()
        else:
            self.arrived()

    def arrived(self) -> None:
        """Nothing more is waited for."""
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _wait(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(self.patience, self._too_late)

    def _begun(self) -> bool:
        """Whether some of a request is there, and some is not."""
        their = self.conn.their_state
        return their is h11.SEND_BODY or (their is h11.IDLE and bool(self.conn.trailing_data[0]))

    def _too_late(self) -> None:
        if self.transport.is_closing():
            return
        # Whoever said nothing at all, as browsers do that connect ahead, is told nothing.
        if self._begun() and self.conn.our_state in _UNANSWERED:
            self.transport.write(_LATE)
        self._close()

    def _close(self) -> None:
        """Say that no more comes, then cut: at once, what drips in would destroy what was said (RFC 9112, 9.6)."""
        self._over = True
        if self.conn.our_state is h11.SEND_BODY or not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.loop.call_later(self.linger, self.transport.abort)
