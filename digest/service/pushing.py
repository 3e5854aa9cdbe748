"""What a site pushes to us: believed when it is signed, lately, and for the first time."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from digest.collect import flow
from digest.collect.flow import SourceReport
from digest.errors import CollectError
from digest.service import publishing, watching
from digest.service.collecting import fetcher
from digest.service.house import House, now
from digest.store import pushes

WINDOW = timedelta(minutes=5)
"""How far a push's clock may be from ours."""


class Refused(Enum):
    """Why a push was not taken."""

    NO_HOOK = auto()
    UNSIGNED = auto()
    STALE = auto()
    AGAIN = auto()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """It was signed, and made no sense."""

    words: str


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) over timestamp, a full stop, and body; in lower-case hexadecimal."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()


async def take(house: House, body: bytes, *, timestamp: str, signed: str) -> SourceReport | Refused | Unreadable:
    """Keep what was pushed, and build the feeds; the source is the one whose secret it was signed with."""
    hooks = {slug: each for slug, each in house.settings.sources.items() if each.kind == "hook" and each.secret}
    if not hooks:
        return Refused.NO_HOOK
    secrets = ((slug, each.secret.get_secret_value()) for slug, each in hooks.items() if each.secret)
    slug = _signer(secrets, timestamp, body, signed)
    if slug is None:
        return Refused.UNSIGNED
    at = now()
    if abs(at - datetime.fromtimestamp(int(timestamp), UTC)) > WINDOW:
        return Refused.STALE
    mac = signature("", timestamp, signed.encode())
    async with house.store.write() as tx:
        if not await pushes.take(tx, mac, at=at, forget=at - 3 * WINDOW):
            return Refused.AGAIN
    kept = False
    try:
        answer = await _kept(house, slug, body)
        kept = not (isinstance(answer, SourceReport) and answer.error)
        return answer
    finally:
        if not kept:
            async with house.store.write() as tx:
                await pushes.give_back(tx, mac)


def _signer(secrets: Iterable[tuple[str, str]], timestamp: str, body: bytes, signed: str) -> str | None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11 and signed.isascii()):
        return None
    matching = [slug for slug, secret in secrets if hmac.compare_digest(signature(secret, timestamp, body), signed)]
    return matching[0] if matching else None


async def _kept(house: House, slug: str, body: bytes) -> SourceReport | Unreadable:
    try:
        async with fetcher(house) as client:
            report = await flow.take(house.store, house.settings, client, slug, body, now=now())
    except CollectError as error:
        return Unreadable(error.message)
    if report.changed:
        await publishing.build(house)
    await watching.watch(house)
    return report
