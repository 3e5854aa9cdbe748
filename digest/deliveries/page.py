"""A page of a journal: one claim, and for each of its letters whether it was dotted and what was answered.

Each step of a letter is the writing of one byte, so nothing is ever half said.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from digest.errors import StoreError
from digest.model.deliveries import Outcome, OutcomeKind

MOST = 500
"""Letters in one claim: what a page has places for."""
GRAIN = mmap.ALLOCATIONGRANULARITY
"""Of a file, what pages begin at."""

_PAGE = struct.Struct("<IIQ")  # letters, shard's number, mailing
_PLACE = struct.Struct("<QHBB52s")  # subscriber, code, step, length of the text, the text
SIZE = -(-(MOST + 1) * _PLACE.size // GRAIN) * GRAIN
"""Octets of a page."""
_CODE, _STEP, _TEXT = 8, 10, 11
_WIDE = _PLACE.size
_OK = 250

_UNTOUCHED, _DOTTED = 0, 1
_KINDS = {
    OutcomeKind.ACCEPTED: 2,
    OutcomeKind.DEFERRED: 3,
    OutcomeKind.REJECTED: 4,
    OutcomeKind.UNCERTAIN: 5,
    OutcomeKind.SENDER: 6,
    # About the session: the letter is as if never begun.
    OutcomeKind.RELAY: _UNTOUCHED,
}
_BLANK = _PLACE.pack(0, _OK, _UNTOUCHED, 0, b"") * MOST
_ANSWERS = {step: kind for kind, step in _KINDS.items() if step}
_ACCEPTED = OutcomeKind.ACCEPTED
_TAKEN = _KINDS[_ACCEPTED]
_DOUBT = Outcome(kind=OutcomeKind.UNCERTAIN, text="the worker that was sending it is gone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a page says of a claim; None for a letter whose end was never written."""

    mailing: int
    number: int
    letters: tuple[tuple[int, Outcome | None], ...]


class Page:
    """One claim's letters, by their places in it. Not for two turns at once."""

    def __init__(self, file: int, offset: int) -> None:
        try:
            # Reserved before it is written to: a full disk says so here, and not by a signal.
            os.posix_fallocate(file, offset, SIZE)
            self._bytes = mmap.mmap(file, SIZE, offset=offset)
        except OSError as error:
            raise StoreError(f"there is no room for another page: {error.strerror}", about="journal") from error

    def begin(self, mailing: int, number: int, subscribers: Sequence[int]) -> None:
        """Write down who was claimed; before any of their dots."""
        if len(subscribers) > MOST:
            raise ValueError(f"a page has {MOST} places, not {len(subscribers)}")
        self.end()
        last = (len(subscribers) + 1) * _WIDE
        self._bytes[_WIDE:last] = _BLANK[: last - _WIDE]
        numbers = array("Q", subscribers)
        if sys.byteorder == "big":
            numbers.byteswap()
        # All of them in one step: each is the first word of its place.
        with memoryview(self._bytes) as raw, raw.cast("Q") as words:
            words[_WIDE // 8 : last // 8 : _WIDE // 8] = numbers
        _PAGE.pack_into(self._bytes, 0, 0, number, mailing)
        self._bytes[:4] = len(subscribers).to_bytes(4, "little")

    def dotted(self, place: int) -> None:
        """The next thing written is the final dot of the letter at `place`."""
        self._bytes[(place + 1) * _WIDE + _STEP] = _DOTTED

    def answered(self, place: int, outcome: Outcome) -> None:
        """What became of the letter at `place`."""
        at = (place + 1) * _WIDE
        if outcome.code != _OK or outcome.text:
            text = outcome.text.encode()[: _PLACE.size - _TEXT - 1]
            struct.pack_into("<H", self._bytes, at + _CODE, outcome.code)
            self._bytes[at + _TEXT : at + _TEXT + 1 + len(text)] = bytes([len(text)]) + text
        kind = outcome.kind
        # A look into the table takes longer than all else.
        self._bytes[at + _STEP] = _TAKEN if kind is _ACCEPTED else _KINDS[kind]

    def end(self) -> None:
        """All of it is in the ledger."""
        self._bytes[:4] = bytes(4)

    def close(self) -> None:
        self._bytes.close()

    def read(self) -> Claim | None:
        """What it says now; None for a free page."""
        return claim_of(self._bytes[:])


def claim_of(page: bytes) -> Claim | None:
    """What the bytes of a page say; None for a free one."""
    count, number, mailing = _PAGE.unpack_from(page)
    if not 0 < count <= MOST:
        return None
    places = _PLACE.iter_unpack(page[_PLACE.size : (count + 1) * _PLACE.size])
    letters = tuple((who, _outcome(code, step, text[:length])) for who, code, step, length, text in places)
    return Claim(mailing=mailing, number=number, letters=letters)


def _outcome(code: int, step: int, text: bytes) -> Outcome | None:
    if step == _DOTTED:
        return _DOUBT
    kind = _ANSWERS.get(step)
    return Outcome(kind=kind, code=code, text=text.decode("utf-8", "ignore")) if kind else None
