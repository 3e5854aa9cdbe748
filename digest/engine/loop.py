"""The event loop of a process that stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T], *, polled: bool) -> T:
    """Run until `main` is done; where readers poll, on uvloop, which takes half the time for an answer.

    It is not made for every platform; without it all is the same, only slower.
    """
    with asyncio.Runner(loop_factory=_fast() if polled else None) as runner:
        return runner.run(main)


def _fast() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
