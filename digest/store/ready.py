"""Statements that are said with every claim: built once, and for SQLite written out once.

A claim's letters empty the processor's nearest memory. What SQLAlchemy then does around one statement takes ten times
as long as in a loop: more than the statement itself, and seven of them more than a hundred letters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Dialect, Executable
from sqlalchemy.sql.elements import ClauseElement

from digest.store.database import Tx
from digest.store.immediate import Immediate

Processor = Callable[[Any], Any]
"""Makes of a value what the driver takes."""


class Ready:
    """One such statement. Its rows come as the database keeps them: a truth may be 1, and a moment its text."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._written: _Written | None = None

    async def rows(self, tx: Tx, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """All that it finds with these values."""
        if at_once := _immediate(tx):
            return at_once.rows(*self._in_words(at_once, values))
        return (await tx.execute(self._statement, values)).all()

    async def change(self, tx: Tx, values: Mapping[str, Any]) -> int:
        """How many rows it changes with these values."""
        if at_once := _immediate(tx):
            return at_once.change(*self._in_words(at_once, values))
        return (await tx.execute(self._statement, values)).rowcount

    def _in_words(self, tx: Immediate, values: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
        if self._written is None:
            self._written = _Written(self._statement, tx.dialect)
        return self._written.words, self._written.parameters(values)


def _immediate(tx: object) -> Immediate | None:
    """The transaction, if no other thread stands between the driver and us."""
    return tx if isinstance(tx, Immediate) else None


class _Written:
    """A statement as the driver is told it."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        assert isinstance(statement, ClauseElement)  # noqa: S101 - what may be executed is one
        compiled: Any = statement.compile(dialect=dialect)
        binds: Mapping[str, BindParameter[Any]] = {name: bind for bind, name in compiled.bind_names.items()}
        if lists := [name for name, bind in binds.items() if bind.expanding]:
            raise ValueError(f"a list has no fixed form: {', '.join(lists)}")
        self.words = str(compiled)
        made = {name: _processor(bind, dialect) for name, bind in binds.items()}
        order: Sequence[str] = compiled.positiontup
        # Of each place whose value it has, how that is made, or what always stands there.
        self._places = [
            (name, made[name], None) if binds[name].required else ("", _as_it_is, made[name](binds[name].value))
            for name in order
        ]

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple([made(values[name]) if name else fixed for name, made, fixed in self._places])


def _processor(bind: BindParameter[Any], dialect: Dialect) -> Processor:
    return bind.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
