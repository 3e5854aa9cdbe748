"""How many letters one claim takes where no pace says it."""

from __future__ import annotations

from dataclasses import dataclass

LEAST = 50
"""Letters in a claim before anything is known, and in the smallest after that: more than there are connections."""


@dataclass(slots=True)
class Portion:
    """A claim is sent in about a second: notes wait no longer than that, and the ledger is as late.

    A fast relay gets more at a time, since every claim costs some statements however large it is.
    """

    most: int
    size: int = LEAST

    def took(self, count: int, seconds: float) -> None:
        """So many were sent in so long a time."""
        if count >= min(self.size, self.most):
            self.size = max(LEAST, min(self.most, int(count / max(seconds, 0.001))))
