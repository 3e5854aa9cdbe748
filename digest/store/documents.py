"""Feed documents: the bytes served, built once per change by whoever wins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select

from digest.model.feeds import CURRENT, DocumentHead, FeedDocument
from digest.store.database import Tx, insert_ignore, upsert
from digest.store.schema import feed_documents, instance

_HEAD = [feed_documents.c[name] for name in DocumentHead.__dataclass_fields__]
_WHOLE = [feed_documents.c[name] for name in FeedDocument.__dataclass_fields__]
_KEY = ("feed", "part", "format", "encoding")
_HOST = "feeds_host"


async def heads(tx: Tx, *feeds: str, part: str = CURRENT) -> tuple[DocumentHead, ...]:
    """What stands for these feeds, or for all, without the bytes; sorted by feed, format and encoding.

    For all it looks at every archive document there is.
    """
    query = select(*_HEAD).where(feed_documents.c.part == part).order_by(*(feed_documents.c[name] for name in _KEY))
    if feeds:
        query = query.where(feed_documents.c.feed.in_(feeds))
    return tuple(DocumentHead(**row._mapping) for row in await tx.execute(query))


async def of(tx: Tx, feed: str, *, part: str = CURRENT) -> tuple[FeedDocument, ...]:
    """Every document of a feed's part, with its bytes."""
    query = select(*_WHOLE).where(feed_documents.c.feed == feed, feed_documents.c.part == part)
    return tuple(FeedDocument(**row._mapping) for row in await tx.execute(query.order_by(*_HEAD[2:4])))


async def put(tx: Tx, documents: Iterable[FeedDocument]) -> None:
    """Lay documents in the place of those with the same feed, part, format and encoding."""
    names = tuple(FeedDocument.__dataclass_fields__)
    rows = [{name: getattr(document, name) for name in names} for document in documents]
    if rows:
        blank: dict[str, Any] = {name: bindparam(name) for name in names}
        await tx.execute(upsert(tx, feed_documents, blank, key=_KEY), rows)


async def host(tx: Tx) -> str | None:
    """The host that the ids of our feeds were minted with; None before the first feed was built."""
    found: str | None = await tx.scalar(select(instance.c.value).where(instance.c.name == _HOST))
    return found


async def lock(tx: Tx, minted: str) -> str:
    """Wait until no other builder writes documents; the host of our feeds' ids, `minted` when there is none yet.

    A site that moves keeps the ids of its feeds. The lock ends with the transaction.
    """
    query = select(instance.c.value).where(instance.c.name == _HOST).with_for_update()
    found: str | None = await tx.scalar(query)
    if found is None:
        await tx.execute(insert_ignore(tx, instance).values(name=_HOST, value=minted))
        found = (await tx.execute(query)).scalar_one()
    return found
