"""Claiming a store that was restored or copied: what it missed is told to it, and what it may have sent is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.errors import UsageError
from digest.model.deliveries import RUNNING, MailingStatus
from digest.model.subscribers import SubscriptionState, SuppressionReason
from digest.service import collecting, witness
from digest.service.following import follow
from digest.service.house import House, now
from digest.store import (
    audit,
    departures,
    diary,
    dispositions,
    editions,
    holding,
    instance,
    mailings,
    subscribers,
    suppressions,
)
from digest.store.database import Tx
from digest.store.diary import Line
from digest.subscribers import flow

_WHY = "restored: some of it may have been sent since"


@dataclass(slots=True)
class Claimed:
    """What claiming came to."""

    left: int = 0
    suppressed: int = 0
    editions: int = 0
    unknown: int = 0
    """Announcements of those editions that no source tells of any more."""
    held: int = 0
    """Mailings that stand still until somebody says go."""
    notes: int = 0

    @property
    def words(self) -> str:
        said = (
            _counted(self.left, "person had left since", "people had left since"),
            _counted(self.suppressed, "suppression was told again", "suppressions were told again"),
            _counted(self.editions, "edition had gone out", "editions had gone out"),
            _counted(
                self.held,
                "mailing waits for `editions resume` or `cancel`",
                "mailings wait for `editions resume` or `cancel`",
            ),
            _counted(self.notes, "note is uncertain", "notes are uncertain"),
        )
        lost = f" {self.unknown} announcements of those editions are not known here." if self.unknown else ""
        return f"Claimed: {', '.join(said)}.{lost}"


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


async def claim(house: House) -> Claimed:
    """Let this store send, as the only one of its kind; UsageError when it is not in quarantine."""
    if not await witness.quarantine(house.store):
        raise UsageError("this store is not in quarantine: there is nothing to claim")
    lines = list(diary.read(house.settings.diary_file))
    if any(line["what"] == diary.SEALED for line in lines):
        # What was announced since the backup is known again before anybody asks what is owed.
        await collecting.collect(house, ())
    done = Claimed()
    async with house.store.write() as tx:
        await _people(tx, lines, done)
        await _editions(tx, lines, done)
        await _hold(tx, done)
        known = await instance.claim(tx)
        await audit.add(tx, at=now(), who="operator", action="claim", became=known.id[:8], why=done.words)
        witness.claimed(house.settings, known)
    return done


async def _people(tx: Tx, lines: Sequence[Line], done: Claimed) -> None:
    for line in lines:
        if line["what"] == diary.LEFT:
            done.left += await _left(tx, line)
        elif line["what"] == diary.SUPPRESSED:
            done.suppressed += 1
            await suppressions.repeat(tx, line["key"], SuppressionReason(line["reason"]), _at(line))
        elif line["what"] == diary.LIFTED:
            await suppressions.repeat(tx, line["key"], None, now())
    await suppressions.mirror_all(tx)
    await flow.erase_again(tx)


async def _left(tx: Tx, line: Line) -> bool:
    """Whether somebody who had left was still written to; who came back after that stays.

    Whom this store does not know, no import brings in.
    """
    found = await subscribers.by_handle(tx, line["handle"])
    old = await subscribers.subscription(tx, found.id, line["digest"]) if found else None
    if old is None:
        if key := line.get("key"):
            await departures.add(tx, key, line["digest"], _at(line))
        return False
    if old.state is SubscriptionState.UNSUBSCRIBED or old.changed_at > _at(line):
        return False
    return await subscribers.move(tx, old, SubscriptionState.UNSUBSCRIBED, evidence=old.evidence, now=_at(line))


async def _editions(tx: Tx, lines: Sequence[Line], done: Claimed) -> None:
    gone: dict[tuple[str, str], Line] = {}
    for line in lines:
        if line["what"] == diary.SEALED:
            gone[line["digest"], line["label"]] = line
        elif line["what"] == diary.RELEASED:
            gone.pop((line["digest"], line["label"]), None)
    for (digest, label), line in gone.items():
        known = await editions.by_label(tx, digest, label)
        if known is None or not known.revision:
            done.editions += 1
            done.unknown += await dispositions.carried_elsewhere(tx, digest, label, line["items"], _at(line))


async def _hold(tx: Tx, done: Claimed) -> None:
    """Nothing that was owed at the time of the backup goes by itself: it may have gone already."""
    for mailing in await mailings.unsettled(tx):
        if await mailings.move(tx, mailing.id, old=RUNNING, new=MailingStatus.PAUSED, now=now(), why=_WHY):
            done.held += 1
            await follow(tx, await mailings.get(tx, mailing.id))
    await holding.doubts(tx, now())
    done.notes = await holding.notes(tx)


def _at(line: Line) -> datetime:
    return datetime.fromisoformat(line["at"])
