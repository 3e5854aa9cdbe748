"""Those whose letters are claimed: a column for each thing, for what is done with them is done for very many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Addressees:
    """All that personalising their letters needs; every column in the same order."""

    entitled: Sequence[bool] = ()
    """Whether they may still be written to."""
    subscribers: Sequence[int] = ()
    variants: Sequence[int] = ()
    handles: Sequence[str] = ()
    emails: Sequence[str] = ()
    """As typed."""
    wires: Sequence[str] = ()
    """As SMTP wants them: the domain as A-labels."""
    names: Sequence[str] = ()
    bases: Sequence[str] = ()
    since: Sequence[str] = ()
    """When they asked for it, ISO 8601; empty where that is not known."""

    @classmethod
    def of(cls, rows: Sequence[Sequence[Any]]) -> Self:
        """From rows that hold these in this order."""
        return cls(*zip(*rows, strict=True))

    def __len__(self) -> int:
        return len(self.subscribers)

    def at(self, places: Sequence[int]) -> Addressees:
        """Those at some places among these."""
        return Addressees(*([column[place] for place in places] for column in self._columns()))

    def part(self, first: int, end: int) -> Addressees:
        """Those from one place to before another."""
        return Addressees(*(column[first:end] for column in self._columns()))

    def plus(self, others: Addressees) -> Addressees:
        """These, then those."""
        return Addressees(*((*mine, *theirs) for mine, theirs in zip(self._columns(), others._columns(), strict=True)))

    def _columns(self) -> tuple[Sequence[Any], ...]:
        return tuple(getattr(self, field.name) for field in fields(self))
