"""Owing an edition's letters: once, in the transaction that seals it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from digest.deliveries import proof
from digest.store import mailings, shards
from digest.store.database import Tx
from digest.store.mailings import LetterRow


async def seal(
    tx: Tx,
    *,
    edition_id: int,
    revision: int,
    digest: str,
    key_id: str,
    letters: Sequence[LetterRow],
    languages: Mapping[str, int] | None = None,
    now: datetime,
    start_at: datetime,
) -> int:
    """The mailing of an edition's revision, made now if there is none; its row.

    Everybody confirmed and not suppressed is owed the variant of their language, else variant 0. `languages`
    maps tags to variants, by default those of `letters`. Nothing goes out before `start_at`.
    """
    mailing = await mailings.add(
        tx, edition_id=edition_id, revision=revision, digest=digest, key_id=key_id, now=now, start_at=start_at
    )
    if mailing is None:
        known = await mailings.by_edition(tx, edition_id, revision)
        assert known is not None  # noqa: S101 - the constraint that refused ours is this one
        return known.id
    await mailings.add_letters(tx, mailing, letters)
    chosen = languages if languages is not None else {letter.language: letter.variant for letter in letters}
    audience = await mailings.address(tx, mailing, digest, chosen, now)
    await shards.cut(tx, mailing, first=proof.proof_size(audience), size=proof.SHARD, due=start_at)
    return mailing
