"""Leaves that come in a storm: mailings stand still and operators hear; what machines did can be taken back."""

from __future__ import annotations

from datetime import datetime, timedelta

from digest.deliveries import flow as deliveries
from digest.errors import UsageError
from digest.service import alerting
from digest.service.following import follow
from digest.service.house import House, now
from digest.store import audit, mailings
from digest.store.database import Tx
from digest.subscribers import returning
from digest.subscribers.consent import PROGRAMS, Way
from digest.subscribers.storm import HOUR, LEAST, LOOK_BACK, is_storm

QUIET = timedelta(hours=6)
"""After a storm operators decide; another is not called for so long."""
_WHY = "many more people left within an hour than ever do"


async def watch(house: House, at: datetime | None = None) -> bool:
    """Look whether there is a storm, and act once: pause what runs, and tell."""
    at = at or now()
    async with house.store.read() as tx:
        recent = await audit.moments(tx, "unsubscribe", who="subscriber", since=at - HOUR)
        if len(recent) <= LEAST:
            return False
        before = await audit.moments(tx, "unsubscribe", who="subscriber", since=at - LOOK_BACK, until=at - HOUR)
    if not is_storm(len(recent), before):
        return False
    async with house.store.write() as tx:
        if await audit.moments(tx, "storm", since=at - QUIET):
            return False
        paused = await _pause(tx, at)
        await audit.add(
            tx, at=at, who="digest", action="storm", became=f"{len(recent)} left, {paused} paused", why=_WHY
        )
        lines = [
            f"{len(recent)} people left within an hour, more than five times the most that ever did.",
            f"{paused} running mailings stand still until somebody says go: `digest editions resume DIGEST EDITION`.",
            "If a program pressed the buttons, `digest subscribers bring-back --since TIME` takes it back;"
            " whoever used the page themselves stays off.",
        ]
        title = "a storm of people leaving"
        # Two clocks may see it in the same moment: one alert comes of it.
        await alerting.tell(house, tx, key=f"storm:{at:%Y-%m-%dT%H}", title=title, lines=lines, now=at)
    return True


async def bring_back(house: House, *, since: datetime, until: datetime | None, way: str, who: str) -> str:
    """Take back what a way of leaving did within a window."""
    if way not in PROGRAMS:
        raise UsageError("is no way that a program leaves by: one-click or mailto; a person's word stays", about=way)
    many = await returning.bring_back(house.store, Way(way), since=since, until=until or now(), who=who, now=now())
    return f"{many} {'subscription is' if many == 1 else 'subscriptions are'} as before."


async def _pause(tx: Tx, at: datetime) -> int:
    paused = 0
    for mailing in await mailings.unsettled(tx):
        if await deliveries.pause(tx, mailing.id, why=_WHY, now=at):
            await follow(tx, await mailings.get(tx, mailing.id))
            paused += 1
    return paused
