"""The stop: while it stands, no process begins a letter to anybody but the operators."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select

from digest.store.database import Tx, upsert
from digest.store.schema import instance

_NAME = "stopped"


@dataclass(frozen=True, slots=True)
class Stop:
    """Who stopped everything, when and why."""

    at: datetime
    by: str
    why: str

    @property
    def words(self) -> str:
        return f"everything is stopped since {self.at:%Y-%m-%d %H:%M} UTC by {self.by}: {self.why or 'no reason given'}"


async def stop(tx: Tx, made: Stop) -> None:
    """Begin no more letters, in every process from its next claim on; the last word on it counts."""
    value = json.dumps({"at": made.at.isoformat(), "by": made.by, "why": made.why}, ensure_ascii=False)
    await tx.execute(upsert(tx, instance, {"name": _NAME, "value": value}, key=("name",)))


async def lift(tx: Tx) -> bool:
    """Let letters go again; False when nothing was stopped."""
    return bool((await tx.execute(delete(instance).where(instance.c.name == _NAME))).rowcount)


async def standing(tx: Tx) -> Stop | None:
    """The stop that stands; None while letters may go."""
    value = (await tx.execute(select(instance.c.value).where(instance.c.name == _NAME))).scalar_one_or_none()
    if value is None:
        return None
    found = json.loads(value)
    return Stop(datetime.fromisoformat(found["at"]), found["by"], found["why"])


def going() -> ColumnElement[bool]:
    """That nobody has stopped everything."""
    return ~exists().where(instance.c.name == _NAME)
