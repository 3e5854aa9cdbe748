"""A visit as a host sees it: it is asked as it wishes, and believed when it says the same often enough."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from digest.collect import visit
from digest.collect.moving import moved
from digest.collect.read import folder as read_folder
from digest.store.sources import Move
from tests.sites import Route, Site
from tests.unit.collect.conftest import NOW, House, Press

DAY = timedelta(days=1)


def feeds(press: Press, *names: str) -> dict[str, dict[str, Any]]:
    return {name.partition(".")[0]: {"kind": "feed", "url": f"{press.site.url}/{name}"} for name in names}


def test_the_same_again_is_not_read_again(both: House, press: Press) -> None:
    """A server without validators is known by its bytes; two days later it is read in full all the same."""
    both.sources = feeds(press, "feed.rss")
    both.collect()
    checked = both.row("feed")
    report = both.collect(now=NOW + timedelta(hours=1))["feed"]
    assert (20, 20, 0) == (report.seen, report.unchanged, report.new)
    assert both.row("feed").full_fetch_at == checked.full_fetch_at
    both.collect(now=NOW + timedelta(hours=49))
    assert both.row("feed").full_fetch_at == NOW + timedelta(hours=49)


@pytest.mark.parametrize("status", [200, 304])
def test_a_wish_holds_while_nothing_is_new(
    house: House, press: Press, respond: Callable[..., Route], status: int
) -> None:
    """Who asks to be left alone for two hours (`ttl`) is, also after a visit that did not say so again."""
    house.sources = feeds(press, "feed.rss")
    press.site.serve("/feed.rss", press.rss().replace(b"<title>T", b"<ttl>120</ttl><title>T"), ETag='"1"')
    house.collect()
    if status == 304:
        press.site.routes["/feed.rss"] = respond(b"", status=304)
    report = house.collect(now=NOW + timedelta(hours=3))["feed"]
    assert (report.error, report.new) == ("", 0)
    wait = (report.next_try or NOW) - NOW - timedelta(hours=3)
    assert timedelta(minutes=108) <= wait <= timedelta(minutes=132)


@pytest.mark.parametrize("kind", ["rss", "page", "rest"])
def test_what_is_fresh_is_not_asked_for(house: House, press: Press, respond: Callable[..., Route], kind: str) -> None:
    """However it is read, a source whose answer is fresh for two hours (`max-age`) is asked again in two hours."""
    house.sources = {kind: press.sources()[kind]}
    bodies = {"rss": press.rss(), "page": press.page(), "rest": json.dumps(press.posts()).encode()}
    path = {"rss": "/feed.rss", "page": "/news/", "rest": "/wp-json/wp/v2/posts"}[kind]
    press.site.routes[path] = respond(bodies[kind], Cache_Control="public, Max-Age=7200")
    report = house.collect()[kind]
    assert ("", 20) == (report.error, report.new)
    assert timedelta(minutes=108) <= (report.next_try or NOW) - NOW <= timedelta(minutes=132)


def test_another_way_of_reading_reads_anew(house: House, press: Press) -> None:
    """Validators belong to how we read: where the zone is declared anew, all is asked for in full."""
    house.sources = feeds(press, "feed.atom")
    press.site.serve("/feed.atom", press.atom(), ETag='"1"')
    house.collect()
    house.sources["feed"]["timezone"] = "Asia/Tokyo"
    house.collect()
    assert "if-none-match" not in press.site.asked[-1][1]
    house.collect()
    assert press.site.asked[-1][1]["if-none-match"] == '"1"'


def test_retry_after_is_the_hosts(both: House, press: Press, respond: Callable[..., Route]) -> None:
    """Who asks for time is left alone by every source that stands there, until the time is over."""
    both.sources = feeds(press, "feed.rss")
    press.site.routes["/feed.rss"] = respond(b"", status=503, Retry_After="3600")
    both.collect()
    both.sources |= {"other": {"kind": "feed", "url": f"{press.site.url}/feed.atom"}}
    before = len(press.site.asked)
    report = both.collect("other", now=NOW + timedelta(minutes=59))["other"]
    assert ("stay away" in report.error, before) == (True, len(press.site.asked))
    assert 0 == both.row("other").failures
    assert "" == both.collect("other", now=NOW + timedelta(minutes=61))["other"].error


def test_what_was_asked_holds_at_once(house: House, press: Press, respond: Callable[..., Route]) -> None:
    """Within one run, too, nothing more goes to a host that asked for time."""
    house.sources = feeds(press, "feed.rss", "other.rss", "third.rss")
    for name in house.sources:
        press.site.routes[f"/{name}.rss"] = respond(b"", status=429, Retry_After="60")
    house.collect()
    assert 1 == len(press.site.asked)


def test_a_move_for_good_is_believed_on_the_third_day(both: House, press: Press, respond: Callable[..., Route]) -> None:
    """Then the new address is asked at once, until it fails: the old one is kept."""
    both.sources = feeds(press, "feed.rss")
    press.site.serve("/new", press.rss(), Content_Type="application/rss+xml")
    press.site.routes["/feed.rss"] = respond(b"", status=301, Location="/new")
    for day in range(3):
        both.collect(now=NOW + day * DAY)
        both.collect(now=NOW + day * DAY + timedelta(hours=1))
    press.site.asked.clear()
    assert 0 == both.collect(now=NOW + 3 * DAY)["feed"].new
    assert ["/new"] == [path for path, _ in press.site.asked]
    del press.site.routes["/new"]
    both.collect(now=NOW + 4 * DAY)
    press.site.serve("/feed.rss", press.rss())
    press.site.asked.clear()
    assert "" == both.collect(now=NOW + 5 * DAY)["feed"].error
    assert ["/feed.rss"] == [path for path, _ in press.site.asked]


@pytest.mark.parametrize(("kind", "path"), [("rest", "/wp-json/wp/v2/posts"), ("page", "/news/"), ("rest", "/feed/")])
def test_a_site_or_a_page_may_move_too(
    house: House, press: Press, respond: Callable[..., Route], kind: str, path: str
) -> None:
    """A WordPress is looked for at its new home, whether its API or, where that is closed, its feed is read there."""
    site = press.site
    house.sources = {kind: press.sources()[kind]}
    if path == "/feed/":
        del site.routes["/wp-json/wp/v2/posts"]
        site.serve(path, press.rss(), Content_Type="application/rss+xml")
    site.routes[f"/new{path}"] = site.routes[path]
    site.routes[path] = lambda handler: respond(b"", status=308, Location=f"/new{handler.path}")(handler)
    for day in range(3):
        assert "" == house.collect(now=NOW + day * DAY)[kind].error
    assert f"{site.url}/new{'/news/' if kind == 'page' else '/'}" == house.row(kind).adopted_url
    site.asked.clear()
    assert "" == house.collect(now=NOW + 3 * DAY)[kind].error
    assert {"new"} == {asked.split("/")[1] for asked, _ in site.asked if asked != "/robots.txt"}


@pytest.mark.parametrize(
    ("targets", "adopted"),
    [(["b", "b", "b"], "b"), (["b", "b"], ""), (["b", "", "b", "b"], ""), (["b", "c", "b", "b"], ""), ([""] * 4, "")],
)
def test_only_agreeing_days_count(targets: list[str], adopted: str) -> None:
    """Three in a row, each another day; one that says otherwise begins anew."""
    move = Move()
    for number, target in enumerate(targets):
        move = moved(move, target, date(2026, 6, 1) + number * DAY)
        assert move == moved(move, target, date(2026, 6, 1) + number * DAY) or move.adopted
    assert adopted == move.adopted


@pytest.mark.long
def test_slow_hosts_cost_others_nothing(house: House, site: Site) -> None:
    """However many drip, one that answers is read."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(40):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)

    site.routes["/drip"] = drip
    site.serve("/good", b"<rss><channel><item><title>A</title></item></channel></rss>")
    port = site.url.rpartition(":")[2]
    house.sources = {
        f"s{number}": {"kind": "feed", "url": f"http://localhost:{port}/drip" if number else f"{site.url}/good"}
        for number in range(3)
    }
    reports = house.collect()
    assert ("", 1) == (reports["s0"].error, reports["s0"].new)


def test_a_page_that_fails_costs_no_other(both: House, press: Press, respond: Callable[..., Route]) -> None:
    """Of an archive, what was read before is kept; the next visit goes over all of it again."""
    whole = press.rest

    def cut(handler: BaseHTTPRequestHandler) -> None:
        if "page=2" in handler.path:
            respond(b"oops", status=500)(handler)
        else:
            whole(handler)

    press.news = [press.news[0].__class__(f"N{n}", press.news[0].date - n * DAY, "T.", n + 100) for n in range(150)]
    press.site.routes["/wp-json/wp/v2/posts"] = cut
    both.sources = {"rest": press.sources()["rest"] | {"announce_first": 3}}
    report = both.collect()["rest"]
    assert (100, True) == (report.new, "500" in report.error)
    press.site.routes["/wp-json/wp/v2/posts"] = whole
    report = both.collect()["rest"]
    assert (50, "") == (report.new, report.error)
    assert 150 == len(both.listed())


def test_an_archive_is_baseline_across_its_pages(both: House, press: Press) -> None:
    """All but the newest few, whichever page they stood on."""
    press.news = [press.news[0].__class__(f"N{n}", press.news[0].date - n * DAY, "T.", n + 100) for n in range(150)]
    both.sources = {"rest": press.sources()["rest"] | {"announce_first": 3}}
    assert 150 == both.collect()["rest"].new
    assert 147 == both.baseline()


@pytest.mark.parametrize("kind", ["folder", "feed"])
def test_the_newest_are_news_wherever_they_stand(
    house: House, site: Site, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Of more items than are kept at once, the newest few are announced, whatever their names and their order."""
    monkeypatch.setattr(visit, "AT_ONCE", 5)
    monkeypatch.setattr(read_folder, "AT_ONCE", 5)
    days = {f"n{number:02}": (NOW - (number * 7 % 12) * DAY) for number in range(12)}
    (folder := house.folder / "notices").mkdir()
    for name, at in days.items():
        (folder / f"{name}.md").write_text(f"---\ntitle: {name}\ndate: {at.date()}\n---\nText.\n")
    dated = "".join(f"<item><title>{name}</title><pubDate>{at}</pubDate></item>" for name, at in days.items())
    site.serve("/feed", f"<rss><channel>{dated}</channel></rss>".encode())
    urls = {"folder": str(folder), "feed": f"{site.url}/feed"}
    house.sources = {"it": {"kind": kind, "url": urls[kind], "announce_first": 3}}
    assert 12 == house.collect()["it"].new
    assert sorted(days, key=lambda name: days[name])[-3:] == [each.versions[0].title for each in reversed(house.news())]


def test_reading_apart_ends_in_time_and_memory() -> None:
    """A job that does not end, or takes all there is, is given up, and the next is done."""
    from digest.collect.apart import apart
    from digest.errors import ParseError

    async def go() -> None:
        with pytest.raises(ParseError, match=r"x: took longer than 0\.5 s"):
            await apart("time:sleep", 30, about="x", patience=0.5)
        with pytest.raises(ParseError, match="memory"):
            await apart("builtins:bytes", 1 << 31, about="x")
        with pytest.raises(ParseError, match="could not be read"):
            await apart("os:abort", about="x")
        with pytest.raises(ParseError, match="ZeroDivisionError"):
            await apart("operator:truediv", 1, 0, about="x")
        assert 3 == await apart("operator:add", 1, 2, about="x")

    asyncio.run(go())
