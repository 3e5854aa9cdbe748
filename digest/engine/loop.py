"""The event loop of a process, and its memory."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_OBJECTS = 20_000
"""Made anew before the collector looks for circles among the youngest."""


def run(main: Coroutine[Any, Any, T], *, fast: bool) -> T:
    """Run until `main` is done; `fast` on uvloop, which answers readers in half the time and spares letters a tenth.

    Over TLS it spares them a fifth. It is not made for every platform; without it all is the same.
    """
    with asyncio.Runner(loop_factory=_fast() if fast else None) as runner:
        return runner.run(main)


def _fast() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def settle_in() -> None:
    """When all that will stay is loaded: a full collection that went through it would hold the loop for some 80 ms.

    A letter leaves no circles behind, a page few: to look for some after every 700 new objects costs more than it
    finds.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS)
