"""A claim's letters, made ready before a connection is free for them: between two writes to a wire it takes longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter

from digest.deliveries.personalise import Writer
from digest.deliveries.smtp.parcel import Parcel, packed_alike
from digest.errors import LetterError
from digest.model.deliveries import Outcome, OutcomeKind
from digest.store.addressees import Addressees

AT_A_STRETCH = 250
"""Letters made ready before whoever else is in the process has their turn."""


class Packing:
    """Makes one mailing's letters ready."""

    def __init__(
        self,
        *,
        writers: Mapping[int, Writer],
        envelope: Callable[[Sequence[str]], Sequence[str]],
        recipients: Callable[[Sequence[str]], Sequence[str]],
    ) -> None:
        """`writers` by variant; `envelope` says of handles where each one's bounces go, `recipients` of those whom
        letters are for who gets them.
        """
        self._writers = writers
        self._envelope = envelope
        self._recipients = recipients
        self._begun: tuple[Addressees, asyncio.Task[list[Parcel]]] | None = None

    def begin(self, claimed: Addressees, now: datetime) -> None:
        """Make these ready ahead of `parcels`: while the ledger still writes down that they are claimed."""
        self.drop()
        if claimed:
            self._begun = claimed, asyncio.create_task(self._parcels(claimed, now))

    def drop(self) -> None:
        """What was begun is not asked for: its claim has failed."""
        if self._begun:
            self._begun[1].cancel()
        self._begun = None

    async def parcels(self, claimed: Addressees, now: datetime) -> list[Parcel]:
        """A parcel for each, in order, its key the place in the claim; refused where an address cannot be written."""
        if self._begun and self._begun[0] is claimed:
            (_, making), self._begun = self._begun, None
            return await making
        self.drop()
        return await self._parcels(claimed, now)

    async def _parcels(self, claimed: Addressees, now: datetime) -> list[Parcel]:
        found: list[Parcel] = []
        now = now.replace(microsecond=0)
        for start in range(0, len(claimed), AT_A_STRETCH):
            if start:
                # Pages come between.
                await asyncio.sleep(0)
            found += self._made(claimed.part(start, start + AT_A_STRETCH), start, now)
        return found

    def _made(self, people: Addressees, start: int, now: datetime) -> list[Parcel]:
        """Some of them, the first of whom has the place `start`."""
        variants = set(people.variants)
        if len(variants) == 1:
            return self._written(self._writers[variants.pop()], range(start, start + len(people)), people, now)
        found = []
        for variant in variants:
            places = [place for place, theirs in enumerate(people.variants) if theirs == variant]
            keys = [start + place for place in places]
            found += self._written(self._writers[variant], keys, people.at(places), now)
        return sorted(found, key=attrgetter("key"))

    def _written(self, writer: Writer, keys: Sequence[int], people: Addressees, now: datetime) -> list[Parcel]:
        """One variant's; where somebody cannot be written to, each by itself."""
        try:
            messages = writer.write(people, now)
        except LetterError as error:
            if len(people) == 1:
                refused = Outcome(kind=OutcomeKind.REJECTED, text=str(error))
                return [Parcel(keys[0], "", people.wires[0], (), refused=refused)]
            alone = [self._written(writer, [key], people.at([place]), now) for place, key in enumerate(keys)]
            return [parcel for found in alone for parcel in found]
        senders, recipients = self._envelope(people.handles), self._recipients(people.wires)
        return packed_alike(keys, senders, recipients, messages, most=writer.most)
