"""A feed's entries to the documents that go out: bytes as they are and gzipped, each with its ETag."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from digest.feeds.entries import EPOCH, Channel, Entry
from digest.feeds.jsonfeed import jsonfeed
from digest.feeds.printable import grown
from digest.feeds.xml import atom, rss
from digest.model.feeds import DocumentHead, FeedDocument

MEDIA_TYPES: Mapping[str, str] = {
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json",
}
"""What each format is served as, by its name and extension."""

# To be raised whenever a renderer prints the same entries differently: it has all feeds built anew.
_PRINT = 3

# The highest takes twice as long for a hundredth less.
_LEVEL = 6

_RENDERERS: Mapping[str, Callable[[Channel, Iterable[Entry]], bytes]] = {"atom": atom, "rss": rss, "json": jsonfeed}

COUNT = 2 * len(_RENDERERS)
"""How many documents a feed has."""


def fingerprint(channel: Channel, entries: Sequence[Entry]) -> str:
    """Over all that the documents would be made from; the same as before means that nothing need be built."""
    settled = repr((_PRINT, replace(channel, updated=EPOCH), list(entries)))
    return blake2b(settled.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def render(
    channel: Channel, entries: Sequence[Entry], before: Iterable[DocumentHead], *, made_from: str, now: datetime
) -> tuple[FeedDocument, ...]:
    """All documents of a feed, `before` being those that stand.

    One whose bytes are the same keeps its `changed_at`; a change is always at least a second later than the last.
    """
    standing = {(head.format, head.encoding): head for head in before}
    documents = []
    for form, renderer in _RENDERERS.items():
        body = renderer(channel, entries)
        for encoding, encoded in (("identity", body), ("gzip", gzip.compress(body, _LEVEL, mtime=0))):
            etag = strong_etag(encoded)
            document = FeedDocument(
                feed=channel.slug,
                format=form,
                encoding=encoding,
                etag=etag,
                changed_at=_changed_at(standing.get((form, encoding)), etag, now),
                updated_at=channel.updated,
                fingerprint=made_from,
                body=encoded,
            )
            documents.append(document)
    return tuple(documents)


def archive(
    channel: Channel, entries: Sequence[Entry], before: DocumentHead | None, *, part: str, now: datetime
) -> FeedDocument:
    """The archive document that the channel names, in Atom and packed only: few ask for it, and there may be thousands.

    `updated` is the newest change in it, and never goes back: a new one's is that of its entries, and what changes
    it later, be it that an entry was taken out, changes it now.
    """
    newest = max((each.updated for each in entries), default=EPOCH)
    made_from = fingerprint(channel, entries)
    if before is None:
        updated = grown(newest, None)
    else:
        same = before.fingerprint == made_from
        updated = before.updated_at if same else grown(max(newest, now), before.updated_at)
    packed = gzip.compress(atom(replace(channel, updated=updated), entries), _LEVEL, mtime=0)
    etag = strong_etag(packed)
    return FeedDocument(
        feed=channel.slug,
        part=part,
        format="atom",
        encoding="gzip",
        etag=etag,
        changed_at=_changed_at(before, etag, now),
        updated_at=updated,
        fingerprint=made_from,
        body=packed,
    )


def strong_etag(body: bytes) -> str:
    """A strong entity tag (RFC 9110, 8.8.3) of these very bytes."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def _changed_at(before: DocumentHead | None, etag: str, now: datetime) -> datetime:
    if before is not None and before.etag == etag:
        return before.changed_at
    return grown(now, before.changed_at if before else None)
