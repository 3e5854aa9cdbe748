"""One client's session with the bed: by the book, but for what was ordered."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.faults.orders import Act, At
from tests.faults.protocol import Watch
from tests.faults.wire import Gone, Wire

if TYPE_CHECKING:
    from tests.faults.bed import Bed


class Session:
    """One client's."""

    def __init__(self, bed: Bed, wire: Wire, watch: Watch, number: int) -> None:
        self.bed, self.wire, self.watch, self.number = bed, wire, watch, number
        self.messages = 0
        self.recipient = ""
        self.troubled = False

    async def talk(self) -> None:
        try:
            with suppress(Gone, ConnectionError, ssl.SSLError):
                await self._answer("connect", "", "220 bed")
                while True:
                    line = await self.wire.line()
                    await asyncio.sleep(0)
                    self.watch.command(line, bytes(self.wire.arrived))
                    await self._command(line)
        finally:
            self.watch.ended(troubled=self.troubled)
            self.wire.hang_up()

    async def _command(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").strip()
        verb = text[:4].upper().strip()
        who = found[1] if (found := re.search(r"<([^>]*)>", text)) else text[5:]
        match verb:
            case "EHLO" | "HELO":
                await self._hello(verb)
            case "STAR":
                await self._starttls()
            case "AUTH":
                await self._answer("auth", who, "235 2.7.0 welcome")
            case "MAIL":
                self.messages += 1
                self.watch.open = await self._answer("mail", who, "250 2.1.0 ok")
                self.watch.wanted = False
            case "RCPT":
                await self._rcpt(who)
            case "DATA":
                await self._data()
            case "RSET":
                self.watch.open = self.watch.wanted = False
                self.wire.say("250 ok")
            case "QUIT":
                await self._answer("quit", "", "221 bye")
                raise Gone
            case _:
                self.bed.wrong.append(f"{text!r} is no command")
                self.wire.say("500 what?")

    async def _hello(self, verb: str) -> None:
        if verb == "EHLO" and self.bed.helo_only:
            self.wire.say("502 5.5.1 not here")
            return
        offers = [*self.bed.offers, *(["PIPELINING"] if self.bed.pipelining else [])]
        if self.bed.tls and not self.watch.protected:
            offers.append("STARTTLS")
        lines = ["bed", *(offers if verb == "EHLO" else [])]
        usual = "\r\n".join([*(f"250-{each}" for each in lines[:-1]), f"250 {lines[-1]}"])
        if await self._answer("hello", "", usual):
            self.watch.greeted = True
            self.watch.offered = frozenset(each.split()[0] for each in lines[1:])

    async def _starttls(self) -> None:
        if await self._answer("starttls", "", "220 go on"):
            assert self.bed.tls
            self.watch.offered, self.watch.greeted = frozenset(), False
            try:
                await self.wire.protect(self.bed.tls)
            except (ssl.SSLError, ConnectionError, TimeoutError):
                self.troubled = True
                raise Gone from None
            self.watch.protected = True

    async def _rcpt(self, who: str) -> None:
        self.recipient = who
        if self.watch.open:
            self.watch.wanted = await self._answer("rcpt", who, "250 2.1.5 ok")
        else:
            self.wire.say("503 5.5.1 MAIL first")

    async def _data(self) -> None:
        usual = "354 go on" if self.watch.wanted or self.bed.lenient else "554 5.5.1 no valid recipients"
        if not await self._answer("data", self.recipient, usual):
            return
        lines: list[bytes] = []
        # Whoever will not say the message can only leave: no command may be said here.
        troubled, self.troubled = self.troubled, True
        while (line := await self.wire.line()) != b".\r\n":
            lines.append(line)
        self.troubled = troubled
        self.watch.message(lines)
        self.watch.open = False
        if self.watch.wanted:
            await self._dot(lines)
        else:
            self.wire.say("554 5.5.1 no valid recipients")

    async def _dot(self, lines: list[bytes]) -> None:
        head = b"".join(lines).partition(b"\r\n\r\n")[0].decode("latin-1")
        found = re.search(r"^Message-ID:\s*(\S+)", head, re.IGNORECASE | re.MULTILINE)
        key = (found[1] if found else "", self.recipient)
        act = self.bed.order(self._at("dot", self.recipient))
        if act is None or act.take or act.say.startswith("250 "):
            self.bed.accepted[key] += 1
        await self._do(act or Act(say="250 2.0.0 queued"))

    def _at(self, stage: str, who: str) -> At:
        return At(stage, who, self.number, max(1, self.messages))

    async def _answer(self, stage: str, who: str, usual: str) -> bool:
        """Say what is usual, or what was ordered; whether it was a yes."""
        act = self.bed.order(self._at(stage, who)) or Act(say=usual)
        await self._do(act)
        return act.say[:1] in ("2", "3")

    async def _do(self, act: Act) -> None:
        self.troubled = self.troubled or act.drop or act.hush or act.endless or bool(act.raw) or act.say[:3] == "421"
        if act.raw:
            self.wire.say(act.raw)
        elif act.drip:
            self.troubled = True
            await self.wire.drip(act.say or "250 so slow", act.drip)
        elif act.endless:
            while not self.wire.transport.is_closing():
                self.wire.say(b"250-and another thing\r\n" * 50)
                await asyncio.sleep(0.001)
        elif act.say:
            self.wire.say(act.say)
        if act.hush:
            await self.wire.left()
            raise Gone
        if act.drop or act.say[:3] == "421":
            raise Gone
