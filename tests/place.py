"""A service with everything that a person may come to: an edition, people of five languages, and their links."""

from __future__ import annotations

import email
import email.policy
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.settings.keys import Keyring
from digest.subscribers import tokens
from digest.subscribers.tokens import Purpose
from tests.builders import Desk, folder_source
from tests.fakes import Sink, sinking

ANA = "ana.ruiz@mail.example.org"
KEYS = Keyring.parse("t:only-for-tests-0123456789")
LONG_WORD = "Verbandsgeschäftsführungskonferenz"
ANOTHER = f'[digests.notices]\ntitle = "Notices of the {LONG_WORD}"\nsender = "main"\nschedule = "mon 09:00"\n'
ARABIC = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Your subscription"
msgstr "اشتراكك"

msgid "This is what we send to"
msgstr "هذا ما نرسله إلى"

msgid "Unsubscribe"
msgstr "إلغاء الاشتراك"

msgid "Pause"
msgstr "إيقاف مؤقت"

msgid "Language"
msgstr "اللغة"
"""
"""Words of one's own: a language that is written from the right, begun."""
PROXY = '[web]\nproxies = ["127.0.0.1"]\n'
MARTA, RTL, DEE = "marta@example.org", "rtl@example.org", "dee@example.org"
PEOPLE = {ANA: "en", RTL: "ar", MARTA: "es", "jean@example.org": "fr", "uta@example.org": "de", DEE: "en"}


@dataclass(frozen=True)
class Place:
    """A running service, the mail it sends, and links of every kind for one person."""

    base: str
    sink: Sink
    desk: Desk

    def handle(self, address: str) -> str:
        with sqlite3.connect(self.desk.folder / "var/digest.db") as ledger:
            [found] = ledger.execute("select handle from subscribers where email_norm = ?", (address,)).fetchone()
        return str(found)

    def links(self, address: str = ANA) -> dict[str, str]:
        """Each page that a letter leads to."""
        handle, now = self.handle(address), datetime.now(UTC)
        fresh = {"confirm": Purpose.CONFIRM, "manage/address": Purpose.ADDRESS, "manage/export": Purpose.EXPORT}
        stale = now - timedelta(days=4)
        return {
            "manage": f"/manage/{tokens.manage_token(KEYS, handle, 'newsflash')}",
            "unsubscribe": f"/unsubscribe/{tokens.unsubscribe_token(KEYS, handle, 'newsflash')}",
            **{path: f"/{path}/{tokens.passing(KEYS, each, handle, 'newsflash', now)}" for path, each in fresh.items()},
            **{
                f"stale {path}": f"/{path}/{tokens.passing(KEYS, each, handle, 'notices', stale)}"
                for path, each in fresh.items()
            },
        }

    def mailed(self, address: str, path: str) -> str:
        """The newest link of a kind that was mailed to an address, once it is there."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            found = [link for raw in self.sink.of(address) for link in re.findall(rf"/{path}/\S+", plain(raw))]
            if found:
                return f"{self.base}{found[-1]}"
            time.sleep(0.05)
        raise AssertionError(f"no {path} link came to {address}")


def plain(raw: bytes) -> str:
    """The text part of a letter."""
    part = email.message_from_bytes(raw, policy=email.policy.default).get_body(("plain",))
    assert part
    return str(part.get_content())


@contextmanager
def placed(folder: Path) -> Iterator[Place]:
    """The service, until the block ends."""
    desk = Desk(folder)
    desk.write("one", "The first announcement", "2025-05-06", "A few words, and [more](https://example.org/).")
    share = f'{{value: "20 % (geschätzt)", label: "{LONG_WORD} 2022", share: 0.2}}'
    number = '{value: "100+", label: Standorte}'
    desk.write("two", "Zahlen", "2025-05-05", language="de", figures=f"[{share}, {number}]")
    words = folder / "own" / "words"
    words.mkdir(parents=True)
    (words / "ar.po").write_text(ARABIC, "utf-8")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder) + PROXY, smtp=sink.port, digest=ANOTHER)
        desk.config.write_text(f'templates = "{words.parent}"\n{desk.config.read_text("utf-8")}', "utf-8")
        desk.done("collect")
        for address, language in PEOPLE.items():
            desk.done("subscribers", "add", address, "--digest", "newsflash", "--language", language, "--confirmed")
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        with desk.serving("serve") as base:
            yield Place(base, sink, desk)
