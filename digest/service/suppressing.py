"""Whom we must not write to, as an operator handles it: one by one, or a wave of them undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from digest.errors import NotFound, UsageError
from digest.model.subscribers import SuppressionReason
from digest.service.house import House, now
from digest.store import audit, suppressions
from digest.store.suppressions import Suppression
from digest.subscribers import flow


@dataclass(frozen=True, slots=True)
class Wave:
    """Suppressions of a reason, from `since` until `until`, at a domain; what is empty does not choose."""

    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    domain: str = ""

    @property
    def chooses(self) -> bool:
        return bool(self.reason or self.since or self.until or self.domain)


async def listed(house: House, wave: Wave, limit: int | None = None) -> list[dict[str, object]]:
    """Whom we must not write to, the newest first."""
    rows = await _found(house, wave, limit)
    return [{"email": row.email, "reason": row.reason.value, "source": row.source, "at": row.at} for row in rows]


async def suppress(house: House, email: str, source: str, who: str) -> str:
    """Never write to that address."""
    await flow.suppress(house.store, email, source=source, who=who, now=now())
    return f"{email} is suppressed."


async def unsuppress(house: House, email: str, who: str) -> str:
    """Lift a suppression; NotFound when there is none."""
    if not await flow.unsuppress(house.store, email, who=who, now=now()):
        raise NotFound("is not suppressed", about=email)
    return f"{email} may be written to again."


async def undo(house: House, wave: Wave, who: str) -> str:
    """Lift a wave of suppressions, a mistaken storm of bounces say; erasures and complaints stay unless named."""
    if not wave.chooses:
        raise UsageError("say which: an address, or --reason, --since, --until, --domain")
    kept = {SuppressionReason.ERASED, SuppressionReason.COMPLAINT}
    rows = [row for row in await _found(house, wave) if row.email and (wave.reason or row.reason not in kept)]
    async with house.store.write() as tx:
        for row in rows:
            await suppressions.remove(tx, row.email)
        await audit.add(tx, at=now(), who=who, action="lift suppressions", became=f"{len(rows)} lifted", why=str(wave))
    return f"{len(rows)} {'address' if len(rows) == 1 else 'addresses'} may be written to again."


async def _found(house: House, wave: Wave, limit: int | None = None) -> tuple[Suppression, ...]:
    try:
        reason = SuppressionReason(wave.reason) if wave.reason else None
    except ValueError:
        raise UsageError(f"is no reason; there are: {', '.join(SuppressionReason)}", about=wave.reason) from None
    # As it stands in addresses: lower case, A-labels.
    domain = flow.address(f"x@{wave.domain.removeprefix('@')}").norm.partition("@")[2] if wave.domain else ""
    async with house.store.read() as tx:
        return await suppressions.listed(
            tx, limit=limit, reason=reason, since=wave.since, until=wave.until, domain=domain
        )
