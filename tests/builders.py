"""What tests build a house from: a folder with a configuration, and the command line run in it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from digest.__main__ import main

REPOSITORY = Path(__file__).parent.parent

CONFIG = """
secret_key = "t:only-for-tests-0123456789"

[site]
title = "Metals Mark"
url = "http://127.0.0.1:8080"
timezone = "Europe/London"
postal_address = "1 Smelter Lane, Exampletown"

[database]
url = "{database}"

[fetch]
allow_private = ["127.0.0.0/8"]
gap = "0"

[senders.main]
url = "smtp://127.0.0.1:{smtp}"
from = "Metals Mark <news@example.org>"
reply_to = "office@example.org"
rate = "unlimited"
connections = 4

{sources}

[feeds.news]
title = "Metals Mark"

[digests.newsflash]
title = "Newsflash"
sender = "main"
schedule = "last fri 09:00"
{digest}
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Serving:
    """A process that serves: its address and its id."""

    base: str
    pid: int


@dataclass
class Desk:
    """A folder with a configuration, and the command line run in it as a person would."""

    folder: Path
    ready: Path | None = None
    """A migrated store with nothing in it, which is begun from where the configuration names none of its own."""

    @property
    def config(self) -> Path:
        return self.folder / "digest.toml"

    def declare(self, *, sources: str = "", smtp: int = 1, digest: str = "", database: str = "") -> None:
        """Write the configuration."""
        url = database or f"sqlite:///{self.folder}/var/digest.db"
        if self.ready and not database:
            self._begin(self.ready)
        self.config.write_text(CONFIG.format(database=url, smtp=smtp, sources=sources, digest=digest), "utf-8")

    def owe(self, title: str, people: int, *, smtp: int, database: str = "", alerts: str) -> None:
        """An announcement that is owed, so many to write to, and whom to alert."""
        self.write("one", title, "2025-05-06")
        rows = [f"person{number}@example.org" for number in range(people)]
        (self.folder / "people.csv").write_text("\n".join(["email", *rows]), "utf-8")
        told = f'\n[alerts]\nto = ["{alerts}"]\n'
        self.declare(sources=folder_source(self.folder) + told, smtp=smtp, database=database)
        if database:
            self.done("db", "upgrade")
        self.done("collect")
        self.done("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")

    def _begin(self, ready: Path) -> None:
        store = self.folder / "var" / "digest.db"
        if not store.parent.exists():
            store.parent.mkdir()
            shutil.copyfile(ready, store)

    def run(self, *words: str, **environment: str) -> Ran:
        """`digest WORDS`, in this folder, with this configuration; in this process, for speed."""
        out, err = io.StringIO(), io.StringIO()
        line = ["digest", "--config", str(self.config), *words]
        with (
            contextlib.chdir(self.folder),
            patch.dict(os.environ, environment),
            patch.object(sys, "argv", line),
            patch.object(sys, "stdin", io.StringIO()),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as end:
                status = end.code
        assert isinstance(status, int)
        assert "Traceback" not in err.getvalue(), err.getvalue()
        assert "unexpected" not in err.getvalue(), err.getvalue()
        return Ran(status, out.getvalue(), err.getvalue())

    def shell(self, *words: str) -> Ran:
        """The same as a process of its own, until it ends; for what a process alone can show."""
        process = self.spawn(*words)
        out, err = process.communicate(timeout=110)
        ran = Ran(process.returncode, out.decode(), err.decode())
        assert "Traceback" not in ran.err + ran.out, ran
        assert "unexpected" not in ran.err, ran
        return ran

    def spawn(self, *words: str) -> subprocess.Popen[bytes]:
        """The same as a process of its own, its pipes open."""
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "digest", "--config", str(self.config), *words],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )

    @contextlib.contextmanager
    def serving(self, *words: str) -> Iterator[str]:
        """`digest serve` or `digest web` on a free port; gives its address, and sees that it leaves in peace."""
        with self.process(*words, "--port", "0") as process:
            yield process.base

    @contextlib.contextmanager
    def process(self, *words: str) -> Iterator[Serving]:
        """The same, with what there is to know of the process."""
        process = self.spawn(*words)
        assert process.stdout is not None
        said = process.stdout.readline().decode()
        found = re.search(r"http://\S+", said)
        try:
            assert found, (said, process.stderr.read() if process.stderr and process.poll() else "")
            yield Serving(found[0], process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=60)
        assert (0, False) == (process.returncode, b"Traceback" in err), err.decode()

    def done(self, *words: str, **environment: str) -> Ran:
        """The same, and it must succeed."""
        ran = self.run(*words, **environment)
        assert ran.status == 0, ran
        return ran

    def write(self, name: str, title: str, day: str, body: str = "A few words.", **front: str) -> Path:
        """An announcement in the folder `notes`."""
        path = self.folder / "notes" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        matter = "".join(f"{key}: {value}\n" for key, value in front.items())
        path.write_text(f"---\ntitle: {json.dumps(title)}\ndate: {day}\n{matter}---\n{body}\n", "utf-8")
        return path


def folder_source(folder: Path, *, first: str = '"all"') -> str:
    """A folder of Markdown as a source named `notes`."""
    return f'[sources.notes]\nkind = "folder"\nurl = "{folder}/notes"\nannounce_first = {first}\n'


def web_source(slug: str, kind: str, url: str, extra: str = "") -> str:
    """A source on the fake site."""
    return f'[sources.{slug}]\nkind = "{kind}"\nurl = "{url}"\nannounce_first = "all"\n{extra}\n'
