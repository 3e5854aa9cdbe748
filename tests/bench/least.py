"""The least that a full path can be on this machine, as a yardstick: claims, three keyed hashes, a journal, a ledger.

One round trip a message, everything in place, and nothing of a product around it: no pace, leases, outcomes, retries,
notes, relays or second languages. What the full path takes beyond this is ours to spare; this is not.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import re
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import cast

import aiosmtplib

from tests.bench.prepared import CONNECTIONS

CLAIM = 500
ALL_WELL = re.compile(rb"(?:250 [^\n]*\n){3}354 [^\n]*\n")
FIXED = [(b"%02d" % number + b"x" * 68 + b"\r\n") * 33 for number in range(13)]
"""Thirty kilobytes that all share, no two pieces the same, with a hole between each two."""
DUE = """
SELECT d.subscriber_id, s.handle, s.email, s.name FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
JOIN subscriptions u ON u.subscriber_id = d.subscriber_id AND u.digest = 'newsflash' AND u.state = 'confirmed'
WHERE d.mailing_id = 1 AND d.subscriber_id > ? AND d.state = 0 ORDER BY d.subscriber_id LIMIT ?
"""
SET = """
UPDATE deliveries SET state = ?, at = 1
WHERE mailing_id = 1 AND subscriber_id IN (SELECT value FROM json_each(?))
"""
Person = tuple[int, str, str, str]
"""Number, handle, address and name."""
Letter = tuple[int, bytes, list[bytes], int]
"""Its place in the claim, the commands that lead to it, its pieces, and whose it is."""


class Run:
    """A claim after the other, over as many connections as the full path has."""

    def __init__(self, ledger: Path) -> None:
        self.queue: deque[Letter] = deque()
        self.ends: list[int] = []
        self.idle = 0
        self.over = asyncio.Event()
        file = os.open(ledger.with_name("least"), os.O_RDWR | os.O_CREAT)
        os.posix_fallocate(file, 0, mmap.PAGESIZE)
        self.journal = mmap.mmap(file, mmap.PAGESIZE)
        self._ledger = ledger
        self._last = 0
        self._thread = ThreadPoolExecutor(1)
        self._connection: sqlite3.Connection | None = None

    async def send(self, pipes: Sequence[Pipe]) -> None:
        """Everybody."""
        loop = asyncio.get_running_loop()
        while rows := await loop.run_in_executor(self._thread, self._step):
            self.queue.extend(letters(rows))
            self.idle = 0
            self.over.clear()
            for pipe in pipes:
                pipe.begin()
            await self.over.wait()

    def _step(self) -> Sequence[Person]:
        """Settle a claim and take the next, in one transaction."""
        if self._connection is None:
            self._connection = sqlite3.connect(self._ledger, isolation_level=None)
            self._connection.execute("PRAGMA synchronous = FULL")
        ends, self.ends, run = self.ends, [], self._connection.execute
        run("BEGIN IMMEDIATE")
        run(SET, (2, json.dumps(ends)))
        rows: list[Person] = run(DUE, (self._last, CLAIM)).fetchall()
        if rows:
            self._last = rows[-1][0]
            run(SET, (1, json.dumps([who for who, *_ in rows])))
        run("COMMIT")
        return rows


class Pipe(asyncio.BufferedProtocol):
    """`body . MAIL RCPT DATA`, until the queue is empty."""

    def __init__(self, transport: asyncio.Transport, run: Run) -> None:
        self._transport = transport
        self._run = run
        self._buffer = memoryview(bytearray(16_384))
        self._sent: Letter | None = None
        self._announced: Letter | None = None
        transport.set_protocol(self)

    def begin(self) -> None:
        """Announce the first of a claim; there are more than connections."""
        self._sent, self._announced = None, self._run.queue.popleft()
        self._transport.write(self._announced[1])

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        run = self._run
        if self._sent:
            if self._announced and not ALL_WELL.fullmatch(self._buffer, 0, nbytes):
                raise SystemExit("the sink is out of step")
            run.journal[self._sent[0]] = 2
            run.ends.append(self._sent[3])
        letter = self._sent = self._announced
        if letter is None:
            run.idle += 1
            if run.idle == CONNECTIONS:
                run.over.set()
            return
        following = self._announced = run.queue.popleft() if run.queue else None
        run.journal[letter[0]] = 1
        self._transport.write(b"".join((*letter[2], b".\r\n", following[1] if following else b"")))


def letters(rows: Sequence[Person]) -> list[Letter]:
    """A claim's, spliced."""
    leave, visit, identity = (blake2b(key=b"k" * 32, digest_size=20, person=word) for word in (b"l", b"v", b"i"))
    frame = [b""] * (2 * len(FIXED) - 1)
    frame[::2] = FIXED
    made = []
    for place, (who, handle, address, name) in enumerate(rows):
        tokens = []
        for begun in (leave, visit, identity):
            mac = begun.copy()
            mac.update(handle.encode())
            tokens.append(f"{handle}{mac.hexdigest()}".encode())
        leaving, visiting, known = tokens
        mailbox, called = address.encode(), name.encode()
        pieces = frame.copy()
        pieces[1::2] = (
            *(b"%b <%b>" % (called, mailbox), known, leaving, called, called, mailbox),
            *(mailbox, leaving, leaving, visiting, visiting, known),
        )
        opening = b"MAIL FROM:<news@example.org>\r\nRCPT TO:<%b>\r\nDATA\r\n" % mailbox
        made.append((place, opening, pieces, who))
    return made


def work(port: int) -> Callable[[], Awaitable[None]]:
    """What the case takes, connections included."""

    async def all_of_it() -> None:
        run, pipes = Run(Path("var/digest.db")), []
        for _ in range(CONNECTIONS):
            smtp = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
            await smtp.connect()
            await smtp.ehlo()
            pipes.append(Pipe(cast(asyncio.Transport, smtp.transport), run))
        await run.send(pipes)

    return all_of_it
