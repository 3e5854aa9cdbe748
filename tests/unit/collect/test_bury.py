"""What its source no longer has is gone, but only when the source says so clearly; and it never comes back as new."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

from tests.sites import Route
from tests.unit.collect.conftest import House, Press

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOMBSTONE = '<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="{}" when="2026-06-01T00:00:00Z"/>'


def titles(house: House) -> set[str]:
    return {each.versions[0].title for each in house.listed()}


def test_a_post_is_deleted_when_its_site_says_so_twice_an_hour_apart(both: House, press: Press) -> None:
    """Missing from the list and 404 for itself; once is a slip, and what was deleted stays deleted."""
    both.sources = {"rest": press.sources()["rest"]}
    both.collect()
    gone = press.news.pop(3)
    assert both.collect(now=NOW + HOUR)["rest"].changed is False
    assert gone.title in titles(both)
    assert both.collect(now=NOW + 1.5 * HOUR)["rest"].changed is False
    assert both.collect(now=NOW + 2.5 * HOUR)["rest"].changed is True
    assert titles(both) == {each.title for each in press.news}
    press.news.insert(3, gone)
    report = both.collect(now=NOW + 3 * HOUR)["rest"]
    assert (report.new, titles(both)) == (0, {each.title for each in press.news} - {gone.title})


def test_validators_of_a_list_hide_no_deletion(house: House, press: Press, respond: Callable[..., Route]) -> None:
    """A cache before the API says of the newest page that it is as it was; the post is still asked for twice."""
    house.sources = {"rest": press.sources()["rest"]}

    def cached(handler: BaseHTTPRequestHandler) -> None:
        tag = f'"{len(press.news)}"'
        if handler.headers["If-None-Match"] == tag:
            respond(b"", status=304, ETag=tag)(handler)
        else:
            respond(json.dumps(press.posts()).encode(), Content_Type="application/json", ETag=tag)(handler)

    press.site.routes["/wp-json/wp/v2/posts"] = cached
    house.collect()
    gone = press.news.pop(3)
    changed = [house.collect(now=NOW + hours * HOUR)["rest"].changed for hours in (1, 1.5, 2.5)]
    assert ([False, False, True], False) == (changed, gone.title in titles(house))


def test_a_post_that_was_only_skipped_is_kept(house: House, press: Press, respond: Callable[..., Route]) -> None:
    """Pages shift and lists lie: what answers for itself is there, and what answers unclearly is, too."""
    house.sources = {"rest": press.sources()["rest"]}
    house.collect()
    skipped = press.news.pop(3)
    path = f"/wp-json/wp/v2/posts/{skipped.number}"
    for hours, route in enumerate(
        ({"status": 200}, {"status": 404}, {"status": 200}, {"status": 404}, {"status": 500})
    ):
        press.site.routes[path] = respond(b"{}", **route)
        house.collect(now=NOW + 2 * (hours + 1) * HOUR)
    assert skipped.title in titles(house)


def test_a_tombstone_in_a_feed_counts_at_once(both: House, press: Press) -> None:
    """RFC 6721; an entry that only left the window stays."""
    both.sources = {"atom": press.sources()["atom"]}
    both.collect()
    dead, left = press.news.pop(0), press.news.pop()
    body = press.atom().replace(b"</feed>", TOMBSTONE.format(press.guid(dead)).encode() + b"</feed>")
    press.site.serve("/feed.atom", body)
    assert both.collect(now=NOW + HOUR)["atom"].changed
    assert titles(both) == {each.title for each in (*press.news, left)}


def test_what_another_source_still_has_is_shown_from_there(both: House, press: Press) -> None:
    """An announcement of two sources outlives the loss of one."""
    both.sources = {"atom": press.sources()["atom"], "rss": press.sources()["rss"]}
    both.collect()
    assert {each.versions[0].source for each in both.listed()} == {"atom"}
    dead = press.news[0]
    body = press.atom().replace(b"</feed>", TOMBSTONE.format(press.guid(dead)).encode() + b"</feed>")
    press.site.serve("/feed.atom", body)
    both.collect("atom", now=NOW + HOUR)
    found = {each.versions[0].title: each.versions[0].source for each in both.listed()}
    assert found.pop(dead.title) == "rss"
    assert set(found.values()) == {"atom"}
