"""The ledger fails while letters are on their way: what the relay took is known all the same."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from digest.deliveries.journal import Journal
from digest.errors import StoreError
from digest.model.deliveries import DeliveryState
from digest.store import sqlite
from digest.store.database import sqlite_path
from tests.faults.bed import Bed
from tests.faults.mailing import PEOPLE, Mailing, mailing
from tests.faults.orders import Act, At

Kind = Callable[[Path], Callable[[], Callable[[], None]]]
ALL = Counter({DeliveryState.ACCEPTED: PEOPLE})


@dataclass
class Trouble:
    """Begins at the dot of so many a message, and lasts until it is ended."""

    at: int
    begin: Callable[[], Callable[[], None]]
    """Gives what ends it."""
    _end: Callable[[], None] = field(default=lambda: None)
    _dots: int = 0

    def __call__(self, at: At) -> Act | None:
        if at.stage == "dot":
            self._dots += 1
            if self._dots == self.at:
                self._end = self.begin()
        return None

    def end(self) -> None:
        self._end()
        self._end = lambda: None


def locked(path: Path) -> Callable[[], Callable[[], None]]:
    """Another connection holds the only writer's place."""

    def begin() -> Callable[[], None]:
        other = sqlite3.connect(path, timeout=0, check_same_thread=False, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        return other.close

    return begin


def full(path: Path) -> Callable[[], Callable[[], None]]:
    """Nothing may be written beyond a file's first page: as good as a full disk."""

    def begin() -> Callable[[], None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return begin


async def survived(made: Mailing, trouble: Trouble) -> None:
    """A few runs while it lasts, and then until all is settled."""
    failed = 0
    for _ in range(3):
        try:
            await made.run()
        except StoreError:
            failed += 1
    trouble.end()
    assert failed
    await made.settle()
    await made.agree()
    assert (ALL, Counter()) == (await made.states(), await made.events())


@pytest.mark.parametrize("kind", [locked, full])
@pytest.mark.parametrize("at", [1, 20, PEOPLE])
def test_the_ledger_takes_nothing(url: str, kind: Kind, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locked by somebody else, or on a full disk: no letter twice, none lost, none in doubt."""
    monkeypatch.setattr(sqlite, "BUSY_MS", 200)

    async def main() -> None:
        trouble = Trouble(at, kind(sqlite_path(url)))
        try:
            async with mailing(url, Bed(trouble)) as made:
                await survived(made, trouble)
        finally:
            trouble.end()

    asyncio.run(main())


def test_no_room_for_a_journal(url: str, tmp_path: Path) -> None:
    """Nothing is sent that could not be written down before; all stays owed, and goes once there is room."""
    in_the_way = tmp_path / "in the way"
    in_the_way.touch()

    async def main() -> None:
        async with mailing(url, Bed()) as made:
            journal = Journal(in_the_way / "journal", made.context.owner)
            with pytest.raises(StoreError):
                await replace(made, context=replace(made.context, journal=journal)).run()
            assert (0, {DeliveryState.OWED: PEOPLE}) == (made.bed.accepted.total(), await made.states())
            await made.settle()
            await made.agree()
            assert ALL == await made.states()

    asyncio.run(main())
