"""A program presses every button: mailings stand still, operators hear, and it is taken back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from digest.errors import UsageError
from digest.model.subscribers import SubscriptionState
from digest.service import storm
from digest.store.schema import notes
from digest.subscribers import flow, tokens
from tests.unit.web.conftest import Site


@pytest.fixture
def config() -> str:
    from tests.unit.web.conftest import CONFIG

    return CONFIG + '[alerts]\nto = ["office@example.org"]\n'


def test_a_storm_alerts_and_is_taken_back(site: Site) -> None:
    """Once, however many look; and whoever used the page themselves stays off, though a program was faster."""
    handles = [site.subscriber(f"u{number}@example.org") for number in range(25)]

    async def leave(number: int, handle: str) -> None:
        link = f"/unsubscribe/{tokens.unsubscribe_token(site.house.keys, handle, 'newsflash')}"
        if number != 0:
            await site.request("POST", link, data={"List-Unsubscribe": "One-Click"})
        if number < 3:
            await site.request("POST", link)

    async def story() -> list[Any]:
        began = datetime.now(UTC) - timedelta(minutes=1)
        before = await storm.watch(site.house)
        await asyncio.gather(*(leave(number, handle) for number, handle in enumerate(handles)))
        called = await asyncio.gather(*(storm.watch(site.house) for _ in range(3)))
        async with site.house.store.read() as tx:
            told = (await tx.execute(select(notes.c.address))).scalars().all()
        said = await storm.bring_back(site.house, since=began, until=None, way="one-click", who="op")
        again = await flow.listed(site.house.store, "newsflash", SubscriptionState.CONFIRMED)
        return [before, sum(called), told, said.split()[0], len(again)]

    assert site.run(story()) == [False, 1, ["office@example.org"], "22", 22]
    with pytest.raises(UsageError):
        site.run(storm.bring_back(site.house, since=datetime.now(UTC), until=None, way="page", who="op"))
