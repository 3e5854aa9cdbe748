"""What a person changes in a draft before it is sealed; the announcements themselves stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Wish(StrEnum):
    """One thing that somebody wants otherwise."""

    DROP = "drop"
    """Left out for good; the value says why."""
    LEAD = "lead"
    PLACE = "place"
    """Its number within its section, from 1."""
    SECTION = "section"
    """Its section's title."""
    TITLE = "title"
    TEASER = "teaser"
    ALT = "alt"
    INTRODUCTION = "introduction"
    """Of the edition, in Markdown."""


WORDS = (Wish.TITLE, Wish.TEASER, Wish.ALT)
"""Said in one language each; the others hold for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A wish for one announcement, by its public id, or for the edition, by none."""

    subject: str = ""
    wish: Wish
    language: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Edits:
    """All that is wished for one draft."""

    all: tuple[Edit, ...] = ()

    def of(self, wish: Wish) -> dict[str, str]:
        """Public id → value."""
        return {edit.subject: edit.value for edit in self.all if edit.wish is wish}

    def words(self, subject: str) -> Iterable[Edit]:
        """What is worded otherwise of one announcement."""
        return (edit for edit in self.all if edit.subject == subject and edit.wish in WORDS)

    @property
    def introduction(self) -> str:
        """Markdown."""
        return self.of(Wish.INTRODUCTION).get("", "")
