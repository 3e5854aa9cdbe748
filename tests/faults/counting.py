"""A sink in a thread that counts what it took, by Message-ID and recipient, and may keep its answers to itself."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.fakes import listening

_IDENTITY = re.compile(rb"^Message-ID: (\S+)", re.MULTILINE)


@dataclass
class Counting:
    """`taken` counts (Message-ID, recipient); `mute` lets no more dots be answered."""

    port: int = 0
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    """When each was taken, by the monotonic clock."""
    begun: list[float] = field(default_factory=list)
    """When each was announced."""
    mute: bool = False
    total: int = 0
    sessions: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def until(self, true: Callable[[Counting], bool], seconds: float = 100) -> None:
        """Wait until `true` of this sink; asked whenever a message was taken or a session has begun or ended."""
        with self._changed:
            assert self._changed.wait_for(lambda: true(self), seconds), "it never came true"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._note(sessions=1)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._talk(reader, writer)
        finally:
            writer.close()
            self._note(sessions=-1)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient = ""
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif verb == b"MAIL":
                self.begun.append(time.monotonic())
                writer.write(b"250 ok\r\n")
            elif verb == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
                writer.write(b"250 ok\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                if not self._took(recipient, await reader.readuntil(b"\r\n.\r\n")):
                    await reader.read()
                    return
                writer.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 ok\r\n")

    def _took(self, recipient: str, message: bytes) -> bool:
        """Whether it is said to have been."""
        found = _IDENTITY.search(message)
        assert found
        self.taken[found[1].decode(), recipient] += 1
        self.times.append(time.monotonic())
        self._note(total=1)
        return not self.mute

    def _note(self, *, total: int = 0, sessions: int = 0) -> None:
        with self._changed:
            self.total += total
            self.sessions += sessions
            self._changed.notify_all()


@contextmanager
def counting() -> Iterator[Counting]:
    """The sink on a free port of loopback while the block runs."""
    sink = Counting()
    with listening(sink.serve) as sink.port:
        yield sink
