"""What everybody would write first, and the library's own best: to be measured beside.

`naive`: render, build and send each message by itself over pooled connections, a commit each.
`pooled aiosmtplib`: messages that are bytes already, over connections that are kept; no ledger at all.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import ssl
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.utils import formatdate

import aiosmtplib
from jinja2 import Environment, Template

from digest.letter.holes import HOLES
from tests.bench.prepared import CONNECTIONS

Send = Callable[[aiosmtplib.SMTP, int], Awaitable[None]]


def work(case: str, port: int, count: int) -> Callable[[], Awaitable[None]]:
    """The case's work, its preparation done."""
    subject, templates = sealed()
    if case == "naive":
        return lambda: _pooled(port, count, _naive(subject, templates), None)
    whole = message(subject, templates, 0).as_bytes()
    tls = ssl.create_default_context(cafile=os.environ["BENCH_CERT"]) if "TLS" in case else None
    return lambda: _pooled(port, count, _ready(whole), tls)


def sealed() -> tuple[str, list[Template]]:
    """The letter of the sealed edition, as two templates."""
    row = sqlite3.connect("var/digest.db").execute("SELECT subject, text, html, markers FROM letters").fetchone()
    token = json.loads(row[3])["token"]
    return row[0], [_template(text, token) for text in row[1:3]]


def _template(text: str, token: str) -> Template:
    for index, hole in enumerate(HOLES):
        text = text.replace(f"x{token}{index:02d}x", f"{{{{ {hole} }}}}")
    return Environment(autoescape=True).from_string(text)


def message(subject: str, templates: list[Template], number: int) -> EmailMessage:
    """One person's, rendered and built."""
    link = f"https://news.example.org/unsubscribe/newsflash.1.0.{number:042}"
    holes = dict.fromkeys(HOLES, "") | {"name": f"Person {number}", "address": f"person{number}@example.org"}
    holes |= {"reason": "you asked for it", "unsubscribe": link, "manage": link}
    made = EmailMessage()
    made["From"], made["To"] = "Metals Mark <news@example.org>", holes["address"]
    made["Subject"], made["Date"] = subject, formatdate()
    made["Message-ID"] = f"<{number}@example.org>"
    made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text, html = (template.render(holes) for template in templates)
    made.set_content(text)
    made.add_alternative(html, subtype="html")
    return made


def _naive(subject: str, templates: list[Template]) -> Send:
    database = sqlite3.connect("naive.db")
    database.execute("CREATE TABLE IF NOT EXISTS sent (who INTEGER PRIMARY KEY)")

    async def send(smtp: aiosmtplib.SMTP, number: int) -> None:
        await smtp.send_message(message(subject, templates, number))
        database.execute("INSERT INTO sent VALUES (?)", (number,))
        database.commit()

    return send


def _ready(whole: bytes) -> Send:
    async def send(smtp: aiosmtplib.SMTP, number: int) -> None:
        await smtp.sendmail("news@example.org", [f"person{number}@example.org"], whole)

    return send


async def _pooled(port: int, count: int, send: Send, tls: ssl.SSLContext | None) -> None:
    queue = iter(range(count))

    async def hand() -> None:
        options = {"use_tls": True, "tls_context": tls} if tls else {"start_tls": False}
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, **options) as smtp:
            for number in queue:
                await send(smtp, number)

    await asyncio.gather(*(hand() for _ in range(CONNECTIONS)))
