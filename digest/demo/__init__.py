"""The guided run: a small site, an inbox, and the whole way between them, on this machine alone."""

from __future__ import annotations

import asyncio
from pathlib import Path


def run(folder: Path, *, serve: bool) -> None:
    """Do the main job on the sample in `folder`, made anew, and print a report; `serve` leaves it running."""
    from digest.demo.journey import travel
    from digest.demo.report import tell

    asyncio.run(travel(folder, tell, serve=serve))
