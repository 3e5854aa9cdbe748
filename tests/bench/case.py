"""One case of the bench: send so many letters of some 30 KB to a sink, and say what it took, as JSON."""

from __future__ import annotations

import asyncio
import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

import aiosmtplib
from jinja2 import Environment

from digest.letter.holes import HOLES
from digest.service import collecting, composing, people, sending
from digest.service.house import House, opened
from digest.settings import load
from digest.store import editions, mailings
from tests.builders import CONFIG, folder_source

CONNECTIONS = 10
AT = "2025-06-27T08:00:00+00:00"
TEXT = "What was announced, in a sentence that says neither too much nor too little about it all. " * 3


def declared(folder: Path, port: int, *, careful: bool) -> Path:
    """A house with forty announcements and one sender without a pace."""
    notes = folder / "notes"
    notes.mkdir()
    for number in range(40):
        head = f'title: "Announcement number {number}"\ndate: 2025-06-{number % 20 + 1:02}\nsummary: "{TEXT}"'
        page = f"---\n{head}\n---\n{TEXT}\n"
        (notes / f"{number}.md").write_text(page)
    path = folder / "digest.toml"
    database = f"sqlite:///{folder}/var/digest.db"
    text = CONFIG.format(database=database, smtp=port, sources=folder_source(folder), digest='grace = "0"')
    careful_words = "\npipelining = false" if careful else ""
    path.write_text(text.replace("connections = 4", f"connections = {CONNECTIONS}{careful_words}"))
    return path


async def sealed(house: House, folder: Path, count: int) -> None:
    """An edition, sealed for so many."""
    await collecting.collect(house, ())
    lines = (f"person{number}@example.org,Person Number {number},en" for number in range(count))
    (folder / "people.csv").write_text("\n".join(["email,name,language", *lines]))
    await people.import_csv(house, folder / "people.csv", "newsflash", confirmed=True, progress=lambda *_: None)
    await composing.compose(house, "newsflash", at=moment())


def moment() -> object:
    from digest.cli.running import instant

    return instant(AT)


async def our_way(house: House) -> None:
    """What `digest editions send` does."""
    request = sending.Request(digest="newsflash", at=None, grace=0.0, ask=lambda _: True, progress=lambda *_: None)
    done = await sending.send(house, request)
    if not done.settled:
        raise SystemExit(done.words)


async def naive_way(house: House, port: int, count: int) -> None:
    """Render, build and send each message by itself over pooled connections, a commit each."""
    async with house.store.read() as tx:
        [edition] = await editions.listed(tx, "newsflash")
        mailing = await mailings.by_edition(tx, edition.id)
        assert mailing
        [letter, *_] = await mailings.letters_of(tx, mailing.id)
    token = json.loads(letter.markers)["token"]
    made = [_template(text, token) for text in (letter.text, letter.html)]
    database = sqlite3.connect(house.store.folder / "naive.db")  # type: ignore[operator]
    database.execute("CREATE TABLE sent (who INTEGER PRIMARY KEY)")
    queue = iter(range(count))

    async def hand() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as smtp:
            for number in queue:
                await smtp.send_message(_message(letter.subject, made, number))
                database.execute("INSERT INTO sent VALUES (?)", (number,))
                database.commit()

    await asyncio.gather(*(hand() for _ in range(CONNECTIONS)))


def _template(text: str, token: str) -> object:
    for index, hole in enumerate(HOLES):
        text = text.replace(f"x{token}{index:02d}x", f"{{{{ {hole} }}}}")
    return Environment(autoescape=True).from_string(text)


def _message(subject: str, made: list[object], number: int) -> EmailMessage:
    link = f"https://news.example.org/unsubscribe/newsflash.1.0.{number:042}"
    holes = dict.fromkeys(HOLES, "") | {"name": f"Person {number}", "address": f"person{number}@example.org"}
    holes |= {"reason": "you asked for it", "unsubscribe": link, "manage": link}
    message = EmailMessage()
    message["From"], message["To"] = "Metals Mark <news@example.org>", holes["address"]
    message["Subject"], message["Date"] = subject, formatdate()
    message["Message-ID"] = f"<{number}@example.org>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text, html = (template.render(holes) for template in made)  # type: ignore[attr-defined]
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


async def timed(count: int, work: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """What the work took of the clock, the processor and memory."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    await work()
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "messages_per_s": count / seconds,
        "cpu_us_per_message": cpu / count * 1e6,
        "peak_mb": after.ru_maxrss / 1024,
    }


async def main(case: str, port: int, count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = declared(folder, port, careful=case == "careful path")
        async with opened(load(config, environ={})) as house:
            await sealed(house, folder, 1 if case == "naive" else count)
            if case == "naive":
                figures = await timed(count, lambda: naive_way(house, port, count))
            else:
                figures = await timed(count, lambda: our_way(house))
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
