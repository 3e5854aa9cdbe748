"""One case of the bench in a process of its own: `case.py CASE PORT COUNT`, in a prepared folder; figures as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from digest.engine import loop
from digest.service import sending
from digest.service.house import opened
from digest.settings import load

Work = Callable[[], Awaitable[None]]


async def our_way(scheme: str, port: int, *, careful: bool) -> dict[str, float]:
    """What `digest editions send` does, from the house's opening to its end."""
    environ = {"DIGEST_SENDERS__MAIN__URL": f"{scheme}://127.0.0.1:{port}"}
    if scheme == "smtps":
        environ["DIGEST_SENDERS__MAIN__CA"] = os.environ["BENCH_CERT"]
    if careful:
        environ["DIGEST_SENDERS__MAIN__PIPELINING"] = "false"
    request = sending.Request(digest="newsflash", at=None, grace=0.0, ask=lambda _: True, progress=lambda *_: None)

    async def work() -> None:
        done = await sending.send(house, request)
        if not done.settled:
            raise SystemExit(done.words)

    async with opened(load(Path("digest.toml"), environ=environ)) as house:
        return await timed(int(sys.argv[3]), work)


async def sealing(count: int) -> dict[str, float]:
    """Sealing an edition and owing everybody a delivery, until all is there; and how long the writer was held."""
    from digest.deliveries.seal import freeze
    from digest.service import composing
    from tests.bench.held import watched
    from tests.bench.prepared import AT

    async def work() -> None:
        await composing.compose(house, "newsflash", at=AT)
        await freeze(house.store, now=AT)

    async with opened(load(Path("digest.toml"), environ={})) as plain:
        house, held = watched(plain)
        found = await timed(count, work)
    return found | {"longest_hold_ms": max(held) * 1000}


async def timed(count: int, work: Work) -> dict[str, float]:
    """What the work took of the clock, the processor and memory."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    await work()
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "messages_per_s": count / seconds,
        "cpu_us_per_message": cpu / count * 1e6,
        "peak_mb": after.ru_maxrss / 1024,
        "seconds": seconds,
    }


async def main(case: str, port: int, count: int) -> None:
    scheme = "smtps" if "TLS" in case else "smtp"
    if case.startswith("sealing"):
        found = await sealing(count)
    elif case.startswith(("full path", "careful path")):
        found = await our_way(scheme, port, careful=case.startswith("careful"))
    elif case == "least":
        from tests.bench import least

        found = await timed(count, least.work(port))
    else:
        from tests.bench import naive

        found = await timed(count, naive.work(case, port, count))
    print(json.dumps(found))


if __name__ == "__main__":
    # As the commands do it: our own way on the fast loop, the others on asyncio's, which everybody has.
    fast = sys.argv[1].startswith(("full", "careful", "least"))
    loop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])), fast=fast)
