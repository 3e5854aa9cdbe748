"""After a person has gone all the way, and was forgotten: nobody finds them, and no link of theirs, anywhere."""

from __future__ import annotations

import contextlib
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.builders import Desk, folder_source
from tests.fakes import Sink, sinking
from tests.journeys.test_bounces import SENDER
from tests.unit.subscribers.bounce_corpus import WHO, refusals

pytestmark = pytest.mark.long

KIM, NEW, ANA = "kim.okoro@mail.example.org", "kim@elsewhere.example", "ana.ruiz@mail.example.org"
MONITOR = "only-for-tests-0123456789-abcdef"
_LINK = re.compile(r"/(?:confirm|manage(?:/(?:address|export|move|back))?|unsubscribe)/([a-z0-9_.]{50,})")


@dataclass
class Story:
    """A service under way, and all that it and our commands have said."""

    desk: Desk
    sink: Sink
    base: str = ""
    said: list[str] = field(default_factory=list)

    def press(self, path: str, **form: str) -> httpx.Response:
        """Look at a page, then press its button."""
        with httpx.Client(base_url=self.base, trust_env=False) as browser:
            assert browser.get(path).status_code == 200, path
            return browser.post(path, data=form)

    def mailed(self, address: str, kind: str) -> str:
        """The newest link of a kind that came to an address."""
        found: list[str] = []

        def came() -> bool:
            found[:] = [link for link in self.links() if link.startswith(f"/{kind}/") and link in self._to(address)]
            return bool(found)

        until(came)
        return found[-1]

    def links(self) -> list[str]:
        return [match[0] for _, raw in self.sink.accepted for match in _LINK.finditer(_unfolded(raw))]

    def _to(self, address: str) -> str:
        return " ".join(_unfolded(raw) for raw in self.sink.of(address))

    def tell(self, *words: str) -> str:
        """A command, whose words on both streams are kept."""
        ran = self.desk.shell(*words)
        self.said += [ran.out, ran.err]
        return ran.out


def _unfolded(raw: bytes) -> str:
    return raw.decode().replace("=\r\n", "").replace("=3D", "=")


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.05)


@contextlib.contextmanager
def serving(story: Story) -> Iterator[None]:
    """The service, all of whose output is kept."""
    process = story.desk.spawn("serve", "--port", "0")
    assert process.stdout
    first = process.stdout.readline().decode()
    story.base = re.findall(r"http://\S+", first)[0]
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        story.said += [first, out.decode(), err.decode()]


def gone_through(story: Story) -> None:
    """Join, confirm, manage, read, move, take, leave, come back, bounce; and some who try doors."""
    desk = story.desk
    story.press("/subscribe/newsflash", email=KIM, language="en")
    story.press(story.mailed(KIM, "confirm"))
    story.tell("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
    manage, leave = story.mailed(KIM, "manage"), story.mailed(KIM, "unsubscribe")
    story.press(manage, action="export")
    assert KIM in story.press(story.mailed(KIM, "manage/export")).text
    story.press(manage, action="address")
    story.press(story.mailed(KIM, "manage/address"), email=NEW)
    story.press(story.mailed(NEW, "manage/move"))
    story.mailed(KIM, "manage/back")
    back = re.search(r'name="undo" value="([^"]+)"', story.press(leave, **{"List-Unsubscribe": "One-Click"}).text)
    assert back
    story.press(leave, undo=back[1])
    for path in (manage[:-2], f"{leave}x", "/confirm/nothing", f"/nothing?email={KIM}"):
        httpx.get(f"{story.base}{path}", trust_env=False)
    httpx.post(f"{story.base}/hooks/bounces?provider=ses", content=f"not JSON {KIM}", trust_env=False)
    envelope = next(sender for sender, to in story.sink.envelopes if to == KIM and "+" in sender)
    [raw] = [each.raw for each in refusals() if each.name.startswith("postfix 0")]
    (desk.folder / "bounce.eml").write_bytes(raw.replace(WHO.encode(), KIM.encode()))
    assert "suppressed" in desk.done("bounce", "bounce.eml", "--to", envelope).out
    (desk.folder / "bounce.eml").unlink()


def published(story: Story) -> dict[str, str]:
    """What anybody may fetch, what operators publish, and what their monitoring reads."""
    paths = ["/", "/feeds/", "/editions/newsflash/", "/editions/newsflash/2025-05-30", "/metrics", "/health/ready"]
    paths += [f"/feeds/news.{form}" for form in ("atom", "rss", "json")]
    with httpx.Client(base_url=story.base, trust_env=False, headers={"authorization": f"Bearer {MONITOR}"}) as reader:
        found = {path: reader.get(path) for path in paths}
    assert {200} == {answer.status_code for answer in found.values()}
    assert 'digest_deliveries{digest="newsflash",state="accepted"}' in found["/metrics"].text
    return {path: answer.text for path, answer in found.items()}


def kept(folder: Path) -> dict[str, str]:
    """The ledger as a dump, and every other file of the house byte for byte."""
    with sqlite3.connect(folder / "var/digest.db") as ledger:
        found = {"the ledger": "\n".join(ledger.iterdump())}
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("digest.db"):
            found[str(path.relative_to(folder))] = path.read_bytes().decode("latin-1")
    return found


def test_nobody_who_was_forgotten_is_found(tmp_path: Path) -> None:
    """In logs, output, pages, feeds, exports, the ledger and its files: no address, and no token of anybody's."""
    desk = Desk(tmp_path)
    desk.write("one", "First", "2025-05-06")
    with sinking() as sink:
        watched = f'[web]\nmetrics = "{MONITOR}"\n'
        desk.declare(sources=folder_source(tmp_path) + watched, smtp=sink.port)
        text = desk.config.read_text("utf-8")
        desk.config.write_text(text.replace(SENDER, f'{SENDER}bounces = "bounces@bounces.example.net"\n'), "utf-8")
        desk.done("collect")
        desk.done("subscribers", "add", ANA, "--digest", "newsflash", "--confirmed")
        story = Story(desk, sink)
        with serving(story):
            gone_through(story)
            public = published(story)
        tokens = {match[1] for _, raw in sink.accepted for match in _LINK.finditer(_unfolded(raw))}
    story.tell("subscribers", "forget", NEW)
    story.tell("feeds", "build", "--out", "public")
    story.tell("editions", "list", "--json")
    exported = desk.done("subscribers", "export").out
    assert len(tokens) >= 8
    files = kept(tmp_path)
    places = {**public, **files, "logs and output": "\n".join(story.said), "an export": exported}
    secret = {KIM, NEW, "okoro", "kim@", *tokens}
    found = {place: [each for each in secret if each in text] for place, text in places.items()}
    assert {} == {place: each for place, each in found.items() if each}
    assert {"the ledger", "an export"} == {place for place, text in places.items() if ANA in text}
