"""Whether a mailing goes on: nothing goes out at full speed unseen."""

from __future__ import annotations

from enum import StrEnum

from digest.store.shards import Counts

LEAST = 50
PART = 0.02
REFUSALS = 0.05
SHARD = 5000
"""Deliveries in a range that one worker takes at a time: begun, and counted at its end, in one short transaction."""
_TELLING = 20
"""Answers; of fewer nothing can be said."""


class Judgement(StrEnum):
    WAIT = "wait"
    GO = "go"
    STOP = "stop"


def proof_size(audience: int) -> int:
    """How many are written to first: 2 %, at least 50."""
    return max(LEAST, -(-audience * int(PART * 100) // 100))


def judge(first: Counts) -> Judgement:
    """What the first range's answers say of the others.

    It has to be answered but for a few stragglers: somebody's full mailbox holds nobody up.
    """
    if first.owed:
        return Judgement.WAIT
    if too_many(first.rejected, first.answered):
        return Judgement.STOP
    stragglers = first.deferred + first.uncertain
    return Judgement.WAIT if stragglers > max(1, first.answered * REFUSALS) else Judgement.GO


def too_many(rejected: int, answered: int) -> bool:
    """Whether refusals reach 5 % of answers, where those are enough to tell."""
    return answered >= _TELLING and rejected >= answered * REFUSALS
