"""The bell: rung inside a transaction, heard by a handler after it has committed, or never."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from digest.store.database import Tx

Handler = Callable[[str], Awaitable[None]]
"""Given the key that was rung; it looks in the ledger for what is owed, and may find nothing."""

Handlers = Mapping[str, Handler]
"""By the job's name."""


class Bell(Protocol):
    """Two ways to hear it: in this process, or in many.

    A ring is heard after its transaction commits, never when that rolls back. The same job and key rung twice
    before it is heard is heard once; rung while its handler runs, once more. A handler that raises is logged
    and stops nothing.
    """

    async def ring(self, tx: Tx, job: str, key: str) -> None:
        """Ask for `job` to be done for `key` once `tx` has committed."""
        ...


class Deaf:
    """The bell of a process that sends nothing, where nobody else listens either: a tick finds what is owed."""

    async def ring(self, tx: Tx, job: str, key: str) -> None:
        """Say nothing."""
