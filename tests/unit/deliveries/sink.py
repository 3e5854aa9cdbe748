"""A real SMTP server on loopback that records what it takes and misbehaves on order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar, Self

DROP = "drop"
"""Close the connection instead of answering."""
TAKE_AND_DROP = "take and drop"
"""At the dot: keep the message, and close the connection instead of saying so."""

Answer = Callable[[str, str], str | None]
"""(stage, argument) -> a reply, DROP, or None for the usual one. The stage "dot" has the recipient as argument."""


@dataclass(frozen=True)
class Taken:
    sender: str
    recipient: str
    message: bytes


def usual(stage: str, argument: str) -> str | None:
    return None


@dataclass
class Sink:
    """`answer` decides what is unusual; `taken` holds every message accepted, `commands` every line seen."""

    pipelining: ClassVar[bool] = True
    """Whether sinks offer it; a test may say that they do not."""

    answer: Answer = usual
    extensions: tuple[str, ...] = ("8BITMIME", "ENHANCEDSTATUSCODES")
    lenient: bool = False
    """Asks for the message even where it refused the recipient, as some servers do."""
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def recipients(self) -> list[str]:
        return [taken.recipient for taken in self.taken]

    async def until(self, true: Callable[[Sink], bool]) -> None:
        """Wait until `true` of this sink; asked whenever a message was taken or a session has ended."""
        async with asyncio.timeout(60):
            while not true(self):
                self._changed.clear()
                await self._changed.wait()

    @property
    def busy(self) -> bool:
        """Whether a session is open."""
        return bool(self._tasks)

    async def pause(self, stage: str, argument: str) -> None:
        """Before a recipient or a dot is answered: a test may take its time."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._session, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._talk(reader, writer)
        finally:
            writer.close()
            self._tasks.discard(task)
            self._changed.set()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = recipient = ""

        def say(stage: str, argument: str, default: str) -> str:
            reply = self.answer(stage, argument) or default
            if reply not in (DROP, TAKE_AND_DROP):
                writer.write(reply.encode() + b"\r\n")
            return reply

        if not say("connect", "", "220 sink").startswith("220"):
            return
        while line := (await reader.readuntil(b"\r\n")).decode():
            self.commands.append(line.strip())
            verb = line[:4].upper().strip()
            argument = line.partition(":<")[2].partition(">")[0]
            if verb in ("EHLO", "HELO"):
                lines = ["sink", *self.extensions, *(["PIPELINING"] if Sink.pipelining else [])]
                hello = "\r\n".join(f"250-{each}" for each in lines[:-1]) + f"\r\n250 {lines[-1]}"
                reply = say("hello", "", hello)
            elif verb == "MAIL":
                sender, reply = argument, say("mail", argument, "250 2.1.0 ok")
            elif verb == "RCPT":
                await self.pause("rcpt", argument)
                reply = say("rcpt", argument, "250 2.1.5 ok")
                recipient = argument if reply.startswith("2") else ""
            elif verb == "DATA":
                usual_answer = "354 go on" if recipient or self.lenient else "554 5.5.1 no valid recipients"
                reply = say("data", recipient, usual_answer)
                if reply.startswith("354"):
                    reply = await self._message(reader, sender, recipient, say)
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                reply = say(verb.lower(), argument, "250 ok")
            if reply in (DROP, TAKE_AND_DROP) or reply.startswith("421"):
                return

    async def _message(
        self, reader: asyncio.StreamReader, sender: str, recipient: str, say: Callable[[str, str, str], str]
    ) -> str:
        raw = b""
        while not raw.endswith(b"\r\n.\r\n") and raw != b".\r\n":
            raw += await reader.readuntil(b"\r\n")
        await self.pause("dot", recipient)
        reply = say("dot", recipient, f"250 2.0.0 queued as {len(self.taken)}")
        if recipient and (reply.startswith("250") or reply == TAKE_AND_DROP):
            self.taken.append(Taken(sender, recipient, raw[:-3].replace(b"\r\n..", b"\r\n.")))
            self._changed.set()
        return reply
