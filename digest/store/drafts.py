"""What people changed in drafts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, literal, select

from digest.model.drafts import Edit, Edits, Wish
from digest.store.database import Tx, upsert
from digest.store.schema import draft_edits

_E = draft_edits.c


async def edits(tx: Tx, edition: int) -> Edits:
    """All that is wished for a draft."""
    query = select(_E.subject, _E.wish, _E.language, _E.value).where(_E.edition_id == edition)
    rows = await tx.execute(query.order_by(_E.subject, _E.wish, _E.language))
    return Edits(tuple(Edit(subject=r.subject, wish=Wish(r.wish), language=r.language, value=r.value) for r in rows))


async def put(tx: Tx, edition: int, edit: Edit, *, now: datetime) -> None:
    """Wish something, in place of what was wished of that kind before; there is one lead."""
    if edit.wish is Wish.LEAD:
        await tx.execute(delete(draft_edits).where(_E.edition_id == edition, _E.wish == Wish.LEAD))
    values = {"edition_id": edition, "subject": edit.subject, "wish": edit.wish, "language": edit.language}
    values |= {"value": edit.value, "at": now}
    await tx.execute(upsert(tx, draft_edits, values, key=["edition_id", "subject", "wish", "language"]))


async def take_back(tx: Tx, edition: int, edit: Edit) -> None:
    """Wish that no more; `edit.value` does not matter."""
    mine = (_E.edition_id == edition) & (_E.subject == edit.subject)
    await tx.execute(delete(draft_edits).where(mine, _E.wish == edit.wish, _E.language == edit.language))


async def inherit(tx: Tx, old: int, new: int) -> None:
    """Let a draft have all that was wished for one that it takes the place of."""
    names = ["edition_id", "subject", "wish", "language", "value", "at"]
    theirs = select(literal(new), *(_E[name] for name in names[1:])).where(_E.edition_id == old)
    await tx.execute(insert(draft_edits).from_select(names, theirs))
