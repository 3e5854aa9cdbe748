"""The check-up: configuration, store, templates, sources and relays, each looked at and none changed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from digest.deliveries.context import Routes
from digest.deliveries.signing import signers
from digest.errors import DigestError
from digest.model.deliveries import Outcome
from digest.service import stopping, watching
from digest.service.checking import check_settings
from digest.service.house import House, opened
from digest.service.posting import context
from digest.settings import Sender, Settings


@dataclass(frozen=True, slots=True)
class Finding:
    fine: bool
    what: str
    words: str


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Every finding, the configuration's first."""
    return asyncio.run(_examine(settings))


async def _examine(settings: Settings) -> tuple[Finding, ...]:
    try:
        check_settings(settings)
        first = Finding(True, "configuration", "right")
    except DigestError as error:
        first = Finding(False, "configuration", str(error))
    try:
        async with opened(settings) as house:
            found = [first, Finding(True, "store", house.store.writer.url.render_as_string(hide_password=True))]
            if stop := await stopping.standing(house):
                found.append(Finding(False, "sending", stop.words))
            found += await _sources(house)
            for slug, sender in settings.senders.items():
                found += [await _relay(house, slug), *_records(sender)]
            return tuple(found)
    except DigestError as error:
        return first, Finding(False, "store", str(error))


async def _sources(house: House) -> list[Finding]:
    return [
        Finding(not row.error, f"source {row.slug}", row.error or f"last read {row.last_success:%Y-%m-%d %H:%M} UTC")
        for row in await watching.listed(house)
    ]


def _records(sender: Sender) -> list[Finding]:
    """What is to be published for receivers to check signatures by; whether it is, nobody here asks."""
    with suppress(DigestError):
        return [
            Finding(True, f"DKIM of {sender.slug}", f"publish at {signer.name} as TXT: {signer.record}")
            for signer in signers(sender)
        ]
    return []


async def _relay(house: House, slug: str) -> Finding:
    try:
        sending = context(house)
    except DigestError as error:
        return Finding(False, f"sender {slug}", str(error))
    async with Routes(sending) as routes:
        try:
            pool = routes.of(slug).pool
        except DigestError as error:
            return Finding(False, f"sender {slug}", str(error))
        answer = await pool.acquire()
        if isinstance(answer, Outcome):
            return Finding(False, f"sender {slug}", str(answer))
        await pool.give_back(answer)
    return Finding(True, f"sender {slug}", "the relay answers")
