"""A claim's letters, made ready before a connection is free for them: between two writes to a wire it takes longer."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from digest.deliveries.personalise import Writer
from digest.deliveries.smtp.parcel import Parcel, packed_alike
from digest.errors import LetterError
from digest.model.deliveries import Outcome, OutcomeKind
from digest.store.deliveries import Addressee

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

    async def parcels(self, claimed: Sequence[Addressee], now: datetime) -> list[Parcel]:
        """A parcel for each, in order, its key the place in the claim; refused where an address cannot be written."""
        found: list[Parcel] = []
        for start in range(0, len(claimed), AT_A_STRETCH):
            if start:
                # Pages come between.
                await asyncio.sleep(0)
            alike: dict[int, list[int]] = defaultdict(list)
            for place, each in enumerate(claimed[start : start + AT_A_STRETCH], start):
                alike[each.variant].append(place)
            for variant, places in alike.items():
                found += self._written(self.writers[variant], places, [claimed[place] for place in places], now)
        return sorted(found, key=attrgetter("key"))

    def _written(
        self, writer: Writer, places: Sequence[int], people: Sequence[Addressee], now: datetime
    ) -> Sequence[Parcel]:
        """One variant's; where somebody cannot be written to, each by itself."""
        try:
            messages = writer.write(people, now)
        except LetterError as error:
            if len(people) == 1:
                refused = Outcome(kind=OutcomeKind.REJECTED, text=str(error))
                return [Parcel(places[0], "", people[0].wire, (), refused=refused)]
            alone = zip(places, people, strict=True)
            return [parcel for place, each in alone for parcel in self._written(writer, [place], [each], now)]
        senders = self.envelope([each.handle for each in people])
        recipients = self.recipients([each.wire for each in people])
        return packed_alike(places, senders, recipients, messages, most=writer.most)
