"""What became of an edition: told to the operators a day after it was sent, and to whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from digest.errors import NotFound
from digest.model.deliveries import MailingKind
from digest.model.editions import Edition
from digest.service import alerting, reading, watching
from digest.service.house import House, now
from digest.service.reading import Row, labelled
from digest.store import aftermath, editions, mailings, shards
from digest.store.database import Tx

AFTER = timedelta(hours=24)
"""After the last letter was settled: most of what comes back has come by then."""
_AT_MOST = timedelta(days=3)
"""After that nobody is told of it unasked: the house was away for long."""
_BOUNCES = ("hard", "soft", "block")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Counts of one edition; `left` and `joined` are its digest's, between `since` and `until`."""

    row: Row
    since: datetime | None
    until: datetime
    back: Mapping[str, int]
    noted: int
    """Whoever was sent a correction's note, as far as accepted."""
    left: int
    joined: int
    stale: tuple[str, ...]

    @property
    def bounced(self) -> int:
        return sum(self.back.get(kind, 0) for kind in _BOUNCES)

    @property
    def lines(self) -> tuple[str, ...]:
        """The report in words."""
        numbers, row = self.row.numbers, self.row
        others = ("rejected", "uncertain", "withdrawn", "deferred", "owed")
        counts = [f"{getattr(numbers, name):,} {name}" for name in others if getattr(numbers, name)]
        kinds = ", ".join(f"{self.back[kind]:,} {kind}" for kind in _BOUNCES if self.back.get(kind))
        carried = f"{row.items} announcement{'' if row.items == 1 else 's'}"
        return (
            f"It holds {carried}. {numbers.accepted:,} of {numbers.audience:,} letters were accepted"
            + (f", {', '.join(counts)}" if counts else "")
            + ".",
            f"{self.bounced:,} came back later{f' ({kinds})' if kinds else ''}; "
            f"{self.back.get('complaint', 0):,} complained.",
            f"Since it began to go out {self.left:,} left and {self.joined:,} joined.",
            *([f"It was corrected; notes accepted: {self.noted:,}."] if row.edition.revision > 1 else []),
            "Sources: " + ("; ".join(self.stale) if self.stale else "all are read."),
        )

    def json(self) -> dict[str, object]:
        return self.row.json() | {
            "since": self.since,
            "until": self.until,
            "bounced": {kind: self.back.get(kind, 0) for kind in _BOUNCES},
            "complaints": self.back.get("complaint", 0),
            "notes_accepted": self.noted,
            "left": self.left,
            "joined": self.joined,
            "stale_sources": list(self.stale),
        }


async def report(house: House, slug: str, label: str | None) -> Report:
    """The report on an edition, by default the newest that was sealed, as things stand now."""
    house.digest(slug)
    async with house.store.read() as tx:
        edition = await labelled(tx, slug, label) if label else await editions.last_sealed(tx, slug)
    if edition is None:
        raise NotFound("has no edition yet", about=slug)
    stale = await watching.unread(house)
    async with house.store.read() as tx:
        return await _report(house, tx, edition, stale)


async def tell(house: House) -> int:
    """Owe the operators the report on every edition that was sent a day ago, once; how many notes."""
    if not house.settings.alerts.to:
        return 0
    at, told = now(), 0
    async with house.store.read() as tx:
        due = [
            edition
            for edition in await aftermath.sent_between(tx, at - _AT_MOST, at - AFTER)
            if edition.digest in house.settings.digests and not await alerting.was_told(house, tx, _key(edition))
        ]
    for edition in due:
        found = await report(house, edition.digest, edition.label)
        title = f"Report on {edition.digest} {edition.label}"
        sender = house.digest(edition.digest).sender
        link = f"{house.settings.site.url}/editions/{edition.digest}/{edition.label}"
        async with house.store.write() as tx:
            told += await alerting.tell(
                house,
                tx,
                key=_key(edition),
                title=title,
                lines=found.lines,
                link=link,
                sender=sender,
                calm=True,
                now=at,
            )
    return told


def _key(edition: Edition) -> str:
    return f"report:{edition.id}"


async def _report(house: House, tx: Tx, edition: Edition, stale: tuple[str, ...]) -> Report:
    sent, until = await mailings.of_edition(tx, edition.id), now()
    since = min((mailing.start_at for mailing in sent), default=None)
    noted = [await shards.counts(tx, each.id) for each in sent if each.kind is MailingKind.CORRECTION]
    return Report(
        row=await reading.row(house, tx, edition),
        since=since,
        until=until,
        back=await aftermath.came_back(tx, [each.id for each in sent], until),
        noted=sum(counts.accepted for counts in noted),
        left=await aftermath.left(tx, edition.digest, since, until) if since else 0,
        joined=await aftermath.joined(tx, edition.digest, since, until) if since else 0,
        stale=stale,
    )
