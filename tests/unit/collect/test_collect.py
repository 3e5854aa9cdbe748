"""From a source to announcements: every dialect says the same, and trouble costs nothing that is known."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from zoneinfo import ZoneInfo

import pytest

from digest.collect.flow import SourceReport
from digest.errors import NotFound
from tests.sites import Route, Site, answer
from tests.unit.collect.conftest import House, Press

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
KINDS = ("rest", "rss", "atom", "json", "page")


@pytest.mark.parametrize("kind", KINDS)
def test_every_dialect_gives_the_same(house: House, press: Press, kind: str) -> None:
    """REST, RSS, Atom, JSON Feed and HTML give the same titles and days, and collecting again gives nothing new."""
    house.sources = {kind: press.sources()[kind]}
    report = house.collect()[kind]
    assert (report.seen, report.new, report.error) == (20, 20, "")
    shown = [(each.versions[0].title, str(each.versions[0].published_on)) for each in house.listed()]
    assert shown == [(each.title, str(each.date.astimezone(LONDON).date())) for each in press.news]
    again = house.collect()[kind]
    assert (again.seen, again.new, again.revised, again.unchanged) == (20, 0, 0, 20)
    assert not again.changed


def test_the_same_seen_five_ways_is_one(both: House, press: Press) -> None:
    """Five sources of one site make twenty announcements, shown from the one with the full text."""
    both.sources = {kind: press.sources()[kind] for kind in reversed(KINDS)}
    reports = both.collect()
    assert [report.error for report in reports.values()] == [""] * 5
    found = both.listed()
    assert len(found) == 20
    assert all(len(each.versions) == 1 and set(each.sources) == set(KINDS) for each in found)
    assert {each.versions[0].source for each in found} == {"rest"}
    assert found[0].versions[0].categories == ("News & views",)
    assert sum(report.new for report in both.collect().values()) == 0
    assert len(both.listed()) == 20


def test_the_first_visit_is_no_news(house: House, press: Press) -> None:
    """An archive is baseline for every digest but for the newest `announce_first`; what comes later is announced."""
    house.sources = {"rss": {**press.sources()["rss"], "announce_first": 3}}
    house.collect()
    assert house.baseline() == 17
    late = press.news[0].__class__("One more", NOW - timedelta(hours=1), "Text.", 99)
    press.news.insert(0, late)
    press.serve()
    assert house.collect()["rss"].new == 1
    assert house.baseline() == 17


def test_all_may_be_announced(house: House, press: Press) -> None:
    """`announce_first = "all"` makes no baseline."""
    house.sources = {"rss": {**press.sources()["rss"], "announce_first": "all"}}
    house.collect()
    assert house.baseline() == 0


def test_a_change_is_a_revision(both: House, press: Press) -> None:
    """A changed title keeps the announcement and its place, and moves its version's date."""
    both.sources = {"rss": press.sources()["rss"]}
    both.collect()
    before = both.listed()[0]
    press.news[0] = press.news[0].__class__("A better title", press.news[0].date, "Text.", press.news[0].number)
    press.serve()
    later = NOW + timedelta(hours=1)
    report = both.collect(now=later)["rss"]
    assert (report.new, report.revised, report.changed) == (0, 1, True)
    after = both.listed()[0]
    assert (after.public_id, after.seq, after.effective_at) == (before.public_id, before.seq, before.effective_at)
    assert (after.versions[0].title, after.versions[0].updated_at) == ("A better title", later)


Respond = Callable[..., Route]
BAD: dict[str, Callable[[Respond], Route]] = {
    "500": lambda respond: respond(b"oops", status=500),
    "html": lambda respond: respond(b"<!DOCTYPE html><html><body>Checking your browser</body></html>"),
    "broken": lambda respond: respond(b"<rss><channel><item><title>Half</title></item><item><title>Cu"),
    "mismatch": lambda respond: respond(b"<rss><channel><item><title>A</item></title></channel></rss>"),
    "bomb": lambda respond: respond(
        b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><rss><channel><item><title>&b;</title>'
        b"</item></channel></rss>"
    ),
    "large": lambda respond: respond(b" " * 10_000_000),
    "packed": lambda respond: respond(gzip.compress(bytes(30_000_000)), Content_Encoding="gzip"),
    "json": lambda respond: respond(b"[" * 100_000),
    "nothing": lambda respond: respond(b""),
    "elsewhere": lambda respond: respond(b"", status=302, Location="http://169.254.169.254/"),
    "slow": lambda respond: _drip,
}


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize("trouble", BAD)
def test_trouble_costs_nothing(house: House, press: Press, respond: Respond, trouble: str) -> None:
    """A source in trouble shows the error and its next try; the others go on, and nothing known is lost."""
    house.sources = {kind: press.sources()[kind] for kind in ("rss", "atom")}
    press.site.serve("/feed.rss", press.rss(), ETag='"good"')
    house.collect()
    press.site.routes["/feed.rss"] = BAD[trouble](respond)
    reports = house.collect(now=NOW + timedelta(hours=1))
    assert reports["rss"].error
    assert reports["rss"].next_try is not None
    assert reports["rss"].next_try > NOW + timedelta(hours=1)
    assert (reports["atom"].error, reports["atom"].seen) == ("", 20)
    assert len(house.listed()) == 20
    row = house.row("rss")
    assert (row.failures, row.etag, row.last_success_at) == (1, '"good"', NOW)


def test_not_modified(house: House, press: Press, respond: Respond) -> None:
    """Validators are sent back, and 304 changes nothing."""
    house.sources = {"rss": press.sources()["rss"]}
    press.site.serve("/feed.rss", press.rss(), ETag='W/"1"')
    house.collect()
    press.site.routes["/feed.rss"] = respond(b"", status=304)
    report = house.collect()["rss"]
    assert (report.seen, report.error, press.site.asked[-1][1]["if-none-match"]) == (0, "", 'W/"1"')


def test_a_listing_page_that_is_the_same_is_not_read_again(house: House, press: Press, respond: Respond) -> None:
    """Its validators are sent back, too; in full it is asked for after two days, whatever it says."""
    house.sources = {"page": press.sources()["page"]}
    press.site.serve("/news/", press.page(), Content_Type="text/html", ETag='"p"')
    listed = house.collect()["page"].new
    press.site.routes["/news/"] = respond(b"", status=304)
    report = house.collect()["page"]
    assert (report.seen, report.error, press.site.asked[-1][1]["if-none-match"]) == (0, "", '"p"')
    assert listed == len(house.listed())
    press.site.serve("/news/", press.page(), Content_Type="text/html", ETag='"p"')
    house.collect(now=NOW + timedelta(hours=49))
    assert "if-none-match" not in press.site.asked[-1][1]


def test_a_listing_without_validators_is_known_by_its_bytes(house: House, press: Press) -> None:
    """The pages behind the first are not asked for while it is the same, for two days."""
    source = press.sources()["page"]
    house.sources = {"page": {**source, "select": {**source["select"], "next": "a.next"}}}
    press.site.serve("/news/", press.page() + b'<a class="next" href="/news/2">older</a>')
    press.site.serve("/news/2", b'<article><h2><a href="/n/x">Older</a></h2><p class="date">3 Mar 2021</p></article>')
    asked = []
    for hours in (0, 1, 49):
        report = house.collect(now=NOW + timedelta(hours=hours))["page"]
        asked.append((report.error, [path for path, _ in press.site.asked if path != "/robots.txt"]))
        press.site.asked.clear()
    assert asked == [("", ["/news/", "/news/2"]), ("", ["/news/"]), ("", ["/news/", "/news/2"])]


def test_a_ring_with_new_addresses_is_left(house: House, press: Press) -> None:
    """A `next` that counts on for ever over the same pages ends where nothing new is named."""

    def turn(handler: BaseHTTPRequestHandler) -> None:
        number = int(handler.path.partition("?")[2] or 0)
        items = f'<article><h2><a href="/n/{number % 3}">Number {number % 3}</a></h2></article>'
        answer(f'{items}<a class="next" href="?{number + 1}">next</a>'.encode())(handler)

    press.site.routes["/news/"] = turn
    select = {"item": "article", "title": "h2 a", "date": "", "next": "a.next"}
    house.sources = {"page": press.sources()["page"] | {"select": select}}
    report = house.collect()["page"]
    assert (report.new, report.error, len(press.site.asked)) == (3, "", 5)
    assert "leads back" in report.warnings[-1]


def test_a_listing_whose_later_page_failed_is_asked_for_again(house: House, press: Press, respond: Respond) -> None:
    """Else what stood there would wait until the first page changes."""
    select = press.sources()["page"]["select"] | {"next": "a.next"}
    house.sources = {"page": press.sources()["page"] | {"select": select, "max_pages": 2}}
    body = press.page().replace(b"</body>", b'<a class="next" href="/news/2">Older</a></body>')
    press.site.serve("/news/", body, Content_Type="text/html", ETag='"p"')
    press.site.routes["/news/2"] = respond(b"", status=500)
    assert "500" in house.collect()["page"].error
    assert "" == house.row("page").etag


def test_an_empty_feed_keeps_no_validator(house: House, press: Press) -> None:
    """An empty document removes nothing and is asked for again in full."""
    house.sources = {"rss": press.sources()["rss"]}
    house.collect()
    press.site.serve("/feed.rss", b"<rss><channel><title>T</title></channel></rss>", ETag='"empty"')
    assert house.collect()["rss"].error == ""
    assert (house.row("rss").etag, len(house.listed())) == ("", 20)


def test_a_part_of_a_feed_is_read_and_the_whole_asked_for_next(house: House, press: Press, respond: Respond) -> None:
    """226 (RFC 3229) has only what is new: nothing else is missing, and its validators are of no use."""
    house.sources = {"rss": press.sources()["rss"]}
    whole, all_of_it = press.rss(), press.news[:]
    press.news[:] = all_of_it[1:]
    press.site.serve("/feed.rss", press.rss(), ETag='"old"')
    house.collect()
    press.news[:] = all_of_it[:1]
    press.site.routes["/feed.rss"] = respond(press.rss(), status=226, ETag='"part"', IM="feed")
    report = house.collect(now=NOW + timedelta(hours=1))["rss"]
    assert ("", 1, 1, 20, "") == (report.error, report.seen, report.new, len(house.listed()), house.row("rss").etag)
    press.site.serve("/feed.rss", whole, ETag='"new"')
    report = house.collect(now=NOW + timedelta(hours=2))["rss"]
    assert ("if-none-match" in press.site.asked[-1][1], report.new, house.row("rss").etag) == (False, 0, '"new"')


def test_retry_after_and_gone_hold_back(house: House, press: Press, respond: Respond) -> None:
    """A host that asks for time gets it; one that says 410 twice is left alone."""
    house.sources = {"rss": press.sources()["rss"]}
    press.site.routes["/feed.rss"] = respond(b"", status=429, Retry_After="3600")
    house.collect()
    asked = len(press.site.asked)
    assert "stay away" in house.collect(now=NOW + timedelta(minutes=30))["rss"].error
    assert len(press.site.asked) == asked
    press.site.routes["/feed.rss"] = respond(b"", status=410)
    for hours in (2, 3):
        house.collect(now=NOW + timedelta(hours=hours))
    assert "gone for good" in house.collect(now=NOW + timedelta(days=30))["rss"].error
    assert len(press.site.asked) == asked + 2


def test_wordpress_turns_pages(house: House, press: Press) -> None:
    """An archive of several pages is read whole, also when the server tells no total."""
    one = press.news[0]
    press.news = [one.__class__(f"Post {n}", one.date - timedelta(days=n), "Text.", n) for n in range(230)]
    house.sources = {"rest": press.sources()["rest"]}
    assert house.collect()["rest"].new == 230


def test_wordpress_falls_back_to_the_feed(house: House, press: Press, respond: Respond) -> None:
    """When the API is closed, the feed that the front page names is read, and items keep their identity."""
    house.sources = {"rest": press.sources()["rest"]}
    house.collect()
    press.site.routes["/wp-json/wp/v2/posts"] = respond(b"<html>no</html>", status=403)
    press.site.serve("/", b'<link rel="alternate" type="application/rss+xml" href="/feed.rss"/>')
    report = house.collect()["rest"]
    assert (report.error, report.seen, report.new) == ("", 20, 0)
    assert "REST API is closed" in report.warnings[0]


def test_pages_are_followed_once(house: House, press: Press) -> None:
    """`next` is followed, a ring is left, and a selector that finds nothing is an error."""
    first = press.page().replace(b"</body>", b'<a class="next" href="/news/2">older</a></body>')
    press.site.serve("/news/", first)
    other = b'<article><h2><a href="/n/x">Older</a></h2><p class="date">3 Mar 2021</p></article>'
    press.site.serve("/news/2", other + b'<a class="next" href="/news/">back</a>')
    source = press.sources()["page"]
    house.sources = {"page": {**source, "select": {**source["select"], "next": "a.next"}}}
    report = house.collect()["page"]
    assert (report.new, report.error) == (21, "")
    assert "leads back" in report.warnings[-1]
    press.site.serve("/news/", press.page() + b'<a class="next" href="javascript:void(0)">next</a>')
    report = house.collect()["page"]
    assert (report.seen, report.error, report.warnings) == (20, "", ())
    press.site.serve("/news/", b"<html><body><p>All new!</p></body></html>")
    assert "selector item = 'article' matches nothing" in house.collect()["page"].error
    assert len(house.listed()) == 21


def test_each_selector_that_finds_nothing_is_told(house: House, press: Press) -> None:
    """Without titles, dates or links a page was redesigned: an error; without pictures or summaries it is a note."""
    plain = press.sources()["page"]
    for key, failed in (("title", True), ("date", True), ("link", True), ("summary", False), ("picture", False)):
        house.sources = {"page": {**plain, "select": {**plain["select"], key: ".gone"}}}
        report = house.collect()["page"]
        assert (failed, f"selector {key} = '.gone' matches nothing") == (bool(report.error), _said(report))


def _said(report: SourceReport) -> str:
    return " ".join((report.error, *report.warnings)).partition(": ")[2] if report.error else report.warnings[-1]


def test_what_says_nothing_is_no_announcement(house: House, site: Site) -> None:
    """An entry without title, text and link would be announced as "Untitled"."""
    posts = [
        {"id": None, "title": None, "link": False, "content": {"rendered": ""}},
        {"id": 2, "title": {"rendered": "A"}},
    ]
    site.serve("/wp-json/wp/v2/posts", json.dumps(posts).encode())
    site.serve("/rss", b"<rss><channel><item/><item><guid>1</guid></item><item><title>B</title></item></channel></rss>")
    house.sources = {"rest": {"kind": "wordpress", "url": site.url}, "rss": {"kind": "feed", "url": f"{site.url}/rss"}}
    house.collect()
    assert sorted(each.versions[0].title for each in house.listed()) == ["A", "B"]


def test_an_unknown_source_is_named(house: House) -> None:
    """A slug that is no source's is refused by name."""
    with pytest.raises(NotFound, match="nowhere"):
        house.collect("nowhere")


def test_a_moved_site_announces_nothing(house: House, press: Press) -> None:
    """New guids at known links are the same items."""
    house.sources = {"rss": press.sources()["rss"]}
    house.collect()
    press.site.serve("/feed.rss", press.rss().replace(b"/?p=", b"/?post="))
    report = house.collect()["rss"]
    assert (report.new, report.seen) == (0, 20)
    assert house.collect()["rss"].new == 0
