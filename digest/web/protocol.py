"""HTTP as uvicorn speaks it, but that a plain poll of a feed or page in memory is answered at once, in one write."""

from __future__ import annotations

from typing import Any, Protocol

import h11

from digest.web import poll
from digest.web.answers import Headers
from digest.web.patience import LINGER, PATIENCE, Patient
from digest.web.poll import Poll

_IDLE = {h11.CLIENT: h11.IDLE, h11.SERVER: h11.IDLE}


class Memory(Protocol):
    """What may have the answer ready."""

    def at_once(self, asked: Poll, dates: Headers) -> bytes | None: ...


class Polled(Patient):
    """A connection on which plain polls pass the HTTP library by, and all else goes through it.

    Between two requests, and only there, what arrives is looked at: a poll that is wholly there is answered
    from memory. The library sees none of it, and for it the connection just stood idle. A reader that does not
    take what it asked for gets no more: then the library, which waits, has the connection.
    """

    memory: Memory

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._between = True
        self._polled_at = 0.0

    def data_received(self, data: bytes) -> None:
        answer = self._answer(data) if self._between and not self.flow.write_paused else None
        if answer is None:
            self._between = False
            super().data_received(data)
            return
        self.arrived()
        self.transport.write(answer)
        self.server_state.total_requests += 1
        self._polled_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_handler()

    def _answer(self, data: bytes) -> bytes | None:
        asked = poll.read(data)
        dates = self.server_state.default_headers
        return None if asked is None or not dates else self.memory.at_once(asked, dates)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._between = self.conn.states == _IDLE and not self.conn.trailing_data[0]

    def timeout_keep_alive_handler(self) -> None:
        """Close after a while without a request; a timer for each poll would cost more than the poll."""
        left = self._polled_at + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            super().timeout_keep_alive_handler()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)


def protocol(memory: Memory, *, patience: float = PATIENCE, linger: float = LINGER) -> type[Polled]:
    """The protocol of connections that may poll what is in this memory, for uvicorn to make."""
    return type("PolledMemory", (Polled,), {"memory": memory, "patience": patience, "linger": linger})
