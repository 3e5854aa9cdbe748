"""A claim's letters, made ready before a connection is free for them: between two writes to a wire it takes longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from digest.deliveries.personalise import Writer
from digest.deliveries.smtp.parcel import Parcel, packed_alike
from digest.errors import LetterError
from digest.model.deliveries import Outcome, OutcomeKind
from digest.store.addressees import Addressees

AT_A_STRETCH = 250
"""Letters made ready before whoever else is in the process has their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """What one mailing's letters are made with."""

    writers: Mapping[int, Writer]
    """By variant."""
    envelope: Callable[[Sequence[str]], Sequence[str]]
    """From handles, where each one's bounces go."""
    recipients: Callable[[Sequence[str]], Sequence[str]]
    """From whom letters are for, who gets them."""

    async def parcels(self, claimed: Addressees, now: datetime) -> list[Parcel]:
        """A parcel for each, in order, its key the place in the claim; refused where an address cannot be written."""
        found: list[Parcel] = []
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
            return self._written(self.writers[variants.pop()], range(start, start + len(people)), people, now)
        found = []
        for variant in variants:
            places = [place for place, theirs in enumerate(people.variants) if theirs == variant]
            keys = [start + place for place in places]
            found += self._written(self.writers[variant], keys, people.at(places), now)
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
        senders, recipients = self.envelope(people.handles), self.recipients(people.wires)
        return packed_alike(keys, senders, recipients, messages, most=writer.most)
