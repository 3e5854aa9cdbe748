"""Strangers' bytes are read in a process of its own, where time and memory end: a document costs its source, not us.

The process is started when there is something to read, asked again and again, killed when it takes too long, and ends
by itself when nobody asks. It is not there while the service stands idle.
"""

from __future__ import annotations

import asyncio
import atexit
import importlib
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from digest.errors import DigestError, ParseError

PATIENCE = 30.0
"""Seconds for one document, or one picture."""
MEMORY = 1 << 30
"""Bytes of address space, libraries included."""
AT_ONCE = 2
_IDLE_MS = 30_000
_LENGTH = struct.Struct("!Q")

_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="apart")
_waiting: list[_Reader] = []


async def apart(function: str, *args: Any, about: str, patience: float = PATIENCE) -> Any:
    """What `module:function` makes of these; raises what it raises, ParseError naming `about` when it did not end well.

    Everything must be fit for pickling. Waiting for our turn does not count.
    """
    job = pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL)
    answer = await asyncio.get_running_loop().run_in_executor(_threads, _ask, job, about, patience)
    if isinstance(answer, Exception):
        raise answer
    return answer


def _ask(job: bytes, about: str, patience: float) -> Any:
    try:
        return _asked(job, patience)
    except TimeoutError:
        return ParseError(f"took longer than {patience:g} s to read; given up", about=about)
    except (EOFError, OSError):
        return ParseError("could not be read within the memory there is for it", about=about)


def _asked(job: bytes, patience: float) -> Any:
    while _waiting:
        reader = _waiting.pop()
        if reader.is_there():
            break
    else:
        reader = _Reader()
    try:
        answer = pickle.loads(reader.ask(job, time.monotonic() + patience))  # noqa: S301 - our own process's words
    except BaseException:
        reader.end()
        raise
    _waiting.append(reader)
    return answer


class _Reader:
    """One process, and the two pipes to it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "digest.collect.apart"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018 - both are pipes
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._to, False)

    def is_there(self) -> bool:
        if self._process.poll() is None:
            return True
        self.end()
        return False

    def ask(self, job: bytes, until: float) -> bytes:
        """The answer to a job; TimeoutError, or EOFError when the process died over it."""
        self._write(_LENGTH.pack(len(job)) + job, until)
        return self._read(_LENGTH.unpack(self._read(_LENGTH.size, until))[0], until)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _write(self, data: bytes, until: float) -> None:
        rest = memoryview(data)
        while rest:
            _wait(self._to, select.POLLOUT, until)
            rest = rest[os.write(self._to, rest[:1_000_000]) :]

    def _read(self, size: int, until: float) -> bytes:
        parts = []
        while size:
            _wait(self._from, select.POLLIN, until)
            part = os.read(self._from, min(size, 1_000_000))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _wait(pipe: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(pipe, event)
    if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
        raise TimeoutError


@atexit.register
def _end_all() -> None:
    while _waiting:
        _waiting.pop().end()


def serve() -> None:
    """Be that process: answer jobs until the pipe closes or nobody has asked for a while."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jobs, answers = os.dup(0), os.dup(1)
    # Whatever a library prints must not get between the answers.
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    _limit()
    with os.fdopen(jobs, "rb") as asked, os.fdopen(answers, "wb") as said:
        while head := _next(asked.fileno()):
            answer = pickle.dumps(_done(asked.read(_LENGTH.unpack(head)[0])), pickle.HIGHEST_PROTOCOL)
            said.write(_LENGTH.pack(len(answer)) + answer)
            said.flush()


def _next(pipe: int) -> bytes:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return os.read(pipe, _LENGTH.size) if poll.poll(_IDLE_MS) else b""


def _limit() -> None:
    import resource

    for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, most))


def _done(job: bytes) -> object:
    try:
        name, args = pickle.loads(job)  # noqa: S301 - our own process's words
        module, _, function = name.partition(":")
        work: Callable[..., object] = getattr(importlib.import_module(module), function)
        return work(*args)
    except DigestError as error:
        error.__cause__ = error.__context__ = None
        return error
    except MemoryError:
        return ParseError("could not be read within the memory there is for it")
    except Exception as error:
        return ParseError(f"could not be read: {type(error).__name__}: {str(error)[:200]}")


if __name__ == "__main__":
    serve()
