"""Feed documents in memory, ready to be sent, as fresh as the last look at the store."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from digest.errors import StoreError
from digest.feeds.documents import MEDIA_TYPES, strong_etag
from digest.model.feeds import DocumentHead, FeedDocument
from digest.settings import Settings
from digest.store import documents, feed_entries
from digest.store.database import Store

# Nothing in a feed is run or fetched, whatever a browser makes of it, but its style sheet.
_POLICY = (b"content-security-policy", b"default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'")


@dataclass(frozen=True, slots=True)
class Form:
    """One encoding of a document, with the headers that do not depend on the request."""

    body: bytes
    etag: str
    headers: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Served:
    """A document in both its encodings."""

    identity: Form
    gzip: Form
    changed_at: datetime | None
    headers: tuple[tuple[bytes, bytes], ...]

    def opened(self) -> Served:
        """The same bytes for somebody who opened a feed in a browser: as XML, which is shown, under tags of its own.

        What is called a feed is shown as its source or saved to disk.
        """
        if not self.headers[0][1].startswith((b"application/atom+xml", b"application/rss+xml")):
            return self
        identity, packed = (replace(form, etag=f'{form.etag[:-1]}-opened"') for form in (self.identity, self.gzip))
        return Served(identity, packed, self.changed_at, ((b"content-type", b"text/xml; charset=utf-8"), _POLICY))


class Shelf:
    """The configured feeds' documents in memory, as fresh as `check_every` seconds."""

    def __init__(self, store: Store, settings: Settings, check_every: float) -> None:
        self._store = store
        self._slugs = frozenset(settings.feeds)
        self._check_every = check_every
        self._checked = -check_every
        self._checking = asyncio.Lock()
        self._meanwhile: asyncio.Task[None] | None = None
        self._heads: tuple[DocumentHead, ...] = ()
        self._served: dict[tuple[str, str], Served] = {}

    def has(self, slug: str) -> bool:
        return slug in self._slugs

    async def get(self, slug: str, form: str) -> Served | None:
        """The document; None when it was never built. StoreError when nothing is known of it."""
        if time.monotonic() - self._checked >= self._check_every and not self._busy((slug, form)):
            await self._check((slug, form), self._check_every)
        return self._served.get((slug, form))

    def ready(self, slug: str, form: str) -> Served | None:
        """The document, if the store was asked lately enough; before that is over, it is asked again meanwhile."""
        age = time.monotonic() - self._checked
        if age >= self._check_every:
            return None
        if age >= self._check_every / 2 and (self._meanwhile is None or self._meanwhile.done()):
            self._meanwhile = asyncio.create_task(self._look_again((slug, form)))
        return self._served.get((slug, form))

    async def _look_again(self, key: tuple[str, str]) -> None:
        with contextlib.suppress(StoreError):
            await self._check(key, self._check_every / 2)

    def _busy(self, key: tuple[str, str]) -> bool:
        """Somebody else is asking the store, and until then there is something to serve."""
        return self._checking.locked() and key in self._served

    async def archive(self, slug: str, number: int) -> tuple[Served | None, int]:
        """An archive document, read from the store because there may be thousands, and the number of the last.

        One up to the last that is not there is only not built yet.
        """
        async with self._store.read() as tx:
            found = await documents.of(tx, slug, part=feed_entries.part_of(number))
            last = number if found else await feed_entries.archives(tx, slug)
        return (_unpacked(found[0]) if found else None), last

    async def _check(self, key: tuple[str, str], age: float) -> None:
        """Ask the store, unless somebody did within `age` seconds while we waited for our turn."""
        async with self._checking:
            if time.monotonic() - self._checked < age:
                return
            try:
                await self._refresh()
            except StoreError:
                if key not in self._served:
                    raise
            finally:
                self._checked = time.monotonic()

    async def _refresh(self) -> None:
        async with self._store.read() as tx:
            heads = await documents.heads(tx, *sorted(self._slugs))
            known = set(self._heads)
            changed = {head.feed for head in heads if head not in known} & self._slugs
            for slug in sorted(changed):
                self._served |= _served(await documents.of(tx, slug))
        self._heads = heads


def _served(found: Iterable[FeedDocument]) -> Mapping[tuple[str, str], Served]:
    both: dict[tuple[str, str], dict[str, FeedDocument]] = {}
    for each in found:
        both.setdefault((each.feed, each.format), {})[each.encoding] = each
    return {
        key: Served(
            _form(forms["identity"].body, forms["identity"].etag),
            _form(forms["gzip"].body, forms["gzip"].etag, (b"content-encoding", b"gzip")),
            forms["identity"].changed_at,
            ((b"content-type", MEDIA_TYPES[key[1]].encode()),),
        )
        for key, forms in both.items()
        if len(forms) == 2
    }


def _unpacked(packed: FeedDocument) -> Served:
    """An archive document is stored packed only; the same bytes pack the same, so one tag gives the other."""
    plain = gzip.decompress(packed.body)
    return Served(
        _form(plain, f'{packed.etag[:-1]}-plain"'),
        _form(packed.body, packed.etag, (b"content-encoding", b"gzip")),
        packed.changed_at,
        ((b"content-type", MEDIA_TYPES[packed.format].encode()),),
    )


def fixed(body: bytes, media_type: str, headers: tuple[tuple[bytes, bytes], ...]) -> Served:
    """A document that stays as long as the process."""
    packed = gzip.compress(body, mtime=0)
    return Served(
        _form(body, strong_etag(body)),
        _form(packed, strong_etag(packed), (b"content-encoding", b"gzip")),
        None,
        ((b"content-type", media_type.encode()), *headers),
    )


def _form(body: bytes, etag: str, *headers: tuple[bytes, bytes]) -> Form:
    return Form(body, etag, (*headers, (b"content-length", str(len(body)).encode())))
