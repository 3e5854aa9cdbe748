"""What a reader would notice of an item, as a hash: another one is an edit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

from digest.collect.clean import Cleaned
from digest.model import codec
from digest.model.announcements import Enclosure, Facts

_NONE = Facts()
_FLEETING = re.compile(
    r"(?:\?|&amp;)(?:utm_|mc_|fbclid|gclid|[^=?&;\x1f]*(?:nonce|token|sess|sid))[^=?&;\x1f]*=[^?&\x1f]*", re.IGNORECASE
)


def fingerprint(
    title: str, summary: str, body: Cleaned, link: str, enclosures: Iterable[Enclosure] = (), facts: Facts = _NONE
) -> str:
    """A hash over what a reader would notice: words, and where links lead; not other mark-up, nor tracking."""
    files = sorted(each.url for each in enclosures)
    told = (
        title,
        summary,
        body.words,
        _targets(body.html),
        link,
        *files,
        "" if facts == _NONE else codec.dumps(facts),
    )
    # None of these can hold the sign that parts them.
    return blake2b("\x1f".join(told).encode("utf-8"), digest_size=32).hexdigest()


def _targets(content: str) -> str:
    """Where the links of a clean text lead, without what is another at each visit."""
    pieces = content.split('<a href="')[1:]
    return _FLEETING.sub("", "\x1f".join([piece.partition('"')[0].partition("#")[0] for piece in pieces]))
