"""Trouble from outside is told by name, costs nothing that is known, and leaves the others alone."""

from __future__ import annotations

import email
import email.policy
import gzip
import json
import re
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from tests.builders import Desk, folder_source, web_source
from tests.fakes import HANG_UP, Answer, Post, Site, free_port, served, sinking, utc

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


@pytest.mark.long
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


def test_a_preview_of_nothing_leaves_the_last_one(desk: Desk) -> None:
    """An empty file would look like a letter."""
    desk.declare()
    (desk.folder / "letter.html").write_text("the last one")
    assert "Nothing would go out" in desk.done("editions", "preview", "newsflash", "--out", "letter.html").out
    assert "the last one" == (desk.folder / "letter.html").read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("subscribers", "export", "--out", "none/people.csv"),
        ("editions", "preview", "newsflash", "--out", "none/letter.html"),
        ("templates", "gallery", "--out", "one.md"),
        ("db", "backup", "."),
    ],
)
def test_a_place_that_takes_no_file_is_named(desk: Desk, words: tuple[str, ...]) -> None:
    """With why, and exit 1."""
    desk.write("one", "Number one", "2025-05-10")
    (desk.folder / "one.md").write_text("")
    desk.declare(sources=folder_source(desk.folder))
    desk.done("collect")
    ran = desk.run(*words)
    assert (1, f"digest: {words[-1]}:") == (ran.status, " ".join(ran.err.split()[:2]))


def test_what_only_the_check_finds_has_its_place_too(desk: Desk) -> None:
    """A subject that names nothing, by line; a password in plain text, by its variable, and never itself."""
    desk.declare()
    bare = {"DIGEST_SENDERS__MAIN__URL": "smtp://bob:hush@mail.example.org"}
    refused = desk.run("config", "check", **bare)
    assert (2, False) == (refused.status, "hush" in refused.err)
    assert refused.err.startswith("digest: DIGEST_SENDERS__MAIN__URL: senders.main.url: mail.example.org:25 would get")
    desk.config.write_text(desk.config.read_text().replace("schedule =", 'subject = "{{ edition.tite }}"\nschedule ='))
    line = 1 + desk.config.read_text().split("\n").index('subject = "{{ edition.tite }}"')
    refused = desk.run("config", "check")
    assert (2, True) == (refused.status, f":{line}: digests.newsflash.subject: no 'tite' there" in refused.err)


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


@pytest.mark.parametrize(
    "trouble",
    [
        {"HELLO": "421 4.3.2 not now"},
        pytest.param({"HELLO": "554 5.7.1 go away"}, marks=pytest.mark.long),
        pytest.param({"MAIL": "451 4.3.0 later"}, marks=pytest.mark.long),
        {"RCPT": "450 4.2.0 greylisted"},
        pytest.param({"DATA": "452 4.3.1 no room"}, marks=pytest.mark.long),
        pytest.param({"BODY": "451 4.7.1 try again"}, marks=pytest.mark.long),
    ],
    ids=lambda trouble: " ".join(f"{verb} {reply[:3]}" for verb, reply in trouble.items()),
)
def test_a_relay_in_trouble_loses_nobody(desk: Desk, trouble: dict[str, str]) -> None:
    """Wherever it says "later": exit 1, all still owed, and once it is well, one each."""
    desk.write("note", "A note", "2025-05-01")
    people = [f"{name}@example.org" for name in ("ana", "bob", "cy")]
    with sinking() as sink:
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        desk.done("collect")
        for to in people:
            desk.done("subscribers", "add", to, "--digest", "newsflash", "--confirmed")
        sink.trouble.update(trouble)
        failed = desk.run("editions", "send", "newsflash", "--at", "2025-05-30")
        [between] = desk.done("deliveries", "status", "--json").json()
        sink.trouble.clear()
        if between["status"] == "paused":
            desk.done("editions", "resume", "newsflash", "2025-05-30")
        healed = desk.run("deliveries", "retry")
    assert (1, True) == (failed.status, "3 still owed" in failed.out), failed
    assert (3, 0) == (between["owed"] + between["deferred"], between["accepted"])
    assert (0, people) == (healed.status, sorted(to for to, _ in sink.accepted)), healed


def test_one_refused_address_stops_nobody(desk: Desk) -> None:
    """A 550 is settled and listed, a 450 is owed again later; the others have their mail."""
    desk.write("note", "A note", "2025-05-01")
    with sinking() as sink:
        sink.refused |= {"gone@example.org": "550 5.1.1 no such person", "full@example.org": "452 4.2.2 mailbox full"}
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        desk.done("collect")
        for name in ("ana", "gone", "full"):
            desk.done("subscribers", "add", f"{name}@example.org", "--digest", "newsflash", "--confirmed")
        ran = desk.run("editions", "send", "newsflash", "--at", "2025-05-30")
        again = desk.run("editions", "send", "newsflash")
        [status] = desk.done("deliveries", "status", "--json").json()
        sink.refused.clear()
        desk.done("deliveries", "retry")
    assert (1, True) == (ran.status, "1 accepted, 1 rejected, 1 still owed" in ran.out), ran
    assert (1, 1, 1, 1) == (again.status, status["accepted"], status["rejected"], status["deferred"])
    assert ["ana@example.org", "full@example.org"] == sorted(to for to, _ in sink.accepted)


def test_a_doubt_is_listed_by_name(desk: Desk) -> None:
    """A connection that dies after the final dot: not sent again at once, exit 1, and listed for programs to read."""
    desk.write("note", "A note", "2025-05-01")
    with sinking() as sink:
        sink.trouble["BODY"] = HANG_UP
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port)
        desk.done("collect")
        desk.done("subscribers", "add", "ana@example.org", "--digest", "newsflash", "--confirmed")
        ran = desk.run("editions", "send", "newsflash", "--at", "2025-05-30")
        [doubt] = desk.done("deliveries", "uncertain", "--json").json()
        said = desk.done("deliveries", "uncertain").out
        sink.trouble.clear()
        again = desk.run("editions", "send", "newsflash")
        assert [] == sink.accepted
        settled = desk.run("deliveries", "retry", "--uncertain")
        [(_, raw)] = sink.accepted
        left = desk.done("deliveries", "uncertain", "--json").json()
        kept = desk.done("deliveries", "uncertain", "--all", "--json").json()
    assert (1, True) == (ran.status, "1 uncertain" in ran.out), ran
    assert (1, 0) == (again.status, settled.status), (again, settled)
    assert {"email", "digest", "edition", "message_id", "since"} <= set(doubt)
    assert ("ana@example.org", "newsflash", "2025-05-30") == (doubt["email"], doubt["digest"], doubt["edition"])
    assert str(email.message_from_bytes(raw)["Message-ID"]) == doubt["message_id"]
    assert ([], 1) == (left, len(kept))
    due = datetime.fromisoformat(doubt["again"])
    assert 900 == round((due - datetime.fromisoformat(doubt["since"])).total_seconds())
    assert f"sent again {due:%Y-%m-%d %H:%M} UTC" in said
    assert (None, "accepted") == (kept[0]["again"], kept[0]["resolution"])
    assert "accepted" in desk.done("deliveries", "uncertain", "--all").out
    # A digest that is no longer declared takes no doubt with it.
    desk.config.write_text(desk.config.read_text("utf-8").replace("digests.newsflash", "digests.other"), "utf-8")
    [orphan] = desk.done("deliveries", "uncertain", "--all", "--json").json()
    assert kept[0] | {"message_id": None} == orphan


def test_bad_lines_of_a_list_are_told_by_number(desk: Desk) -> None:
    """The good are kept, whatever stands around them; each bad line has its number and its reason."""
    lines = [
        "email,name,language",
        "ana@example.org,Ana,es",
        "no address at all",
        "two@@example.org,Two,en",
        '"evil@example.org\r\nBcc: all@example.org",Evil,en',
        "\x1b[31mred@example.org,Red,en",
        "bob@example.org,Bob [/] [red]B[/red],en",
        "eve@example.org,Eve \x1b[2J,en",
        ",Nobody,en",
    ]
    (desk.folder / "people.csv").write_text("\n".join(lines) + "\n", "utf-8", newline="")
    desk.declare()
    ran = desk.run("subscribers", "import", "people.csv", "--digest", "newsflash", "--confirmed")
    rows = [line.split(maxsplit=1) for line in ran.out.splitlines()[2:] if line[:1].isdigit()]
    listed = desk.done("subscribers", "list")
    kept = [each["email"] for each in desk.done("subscribers", "list", "--json").json()]
    assert (1, True) == (ran.status, ran.out.startswith("2 imported, 0 there already, 6 refused")), ran
    # The fifth line of the file goes over two, as a CSV's cell may.
    assert [3, 4, 7, 9, 10] == [int(number) for number, _ in rows if number != "5" and number != "6"], ran.out
    assert ["ana@example.org", "bob@example.org"] == sorted(kept)
    assert ("\x1b" not in ran.out + listed.out, "[red]B[/red]" in listed.out) == (True, True)


HOSTILE = "Bold [/] [red]move[/red] \x1b[31mred\x1b[0m\r\nBcc: all@example.org \u202eesrever <b>&amp;</b>"
FORBIDDEN = {"\x1b", "\u202e", "\x00"}


@pytest.fixture
def struck(desk: Desk) -> Desk:
    """A house that was told a hostile title, and puts it into the subject."""
    desk.write("note", HOSTILE, "2025-05-01", body="<script>alert(1)</script> text")
    desk.declare(sources=folder_source(desk.folder))
    desk.config.write_text(desk.config.read_text().replace("schedule =", 'subject = "{{ lead }}"\nschedule ='))
    desk.done("collect")
    desk.done("subscribers", "add", "ana@example.org", "--digest", "newsflash", "--confirmed")
    return desk


def test_a_hostile_title_harms_no_terminal(struck: Desk) -> None:
    """Markup is shown as it is; neither escape sequence nor direction override comes through."""
    outs = [
        struck.done("announcements", "list").out,
        struck.done("editions", "preview", "newsflash", "--at", "2025-05-30").out,
        struck.done("editions", "explain", "newsflash", "--at", "2025-05-30").out,
        struck.done("editions", "compose", "newsflash", "--at", "2025-05-30").out,
        struck.done("editions", "show", "newsflash", "2025-05-30").out,
    ]
    assert all(not set(out) & {*FORBIDDEN, "\r"} for out in outs)
    assert all("[/]" in out for out in (*outs[:3], outs[4]))


def test_a_hostile_title_harms_no_mail(struck: Desk) -> None:
    """One subject line, no header of its own making, no script, nothing that is not text in the text."""
    with sinking() as sink:
        struck.config.write_text(
            struck.config.read_text().replace("smtp://127.0.0.1:1", f"smtp://127.0.0.1:{sink.port}")
        )
        struck.done("editions", "send", "newsflash", "--at", "2025-05-30")
    [(_, raw)] = sink.accepted
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text, html = (part.get_content() for part in message.iter_parts())
    assert ([], None) == (list(message.defects), message["Bcc"])
    assert not set(message["Subject"] + text + html) & FORBIDDEN
    assert b"\r\nBcc:" not in raw.partition(b"\r\n\r\n")[0]
    assert "<script" not in html
    assert "[/]" in text


def test_a_hostile_title_harms_no_feed(struck: Desk) -> None:
    """Atom and RSS stay XML, JSON Feed stays JSON, and a reader sees plain words."""
    struck.done("feeds", "build", "--out", "out")
    atom, rss, told = ((struck.folder / f"out/feeds/news.{form}").read_text() for form in ("atom", "rss", "json"))
    titles = [
        ElementTree.fromstring(atom).findtext("{*}entry/{*}title"),
        ElementTree.fromstring(rss).findtext("channel/item/title"),
        json.loads(told)["items"][0]["title"],
    ]
    assert all("[/]" in (title or "") for title in titles)
    for form in (atom, rss, json.dumps(json.loads(told), ensure_ascii=False)):
        assert not set(form) & FORBIDDEN
        assert "<script" not in form.replace("&lt;", "<")


@pytest.mark.long
def test_a_hostile_title_harms_no_page(struck: Desk) -> None:
    """On the front page, the announcement's own page and the edition's: text, not markup."""
    struck.done("editions", "compose", "newsflash", "--at", "2025-05-30")
    [announcement] = struck.done("announcements", "list", "--json").json()
    own = "/announcements/" + announcement["id"].rpartition("/")[2]
    with struck.serving("web") as base, httpx.Client(base_url=base, trust_env=False) as browser:
        answers = [browser.get(path) for path in ("/", own, "/editions/newsflash/", "/editions/newsflash/2025-05-30")]
    assert [200] * 4 == [answer.status_code for answer in answers]
    for answer in answers:
        assert not set(answer.text) & FORBIDDEN
        assert "<b>&amp;</b>" not in answer.text
        assert "alert(1)" not in re.sub(r"&lt;script&gt;alert\(1\)", "", answer.text)
    assert "[/]" in answers[1].text


def test_a_bad_front_matter_names_file_and_line(desk: Desk) -> None:
    """One broken file is named, the others are read."""
    desk.write("good", "Good", "2025-05-01")
    (desk.folder / "notes" / "bad.md").write_text("---\ntitle: [unclosed\n---\ntext\n", "utf-8")
    desk.declare(sources=folder_source(desk.folder))
    ran = desk.run("collect", "--json")
    report = ran.json()[0]
    assert (1, 1, True) == (ran.status, report["new"], "bad.md" in report["error"])


@pytest.mark.long
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
