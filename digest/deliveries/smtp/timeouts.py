"""How long each answer is waited for."""

from __future__ import annotations

from dataclasses import dataclass

from digest.deliveries.outcome import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait for each whole answer (RFC 5321, 4.5.3.2); too short at the dot makes duplicates."""

    connect: float = 30.0
    command: float = 60.0
    data: float = 120.0
    dot: float = 600.0
    quit: float = 5.0
    sweep: float = 1.0
    """Between two looks at whose time is over."""

    def of(self, stage: Stage | None) -> float:
        """How long the answer at a stage of a transaction may take."""
        return {Stage.DATA: self.data, Stage.DOT: self.dot}.get(stage or Stage.MAIL, self.command)
