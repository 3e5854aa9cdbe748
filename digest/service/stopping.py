"""The emergency stop: one command, and no process writes to anybody but the operators until it is lifted."""

from __future__ import annotations

from digest.errors import DeliveryError, UsageError
from digest.service import alerting
from digest.service.house import House, now
from digest.store import audit, stopping
from digest.store.stopping import Stop


async def stop(house: House, *, by: str, why: str) -> Stop:
    """Stop all mailings and notes to readers, in every process; what was owed stays owed. Operators hear of it."""
    made = Stop(now(), by, why)
    lines = (
        f"{by} stopped everything: {why or 'no reason given'}.",
        "Nothing is lost, and nobody but you is written to until it is lifted: digest stop --lift.",
    )
    async with house.store.write() as tx:
        await stopping.stop(tx, made)
        await audit.add(tx, at=made.at, who=by, action="stop", became="stopped", why=why)
        key = f"stop:{made.at.isoformat()}"
        await alerting.tell(house, tx, key=key, title="everything is stopped", lines=lines, now=made.at)
    return made


async def lift(house: House, *, by: str, why: str) -> Stop:
    """Let everything go on where it was, and give the stop that stood; UsageError when there was none."""
    async with house.store.write() as tx:
        was = await stopping.standing(tx)
        if was is None or not await stopping.lift(tx):
            raise UsageError("is not stopped", about="digest")
        await audit.add(tx, at=now(), who=by, action="stop lifted", was=was.words, became="going", why=why)
    return was


async def standing(house: House) -> Stop | None:
    """The stop that stands; None while letters may go."""
    async with house.store.read() as tx:
        return await stopping.standing(tx)


async def refuse(house: House) -> None:
    """DeliveryError while everything is stopped."""
    if made := await standing(house):
        raise DeliveryError(f"{made.words}. To go on: digest stop --lift")
