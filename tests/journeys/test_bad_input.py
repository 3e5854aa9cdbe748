"""Trouble from outside is told by name, costs nothing that is known, and leaves the others alone."""

from __future__ import annotations

import gzip
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import Desk, folder_source, web_source
from tests.fakes import Answer, Post, Site, free_port, served, sinking, utc

BOMB = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaaaaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>
<rss version="2.0"><channel><title>&d;</title><item><title>&d;</title><guid>1</guid></item></channel></rss>"""

TROUBLE: dict[str, Callable[[], Answer]] = {
    "500": lambda: (500, "text/html", b"oops"),
    "a page instead of a feed": lambda: (200, "text/html", b"<!doctype html><html><body><h1>Hello</h1></body></html>"),
    "broken XML": lambda: (200, "application/rss+xml", b'<?xml version="1.0"?><rss><channel><item><title>Cut'),
    "an entity bomb": lambda: (200, "application/rss+xml", BOMB),
    "ten megabytes": lambda: (200, "application/rss+xml", b"<rss>" + b" " * 10_000_000),
    "nothing": lambda: (200, "application/rss+xml", b""),
}


def posts(count: int = 3) -> list[Post]:
    return [Post(number, f"Number {number}", utc(2025, 5, number)) for number in range(1, count + 1)]


@pytest.mark.parametrize("trouble", TROUBLE)
def test_one_source_in_trouble(desk: Desk, trouble: str) -> None:
    """It shows its error and its next try, the other is read, and nothing known is lost; exit 1."""
    desk.write("note", "A note", "2025-05-01")
    with served(Site(posts())) as site:
        desk.declare(sources=web_source("site", "feed", f"{site.base}/feed/") + folder_source(desk.folder))
        desk.done("collect")
        site.trouble["/feed/"] = TROUBLE[trouble]
        desk.write("more", "Another note", "2025-05-02")
        ran = desk.run("collect", "--json")
        site.trouble.clear()
        healed = desk.done("collect", "--json").json()
    bad, good = ran.json()
    assert (1, 1, None) == (ran.status, good["new"], good["error"])
    assert bad["error"]
    assert bad["next_try"]
    assert 5 == len(desk.done("announcements", "list", "--json").json())
    assert (0, None) == (healed[0]["new"], healed[0]["error"])


def test_a_source_that_is_down_is_named(desk: Desk) -> None:
    """Nobody listens there: the error names the address, and a person reads no traceback."""
    address = f"http://127.0.0.1:{free_port()}/feed/"
    desk.declare(sources=web_source("site", "feed", address))
    ran = desk.run("collect")
    assert (1, True) == (ran.status, address in ran.out.replace("\n", ""))
    listed = desk.done("sources", "list", "--json").json()
    assert (1, True) == (listed[0]["failures"], bool(listed[0]["error"]))


def test_a_slow_source_holds_nobody_up(desk: Desk) -> None:
    """The others are read while one takes its time."""

    def slow() -> Answer:
        time.sleep(2)
        return 200, "application/rss+xml", b"<rss><channel><title>x</title></channel></rss>"

    desk.write("note", "A note", "2025-05-01")
    with served(Site(posts())) as site:
        site.trouble["/feed/"] = slow
        desk.declare(sources=web_source("site", "feed", f"{site.base}/feed/") + folder_source(desk.folder))
        found = desk.run("collect", "--json").json()
    assert [("site", 0), ("notes", 1)] == [(each["source"], each["new"]) for each in found]


def test_a_private_address_is_refused(desk: Desk) -> None:
    """Where the configuration does not allow it, no request goes to this machine."""
    with served(Site(posts())) as site:
        desk.declare(sources=web_source("site", "feed", f"{site.base}/feed/"))
        desk.config.write_text(desk.config.read_text().replace('allow_private = ["127.0.0.0/8"]', "allow_private = []"))
        ran = desk.run("collect")
    assert (1, []) == (ran.status, site.asked)


def test_a_gzip_bomb_is_not_unpacked(desk: Desk) -> None:
    """A small body that would unpack to much is a failure of that source."""
    packed = gzip.compress(b"\0" * 30_000_000)

    class Packed(Site):
        pass

    with served(Packed(posts())) as site:
        site.trouble["/feed/"] = lambda: (200, "application/rss+xml\r\nContent-Encoding: gzip", packed)
        desk.declare(sources=web_source("site", "feed", f"{site.base}/feed/"))
        assert desk.run("collect").status == 1


def test_a_broken_template_sends_nothing(desk: Desk) -> None:
    """The error names file and line; no edition is sealed, no mail goes."""
    desk.write("note", "A note", "2025-05-01")
    own = desk.folder / "own" / "email" / "digest"
    own.mkdir(parents=True)
    (own / "letter.txt").write_text("fine\n{{ nobody.knows.this }}\n", "utf-8")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port, digest=f'templates = "{desk.folder}/own"')
        desk.done("collect")
        desk.done("subscribers", "add", "ana@example.org", "--digest", "newsflash", "--confirmed")
        ran = desk.run("editions", "send", "newsflash", "--at", "2025-05-30")
        assert (1, True, []) == (ran.status, "letter.txt:2" in ran.err, sink.accepted)
    assert [] == desk.done("editions", "list", "--json").json()
    (own / "letter.txt").write_text("{% if %}", "utf-8")
    checked = desk.run("config", "check")
    assert (2, True) == (checked.status, "letter.txt:1" in checked.err)


def test_a_relay_that_refuses_leaves_everything_owed(desk: Desk) -> None:
    """Exit 1 with the number; the next run sends it, once."""
    desk.write("note", "A note", "2025-05-01")
    port = free_port()
    desk.declare(sources=folder_source(desk.folder), smtp=port)
    desk.done("collect")
    for name in ("ana", "bob", "cy"):
        desk.done("subscribers", "add", f"{name}@example.org", "--digest", "newsflash", "--confirmed")
    refused = desk.run("editions", "send", "newsflash", "--at", "2025-05-30")
    owed = desk.done("deliveries", "status", "--json").json()[0]
    with sinking(port) as sink:
        sent = desk.run("editions", "send", "newsflash")
        assert (0, 3) == (sent.status, len(sink.accepted)), sent
    assert (1, True) == (refused.status, "3 still owed" in refused.out)
    assert (3, 0) == (owed["owed"], owed["rejected"])


HOSTILE = "Bold [/] [red]move[/red] \x1b[31mred\x1b[0m\r\nBcc: all@example.org \u202eesrever <b>&amp;</b>"


def test_a_hostile_title_harms_nobody(desk: Desk) -> None:
    """Markup, an escape sequence, CR LF and a direction override: harmless in terminal, mail, feed and page."""
    desk.write("note", HOSTILE, "2025-05-01", body="<script>alert(1)</script> text")
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        desk.done("collect")
        desk.done("subscribers", "add", "ana@example.org", "--digest", "newsflash", "--confirmed")
        text = desk.config.read_text().replace("schedule =", 'subject = "{{ lead }}"\nschedule =')
        desk.config.write_text(text)
        outs = [
            desk.done("announcements", "list").out,
            desk.done("editions", "preview", "newsflash", "--at", "2025-05-30").out,
            desk.done("editions", "explain", "newsflash", "--at", "2025-05-30").out,
        ]
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30")
    desk.done("feeds", "build", "--out", "out")
    feed = (desk.folder / "out/feeds/news.atom").read_text()
    assert all(not set(out) & {"\x1b", "\r", "\u202e"} for out in outs)
    assert all("[/]" in out for out in outs)
    head = sink.accepted[0][1].partition(b"\r\n\r\n")[0]
    assert b"\r\nBcc:" not in head
    assert "\x1b" not in feed
    assert "<script" not in feed.replace("&lt;", "<")


def test_a_bad_front_matter_names_file_and_line(desk: Desk) -> None:
    """One broken file is named, the others are read."""
    desk.write("good", "Good", "2025-05-01")
    (desk.folder / "notes" / "bad.md").write_text("---\ntitle: [unclosed\n---\ntext\n", "utf-8")
    desk.declare(sources=folder_source(desk.folder))
    ran = desk.run("collect", "--json")
    report = ran.json()[0]
    assert (1, 1, True) == (ran.status, report["new"], "bad.md" in report["error"])


def test_a_locked_database_is_told(desk: Desk, tmp_path: Path) -> None:
    """Somebody else holds the file: the error names it, and a later run works."""
    desk.write("note", "A note", "2025-05-01")
    desk.declare(sources=folder_source(desk.folder))
    desk.done("subscribers", "list")
    holder = sqlite3.connect(tmp_path / "var/digest.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    ran = desk.run("subscribers", "add", "ana@example.org", "--digest", "newsflash")
    holder.execute("ROLLBACK")
    holder.close()
    assert (1, True) == (ran.status, "locked" in ran.err)
    desk.done("subscribers", "add", "ana@example.org", "--digest", "newsflash")
