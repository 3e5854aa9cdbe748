"""Changing a schedule while the house runs: every process reads its row at each look, so it counts within seconds.

What was due before the change is written down first, under what counted then, so that no edition is lost by it.
Each change is in the audit: who, when, from what, to what, and why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from digest.errors import StoreError, UsageError
from digest.schedule import Slot, parse
from digest.schedules.effective import effective, leaves_time
from digest.schedules.policy import pause_lasts
from digest.schedules.tick import tick
from digest.settings import Digest, Settings
from digest.store import audit, schedules
from digest.store.database import Store, Tx
from digest.store.schedules import SlotState, Standing

_Step = Callable[[Tx, Standing], Awaitable[bool]]


class Steer:
    """One digest's schedule in somebody's hands."""

    def __init__(self, store: Store, settings: Settings, digest: Digest, *, by: str, why: str, now: datetime) -> None:
        """`by` is who steers, as the audit names them; `now` is when."""
        self._store = store
        self._settings = settings
        self._digest = digest
        self._by = by
        self._why = why
        self._now = now

    async def tune(self, spec: str) -> None:
        """Let another expression count; ScheduleError says why it cannot be."""
        tuned = parse(spec)
        if not leaves_time(self._digest, tuned):
            raise UsageError("comes too often: a draft would be made before the one before it has gone", about=spec)
        text = tuned.text

        async def step(tx: Tx, was: Standing) -> bool:
            return await schedules.tune(tx, was, text, by=self._by, why=self._why, at=self._now)

        await self._change("tune", step)

    async def reset(self) -> None:
        """Let the declared expression count again; UsageError when it does."""

        async def step(tx: Tx, was: Standing) -> bool:
            if was.tuned is None:
                raise UsageError("is not tuned: what is declared counts", about=self._digest.slug)
            return await schedules.tune(tx, was, None, by="", why="", at=self._now)

        await self._change("reset", step)

    async def pause(self, until: datetime | None) -> None:
        """Let its slots pass until then, or until it is resumed."""
        if until is not None and until <= self._now:
            raise UsageError("is over already", about=until.isoformat())

        async def step(tx: Tx, was: Standing) -> bool:
            return await schedules.pause(tx, was, until=until)

        await self._change("pause", step)

    async def resume(self) -> None:
        """End a pause; what passed in it stays passed, and its announcements come with the next edition."""

        async def step(tx: Tx, was: Standing) -> bool:
            if not pause_lasts(was, self._now):
                raise UsageError("is not paused", about=self._digest.slug)
            return await schedules.resume(tx, was, self._now)

        await self._change("resume", step)

    async def skip_next(self, count: int) -> None:
        """Leave out the next `count` slots; 0 takes that back."""

        async def step(tx: Tx, was: Standing) -> bool:
            return await schedules.leave_out(tx, was, count)

        await self._change("skip-next", step)

    async def run_now(self) -> None:
        """Owe a slot of its own at this moment; the regular ones come as they would."""
        zone = self._digest.zone
        moment = self._now.astimezone(UTC).isoformat().replace("+00:00", "Z")
        slot = Slot(
            # To the microsecond: asked for twice in one second, it is owed twice.
            f"now {moment}",
            self._now.astimezone(zone).replace(tzinfo=None),
            self._now,
        )

        async def step(tx: Tx, was: Standing) -> bool:
            note = f"asked for by {self._by}"
            await schedules.add_slots(tx, self._digest.slug, [(slot, SlotState.OWED, note)], self._now)
            return True

        await self._change("run-now", step)

    async def _change(self, action: str, step: _Step) -> None:
        slug = self._digest.slug
        await tick(self._store, self._settings, now=self._now)
        async with self._store.write() as tx:
            was = await schedules.get(tx, slug)
            if was is None or not await step(tx, was):
                raise StoreError("was changed by somebody else just now; try again", about=slug)
            became = await schedules.get(tx, slug)
            await audit.add(
                tx,
                at=self._now,
                who=self._by,
                action=f"schedule {action}",
                subject=slug,
                was=self._stands(was),
                became=self._stands(became),
                why=self._why,
            )

    def _stands(self, standing: Standing | None) -> str:
        """What counts, in one line: `1st tue 10:00, paused until 2026-12-01 00:00 UTC`."""
        parts = [effective(self._digest, standing).text]
        if standing and pause_lasts(standing, self._now):
            until = standing.paused_until
            parts.append(f"paused until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if until else "paused")
        if standing and standing.skip_next:
            left_out = "the next one left out" if standing.skip_next == 1 else f"the next {standing.skip_next} left out"
            parts.append(left_out)
        return ", ".join(parts)
