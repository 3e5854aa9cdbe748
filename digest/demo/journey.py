"""The demo's way, step by step: two servers on loopback, a house of its own, and what it came to."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import re
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
import uvicorn

from digest.collect.flow import SourceReport
from digest.demo import inbox, posts, site
from digest.demo.declared import configuration, sample_folder
from digest.demo.picture import photograph
from digest.errors import UsageError
from digest.schedule import parse, slots
from digest.service import announcing, collecting, composing, people, person, publishing, reading, sending, working
from digest.service.house import House, opened
from digest.settings import load
from digest.web.app import create

DIGEST = "newsflash"
MARK = ".digest-demo"
YEAR = (datetime(2024, 7, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
"""The year of the archive that is replayed: its last slot is the edition that is mailed."""


@dataclass(slots=True)
class Travelled:
    """All the report needs to know."""

    folder: Path
    addresses: dict[str, str]
    collected: tuple[SourceReport, ...] = ()
    again: int = 0
    announcements: int = 0
    several: int = 0
    feeds: tuple[Path, ...] = ()
    editions: list[str] = field(default_factory=list)
    sent: str = ""
    mails: int = 0
    languages: dict[str, int] = field(default_factory=dict)
    polled: tuple[int, int] = (0, 0)
    left: str = ""
    letter: Path | None = None
    page: Path | None = None
    picture: Path | None = None
    seconds: float = 0.0
    stays: bool = False
    """Whether it is left running."""


async def travel(folder: Path, tell: Callable[[Travelled], None], *, serve: bool) -> None:
    """Go the whole way in `folder` and hand the result to `tell`; with `serve`, stay until interrupted."""
    began = monotonic()
    _make_anew(folder)
    ports = {name: _free_port(wanted) for name, wanted in (("web", 8625), ("site", 8626), ("smtp", 8627))}
    bases = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    done = Travelled(folder, {"pages": bases["web"], "site": bases["site"], "smtp": f"127.0.0.1:{ports['smtp']}"})
    config = folder / "digest.toml"
    config.write_text(configuration(folder, ports), "utf-8")
    sample = sample_folder()
    website = site.application(posts.read(sample), sample / "pictures", bases["site"])
    post = inbox.Inbox(folder / "mail", ports["smtp"])
    post.start()
    try:
        async with (
            opened(load(config, environ={})) as house,
            _served(website, ports["site"]),
            _served(create(house), ports["web"]),
        ):
            await _walk(house, post, done, sample)
            done.seconds, done.stays = monotonic() - began, serve
            tell(done)
            if serve:
                # Whoever tries the form to subscribe waits for a letter.
                async with working.sending(house):
                    await asyncio.Event().wait()
    except asyncio.CancelledError:
        # Ctrl-C ends `--serve`; everything is in the folder.
        pass
    finally:
        post.stop()


async def _walk(house: House, post: inbox.Inbox, done: Travelled, sample: Path) -> None:
    done.collected = await collecting.collect(house, ())
    done.again = sum(report.new for report in await collecting.collect(house, ()))
    found = await announcing.listed(house, None)
    done.announcements, done.several = len(found), sum(len(row.sources) > 1 for row in found)
    done.feeds = (await publishing.build(house, done.folder)).files
    times = [slot.at for slot in slots(parse("last fri 09:00"), house.settings.site.zone, *YEAR)]
    for at in times[:-1]:
        await composing.compose(house, DIGEST, at=at)
    await people.import_csv(house, sample / "subscribers.csv", DIGEST, confirmed=True, progress=lambda *_: None)
    done.sent = await _send(house, times[-1])
    rows = await reading.editions_listed(house, DIGEST, None)
    done.editions = [f"{row.label}  No. {row.number:<3} {_told(row.items)}" for row in reversed(rows)]
    done.mails = len(post.received)
    _keep_letter(post, done)
    done.polled = await _poll(done.addresses["pages"])
    done.left = await _leave(house, post)
    done.picture = await photograph(done.page) if done.page else None


async def _send(house: House, at: datetime) -> str:
    request = sending.Request(digest=DIGEST, at=at, grace=0.0, ask=lambda _: True, progress=lambda *_: None)
    return (await sending.send(house, request)).words


def _keep_letter(post: inbox.Inbox, done: Travelled) -> None:
    """The first English letter as a page that shows its pictures also when nothing is served any more.

    And how many came in which language.
    """
    for _, path in sorted(post.received):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        page: Any = message.get_body(("html",))
        html = page.get_content()
        language = (re.search(r'<html[^>]* lang="([a-z-]+)"', html) or ["", "?"])[1]
        done.languages[language] = done.languages.get(language, 0) + 1
        if done.letter is None and language == "en":
            done.letter, done.page = path, done.folder / "newsflash.html"
            done.page.write_text(html.replace(f"{done.addresses['pages']}/media/", "media/"), "utf-8")


def _told(items: int) -> str:
    return f"{items} announcement" + ("" if items == 1 else "s")


async def _poll(base: str) -> tuple[int, int]:
    """Ask for the feed as a reader does: in full, then whether it has changed."""
    async with httpx.AsyncClient(trust_env=False) as reader:
        first = await reader.get(f"{base}/feeds/news.atom")
        again = await reader.get(f"{base}/feeds/news.atom", headers={"If-None-Match": first.headers.get("etag", "")})
    return first.status_code, again.status_code


async def _leave(house: House, post: inbox.Inbox) -> str:
    """Press the mail program's own button (RFC 8058) in one letter: the last by address, whichever came first."""
    address, path = max(post.received)
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32)
    link = (re.search(r"<(https?://[^>]+)>", str(message["List-Unsubscribe"])) or ["", ""])[1]
    async with httpx.AsyncClient(trust_env=False) as program:
        answer = await program.post(link, data={"List-Unsubscribe": "One-Click"})
    shown = await person.show(house, address)
    states = ", ".join(each["state"] for each in shown["subscriptions"])
    return f"{address} pressed unsubscribe: answered {answer.status_code}, now {states}"


@asynccontextmanager
async def _served(app: Any, port: int) -> AsyncIterator[None]:
    """The application on that loopback port while the block runs."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    # Ctrl-C is ours: it must end the block, not one server in it.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    running = asyncio.create_task(server.serve())
    while not server.started:
        if running.done():
            raise UsageError("could not listen", about=f"127.0.0.1:{port}")
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, timedelta(seconds=5).total_seconds())


def _make_anew(folder: Path) -> None:
    """Empty the demo's own folder; refuse one that is somebody else's."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise UsageError("is not empty and not a demo's; name another with --folder", about=str(folder))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def _free_port(wanted: int) -> int:
    """The wanted port of loopback, so that two runs give the same; else any that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found: int = probe.getsockname()[1]
                return found
    raise UsageError("no free port on loopback", about=urlsplit("//127.0.0.1").netloc)
