"""Digests that are no longer in the configuration, and still have people: perhaps only their section was renamed."""

from __future__ import annotations

from dataclasses import dataclass

from digest.model.subscribers import SubscriptionState
from digest.service.house import House
from digest.store import digests, subscribers


@dataclass(frozen=True, slots=True)
class Left:
    """A digest that nobody declares any more, and how many are subscribed to it."""

    slug: str
    people: int

    @property
    def words(self) -> str:
        many = "1 person is" if self.people == 1 else f"{self.people:,} people are"
        return f"no longer in the configuration, and {many} subscribed to it: they get nothing"


async def left(house: House) -> tuple[Left, ...]:
    """Those with anybody who would be written to."""
    async with house.store.read() as tx:
        gone = [slug for slug in await digests.listed(tx) if slug not in house.settings.digests]
        found = [Left(slug, (await subscribers.counted(tx, slug)).get(SubscriptionState.CONFIRMED, 0)) for slug in gone]
    return tuple(each for each in found if each.people)
