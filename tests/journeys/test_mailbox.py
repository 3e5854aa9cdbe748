"""A mailbox of bounces, polled: what is ours is acted upon and taken away, a person's letter is left."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.builders import Desk, folder_source
from tests.fakes import sinking
from tests.unit.subscribers.bounce_corpus import WHO, refusals

SENDER = 'from = "Metals Mark <news@example.org>"\n'
ASKING = b"From: Ana <ana@example.org>\r\nMessage-ID: <3@x>\r\nSubject: unsubscribe\r\n\r\nPlease.\r\n"
LETTER = b"From: Ana <ana@example.org>\r\nSubject: Thank you\r\n\r\nIt was a good issue.\r\n"


@dataclass
class Imap:
    """The few words of IMAP that a poll speaks, over one mailbox in memory."""

    messages: dict[int, bytes]
    port: int = 0
    flags: dict[int, set[str]] = field(default_factory=dict)
    keywords: bool = True
    """Whether it keeps flags that it does not know."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := (await reader.readline()).decode().strip():
            tag, _, said = line.partition(" ")
            refused = "STORE" in said and "$" in said and not self.keywords
            for each in () if refused else self._answers(said):
                writer.write(each)
            writer.write(f"{tag} {'NO' if refused else 'OK'} done\r\n".encode())
            await writer.drain()
            if said == "LOGOUT":
                break
        writer.close()

    def _answers(self, said: str) -> Iterator[bytes]:
        uid = int(found[1]) if (found := re.match(r"UID \w+ (\d+)", said)) else 0
        marks = self.flags.setdefault(uid, set())
        if said == "CAPABILITY":
            yield b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n"
        elif said.startswith("SELECT"):
            yield f"* {len(self.messages)} EXISTS\r\n".encode()
        elif said.startswith("UID SEARCH"):
            new = [str(each) for each in self.messages if "$DigestLooked" not in self.flags.get(each, ())]
            yield f"* SEARCH {' '.join(new)}\r\n".encode()
        elif said.startswith("UID FETCH"):
            raw = self.messages[uid]
            yield f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"
        elif said.startswith("UID STORE"):
            marks.add(said.rpartition("(")[2].rstrip(")"))
        elif said.startswith("UID EXPUNGE") and r"\Deleted" in marks:
            del self.messages[uid]


@contextmanager
def mailbox(messages: dict[int, bytes]) -> Iterator[Imap]:
    """The server on loopback while the block runs."""
    box, started, loop = Imap(messages), threading.Event(), asyncio.new_event_loop()
    stopping = asyncio.Event()

    async def main() -> None:
        server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
        box.port = server.sockets[0].getsockname()[1]
        started.set()
        await stopping.wait()
        server.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield box
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)
        loop.close()


def test_a_mailbox_is_read_and_a_persons_letter_is_left(desk: Desk) -> None:
    """The bounce suppresses by the token in it; a second look finds nothing new, and nothing is done twice.

    Who asks to be taken off, and nobody knows who it is, is left for people, too, also where no mark can be set.
    """
    desk.write("one", "First", "2025-05-06")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        text = desk.config.read_text("utf-8")
        desk.config.write_text(text.replace(SENDER, f'{SENDER}bounces = "bounces@bounces.example.net"\n'), "utf-8")
        desk.done("collect")
        desk.done("subscribers", "add", WHO, "--digest", "newsflash", "--confirmed")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        [(sender, _)] = sink.envelopes
    [raw] = [each.raw for each in refusals() if each.name.startswith("postfix 0")]
    ours = f"Delivered-To: {sender}\n".encode() + raw
    forged = raw.replace(b"MIME-Version", b"Message-ID: <2@x>\nMIME-Version")
    with mailbox({1: ours, 2: LETTER, 3: forged, 4: ASKING, 5: ASKING}) as box:
        at = f"imap://user:secret@127.0.0.1:{box.port}/INBOX"
        polled = desk.done("bounces", "poll", DIGEST_BOUNCES__IMAP=at)
        again = desk.done("bounces", "poll", DIGEST_BOUNCES__IMAP=at)
        assert ([2, 3, 4, 5], {"$DigestLooked"}) == (sorted(box.messages), box.flags[2])
        box.keywords, box.flags = False, {}
        unmarked = desk.done("bounces", "poll", DIGEST_BOUNCES__IMAP=at)
        assert [2, 3, 4, 5] == sorted(box.messages)
    assert "1 of ours read and deleted there, 4 left" in polled.out
    assert "0 of ours read and deleted there, 0 left" in again.out
    assert "0 of ours read and deleted there, 4 left" in unmarked.out
    [row] = desk.done("suppressions", "list", "--json").json()
    assert (WHO, "hard bounce", "imap") == (row["email"], row["reason"], row["source"])
    down = desk.run("bounces", "poll", DIGEST_BOUNCES__IMAP="imap://user:secret@127.0.0.1:1/INBOX")
    assert (1, False) == (down.status, "secret" in down.err)
