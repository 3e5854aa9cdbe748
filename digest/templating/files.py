"""Template files, of which it is asked once a second whether they changed, and not for every page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

EVERY = 1.0
"""Seconds."""


class Files(FileSystemLoader):
    """The files of `roots`, the first root first."""

    def __init__(self, roots: Sequence[Path], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__([str(root) for root in roots])
        self._clock = clock

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, path, same = super().get_source(environment, template)
        looked = self._clock()

        def still() -> bool:
            nonlocal looked
            if self._clock() - looked < EVERY:
                return True
            looked = self._clock()
            return same()

        return source, path, still
