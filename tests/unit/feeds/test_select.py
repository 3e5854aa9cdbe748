"""Which announcements a feed shows, in which version and order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from digest.feeds.select import choose, shown
from digest.model.announcements import Announcement, Version
from digest.settings import Feed

Make = Callable[..., Any]


def chosen(found: list[Announcement], **wanted: Any) -> list[int]:
    return [each.id for each in choose(found, Feed(slug="x", **wanted), site_language="en")]


def test_newest_first_then_by_arrival_and_no_more_than_asked(announcement: Make) -> None:
    """Order is by the fixed moment, then seq; `entries` cuts the oldest off."""
    same = announcement(7).effective_at
    found = [announcement(1), announcement(3), announcement(2, effective_at=same), announcement(7)]
    assert chosen(found) == [7, 2, 3, 1]
    assert chosen(found, entries=2) == [7, 2]


def test_all_that_is_asked_must_hold_and_in_a_list_any(announcement: Make, version: Callable[..., Version]) -> None:
    """Sources, categories and language narrow together; categories do not mind case or spaces."""
    one = announcement(1, version(categories=("Case  study",)), sources=("blog", "news"))
    two = announcement(2, version(categories=("News",), source="blog"), sources=("blog",))
    assert chosen([one, two], sources=("news", "other")) == [1]
    assert chosen([one, two], sources=("blog",)) == [2, 1]
    assert chosen([one, two], categories=("x", "case study")) == [1]
    assert chosen([one, two], categories=("case study",), sources=("nobody",)) == []
    assert chosen([one, two], language="es") == []


def test_retracted_and_doubled_are_left_out(announcement: Make) -> None:
    """An id stands once, and what was retracted not at all."""
    gone = announcement(2, retracted_at=announcement(1).effective_at)
    assert chosen([announcement(1), gone, announcement(1)]) == [1]


def test_a_feed_in_a_language_shows_that_version_only(announcement: Make, version: Callable[..., Version]) -> None:
    """By tag, then by primary tag; a version without a language is in the site's."""
    both = announcement(1, version(language=""), version(language="es-mx", title="Cinc"))
    assert shown(both, "es", site_language="en") == both.versions[1]
    assert shown(both, "en", site_language="en") == both.versions[0]
    assert shown(both, None, site_language="es") in both.versions
    assert shown(both, "fr", site_language="en") is None
    assert shown(both, None, site_language="fr") == both.versions[0]
