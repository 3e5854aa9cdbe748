"""What comes back, acted upon: only a valid token of ours takes somebody off, and once."""

from __future__ import annotations

import email
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from enum import StrEnum
from hashlib import blake2b

from digest.model.subscribers import Subscriber, SuppressionReason
from digest.settings.keys import Keyring
from digest.store import audit, bounces, mailings, subscribers, suppressions
from digest.store.database import Store, Tx
from digest.subscribers import leaving, tokens, verp
from digest.subscribers.bounces import Class, Judged, classify
from digest.subscribers.consent import Way
from digest.subscribers.tokens import Purpose
from digest.subscribers.verp import Returned

IN_A_ROW = 3
"""Editions that came back as soft before an address is given up."""

_GRAVITY = (Class.COMPLAINT, Class.OPT_OUT, Class.HARD, Class.SOFT, Class.BLOCK, Class.NONE)
_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
_LOOKED_AT = 300_000
_LEAVE = re.compile(r"\+([A-Za-z0-9_.]{20,160})@")


Recognise = Callable[[Tx, str], Awaitable[Returned | None]]
"""Says by the text of a message whose letter came back in it."""


class Effect(StrEnum):
    """What became of one judgement."""

    SUPPRESSED = "suppressed"
    LEFT = "left"
    COUNTED = "counted"
    """Soft or block: written down."""
    LISTED = "listed"
    """Nobody's token vouches for it: for an operator to look at."""
    KNOWN = "known already"
    NOTHING = "no bounce"


@dataclass(frozen=True, slots=True)
class Came:
    """One judgement and what it came to; `mailing` where a token said which."""

    kind: Class
    effect: Effect
    recipient: str = ""
    mailing: int | None = None


async def take(
    store: Store,
    keys: Keyring,
    raw: bytes,
    *,
    to: str = "",
    source: str,
    now: datetime,
    recognise: Recognise | None = None,
) -> tuple[Came, ...]:
    """Read one message from the mailbox for bounces; `to` is the envelope's recipient where that is known.

    Without a token in the envelope `recognise` is asked whose letter it was. Read again, or by another way, it
    changes nothing.
    """
    message = email.message_from_bytes(raw[:_LOOKED_AT])
    addressed = " ".join([to, *(str(value) for name in _TO for value in message.get_all(name, []))])
    if left := await _leave(store, keys, addressed, now):
        return (left,)
    judged = classify(raw)
    text = raw[:_LOOKED_AT].decode("latin-1")
    whose = verp.found(keys, addressed) or verp.found(keys, text)
    async with store.write() as tx:
        if whose is None and recognise is not None:
            whose = await recognise(tx, text)
        if whose is not None:
            gravest = min(judged, key=lambda each: _GRAVITY.index(each.kind))
            return (await act(tx, whose, gravest, source=source, now=now),)
        return tuple([await keep(tx, each, _named(message, raw), source=source, now=now) for each in judged])


async def act(tx: Tx, whose: Returned, judged: Judged, *, source: str, now: datetime) -> Came:
    """Do what a judgement about a letter of ours asks for, in the caller's transaction."""
    if judged.kind is Class.NONE:
        return Came(judged.kind, Effect.NOTHING, judged.recipient, whose.mailing)
    found = await subscribers.by_handle(tx, whose.handle)
    if found is None or await mailings.digest_of(tx, whose.mailing) is None:
        # Erased since, or a token of another store under the same key: there is nobody to take off.
        return Came(judged.kind, Effect.KNOWN, mailing=whose.mailing)
    new = await bounces.add(
        tx,
        kind=judged.kind,
        dedupe_key=_key(whose.handle, str(whose.mailing), judged.kind),
        now=now,
        subscriber=found.id,
        mailing=whose.mailing,
        status=judged.status,
        said=_safe(judged.said),
        source=source,
    )
    effect = await _follow(tx, found, whose, judged, source=source, now=now) if new else Effect.KNOWN
    return Came(judged.kind, effect, found.email, whose.mailing)


async def _follow(tx: Tx, found: Subscriber, whose: Returned, judged: Judged, *, source: str, now: datetime) -> Effect:
    match judged.kind:
        case Class.HARD:
            return await _suppress(tx, found, SuppressionReason.HARD_BOUNCE, source, now)
        case Class.SOFT:
            if not await bounces.in_a_row(tx, found.id, whose.mailing, kind=Class.SOFT, many=IN_A_ROW):
                return Effect.COUNTED
            return await _suppress(tx, found, SuppressionReason.SOFT_BOUNCES, source, now)
        case Class.COMPLAINT:
            await leaving.leave_all(tx, found, way=Way.COMPLAINT, now=now)
            return await _suppress(tx, found, SuppressionReason.COMPLAINT, source, now)
        case Class.OPT_OUT:
            digest = await mailings.digest_of(tx, whose.mailing)
            await leaving.leave_all(tx, found, digest=digest, way=Way.MAILTO, now=now)
            return Effect.LEFT
        case _:
            return Effect.COUNTED


async def _suppress(tx: Tx, found: Subscriber, reason: SuppressionReason, source: str, now: datetime) -> Effect:
    await suppressions.add(tx, found.email_norm, reason, source=source, now=now)
    await audit.add(
        tx, at=now, who=source, action="suppress", subject=found.handle, became="suppressed", why=reason.value
    )
    return Effect.SUPPRESSED


async def keep(tx: Tx, judged: Judged, named: str, *, source: str, now: datetime) -> Came:
    """Keep it for an operator: without a token of ours, anybody could have written it."""
    if judged.kind is Class.NONE:
        return Came(judged.kind, Effect.NOTHING, judged.recipient)
    new = await bounces.add(
        tx,
        kind=judged.kind,
        dedupe_key=_key(named, judged.recipient.lower(), judged.kind),
        now=now,
        status=judged.status,
        said=_safe(judged.said),
        address=_safe(judged.recipient)[:254],
        source=source,
    )
    return Came(judged.kind, Effect.LISTED if new else Effect.KNOWN, judged.recipient)


async def _leave(store: Store, keys: Keyring, addressed: str, now: datetime) -> Came | None:
    """Leaving by mail to unsubscribe+TOKEN@: the token in the address decides, whoever wrote."""
    for match in _LEAVE.finditer(addressed):
        if tokens.read(keys, Purpose.UNSUBSCRIBE, match[1]):
            left = await leaving.unsubscribe(store, keys, match[1], way=Way.MAILTO, now=now)
            email_ = left.subscriber.email if left and left.subscriber else ""
            return Came(Class.OPT_OUT, Effect.LEFT, email_)
    return None


def _named(message: Message, raw: bytes) -> str:
    return str(message.get("Message-ID", "")).strip() or blake2b(raw, digest_size=16).hexdigest()


def _key(*parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=20).hexdigest()


def _safe(said: str) -> str:
    """A stranger's text as one printable line."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(said.split()))[:300]
