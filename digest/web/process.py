"""A process of the service: pages, clock and sender, together or apart, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import uvicorn

from digest import templating
from digest.engine.clock import Clock
from digest.engine.loop import settle_in
from digest.errors import UsageError
from digest.service import collecting, joining, keeping, mailbox, publishing, renamed, rounds, ticking, witness, working
from digest.service.house import House, now, opened
from digest.settings import Settings
from digest.web.app import create
from digest.web.protocol import protocol

TICK = timedelta(seconds=5)
TIDY = timedelta(minutes=10)
WATCH = timedelta(minutes=1)
# The sender must not starve the pages: with the default of 5 ms a page would wait for it several times over.
SWITCH_INTERVAL = 0.001
# Headers of a reader that has kept eight hundred ETags; the default is 16 KB.
LONGEST_HEAD = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """What this process does."""

    web: bool
    clock: bool
    sender: bool


async def run(settings: Settings, roles: Roles, *, host: str, port: int, say: Callable[[str], None]) -> None:
    """Do the roles until SIGTERM or SIGINT; what is under way is finished, the rest stays owed."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    stop = _stopping()
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(opened(settings))
        await witness.attest(house.store, settings)
        if why := await witness.quarantine(house.store):
            say(f"In quarantine: {why}. Nothing is sent until `digest db claim`.")
        for each in await renamed.left(house):
            say(f"Mind: digest {each.slug} is {each.words}.")
        if roles.sender:
            house = await stack.enter_async_context(working.sending(house))
        if roles.web:
            # Each costs some 20 ms, for which a letter or another page would wait.
            templating.warm(house.templates, "web/")
            await publishing.build(house)
            await stack.enter_async_context(_Pages(house, host, port, say))
        if roles.clock:
            # A source that keeps us waiting keeps no slot waiting.
            await stack.enter_async_context(Clock(lambda: collecting.collect_due(house), every=TICK, patience=1))
            await stack.enter_async_context(Clock(lambda: _look(house), every=TICK))
            await stack.enter_async_context(Clock(lambda: _tidy(house), every=TIDY))
            await stack.enter_async_context(Clock(lambda: rounds.go(house), every=WATCH))
            if settings.bounces.imap:
                await stack.enter_async_context(Clock(lambda: mailbox.poll(house), every=settings.bounces.every))
        settle_in()
        await stop.wait()
        say("Stopping: what is under way is finished first.")


async def _look(house: House) -> None:
    await ticking.slots(house)
    # Whatever else changed: an edition that is out, an announcement that another process took back.
    await publishing.build(house)


async def _tidy(house: House) -> None:
    await keeping.tidy(house)
    await joining.tidy(house, now=now())


def _stopping() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    return stop


class _Pages:
    """The web server while the block runs; leaving answers what was asked."""

    def __init__(self, house: House, host: str, port: int, say: Callable[[str], None]) -> None:
        app = create(house)
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            http=protocol(app),
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=LONGEST_HEAD,
            timeout_graceful_shutdown=5,
        )
        self._server = uvicorn.Server(config)
        # Signals are the process's: pages, clock and sender stop together.
        self._server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        self._address = f"http://{host}:{port}"
        self._say = say

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._serve())
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise UsageError("could not listen; is something else there?", about=self._address)
            await asyncio.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self._say(f"Serving at {self._address.rpartition(':')[0]}:{port}")

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._task

    async def _serve(self) -> None:
        try:
            await self._server.serve()
        except SystemExit:
            # uvicorn's way to say that the address is taken; it has logged why.
            return
