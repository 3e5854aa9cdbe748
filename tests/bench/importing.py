"""A list of a hundred thousand people imported, then once more: `python -m tests.bench.importing [LINES]`.

A JSON object a line: seconds, and processor time of ours. Names, languages, three thousand domains, two attributes;
one line in fifty is refused, and one in a thousand has left.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from digest.store.database import Store, connect
from digest.store.migrate import upgrade
from digest.subscribers import flow
from digest.subscribers.entering import ImportReport

NOW = datetime(2026, 6, 26, 9, 0, tzinfo=UTC)
NEWS = "newsflash"
COLUMNS = {
    "email": "E-Mail",
    "name": "First+Last",
    "language": "Language",
    "attribute.country": "Land",
    "attribute.member": "Member",
}


def written(path: Path, lines: int) -> None:
    """A list as an association keeps it."""
    draw = random.Random(7)
    domains = [f"mail{number}.example.org" for number in range(3_000)]
    rows = ["E-Mail,First,Last,Language,Land,Member"]
    for number in range(lines):
        at = "no address" if number % 50 == 49 else f"person.{number}@{draw.choice(domains)}"
        rows.append(f"{at},Ana{number},Ruíz,{draw.choice(('en', 'es', 'de', ''))},Chile,{2000 + number % 26}")
    path.write_text("\n".join(rows) + "\n", "utf-8")


async def measured(store: Store, path: Path, lines: int, name: str) -> ImportReport:
    """Import it and say what that took."""
    began, busy = time.perf_counter(), time.process_time()
    report = await flow.import_csv(store, path, NEWS, confirmed=True, now=NOW, columns=COLUMNS)
    took, worked = time.perf_counter() - began, time.process_time() - busy
    told = {"case": name, "lines": lines, "seconds": round(took, 2), "cpu_s": round(worked, 2)}
    print(json.dumps(told | {"imported": report.imported, "refused": len(report.refused)}), flush=True)
    return report


async def main(lines: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        store = connect(f"sqlite:///{folder}/digest.db")
        await upgrade(store)
        for number in range(0, lines, 1_000):
            await flow.add(store, f"person.{number}@left.example.org", NEWS, confirmed=True, now=NOW)
        path = Path(folder) / "people.csv"
        written(path, lines)
        first = await measured(store, path, lines, "import")
        again = await measured(store, path, lines, "import again")
        assert (lines - lines // 50, 0) == (first.imported, again.imported)
        await store.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 100_000))
