"""How long and how large a template may be at work: a slip in one of somebody's own must not stop the house."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jinja2.sandbox import SandboxedEnvironment

from digest.errors import TemplateError

SECONDS = 10.0
MEMORY = 256 * 1024 * 1024
"""Octets by which the process may grow meanwhile."""
_LARGEST = 4 * 1024 * 1024
_LARGEST_POWER = 1000
_EVERY = 0.02
_PAGE = 4096
_STATM = Path("/proc/self/statm")


class TooMuch(Exception):
    """Thrown into a template that goes on and on; Jinja then says in which line it was."""


class BoundedEnvironment(SandboxedEnvironment):
    """Templates of somebody's own: no way into Python, and no single step that eats all memory."""

    intercepted_binops = frozenset(("*", "**"))

    def call_binop(self, context: object, operator: str, left: object, right: object) -> object:
        if operator == "**" and not (isinstance(right, int | float) and abs(right) <= _LARGEST_POWER):
            raise TemplateError(f"a power above {_LARGEST_POWER}")
        if operator == "*" and max(_grown(left, right), _grown(right, left)) > _LARGEST:
            raise TemplateError(f"something repeated to more than {_LARGEST:,}")
        return super().call_binop(context, operator, left, right)  # type: ignore[arg-type]


@contextmanager
def bounded(name: str) -> Iterator[None]:
    """Let the block go on for SECONDS and the process grow by MEMORY; then it is ended by a TemplateError."""
    watch = _Watch(threading.get_ident(), SECONDS, MEMORY)
    thread = threading.Thread(target=watch.go, name=f"watching {name}", daemon=True)
    thread.start()
    try:
        yield
    except (TooMuch, MemoryError) as error:
        raise TemplateError(watch.why or "took too much memory") from error
    finally:
        watch.end()


class _Watch:
    """Looks at one thread from another until that is done."""

    def __init__(self, thread: int, seconds: float, memory: int) -> None:
        self.why = ""
        self._thread, self._seconds, self._memory = ctypes.c_ulong(thread), seconds, memory
        self._done, self._turn = threading.Event(), threading.Lock()

    def go(self) -> None:
        until, first = time.monotonic() + self._seconds, _resident()
        while not self._done.wait(_EVERY):
            if time.monotonic() > until:
                self.why = f"took more than {self._seconds:g} s"
            elif _resident() - first > self._memory:
                self.why = f"took more than {self._memory // 1024**2} MB"
            if self.why:
                return self._stop()
        return None

    def _stop(self) -> None:
        with self._turn:
            if not self._done.is_set():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(self._thread, ctypes.py_object(TooMuch))

    def end(self) -> None:
        """Nothing is thrown after this; what was and has not arrived is taken back."""
        with self._turn:
            self._done.set()
            if self.why:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(self._thread, None)


def _grown(value: object, times: object) -> int:
    return len(value) * times if isinstance(value, str | bytes | list | tuple) and isinstance(times, int) else 0


def _resident() -> int:
    """Octets of the process in memory; 0 where the system does not tell, and then only time counts."""
    try:
        return int(_STATM.read_text("ascii").split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0
