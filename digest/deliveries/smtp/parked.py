"""Sessions that have sent all there was, and wait under their hands for more: to begin anew costs each a new task."""

from __future__ import annotations

from collections.abc import Callable, Hashable

Resume = Callable[[], None]
"""Makes a session ask for its next message."""
Stays = Callable[[Resume], bool]
"""Whether a session that has nothing to send waits for more, until it is told to resume."""


def leaves(_resume: Resume) -> bool:
    """For what ends with what there is."""
    return False


class Parked:
    """Whose they are, and what wakes them."""

    def __init__(self) -> None:
        self.admits = True
        """Whether any may wait here: not when the work is over."""
        self._resumes: dict[Hashable, Resume] = {}

    def __len__(self) -> int:
        return len(self._resumes)

    def enter(self, whose: Hashable, resume: Resume) -> bool:
        """It has nothing on its way: whether it may wait here."""
        if self.admits:
            self._resumes[whose] = resume
        return self.admits

    def leave(self, whose: Hashable) -> None:
        """It has come to its end, waiting or not."""
        self._resumes.pop(whose, None)

    def wake(self, most: int | None = None) -> None:
        """So many of them, by default all: each asks for its next message."""
        for whose in list(self._resumes)[:most]:
            # What one of them does may wake the others before us.
            if resume := self._resumes.pop(whose, None):
                resume()

    def dismiss(self) -> None:
        """All of them, and let no more wait."""
        self.admits = False
        self.wake()
