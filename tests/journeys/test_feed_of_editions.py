"""Our own editions are a source for feeds that name it, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import feedparser
import pytest

from tests.builders import Desk, folder_source

ISSUES = """
[feeds.issues]
title = "Issues"
sources = ["editions"]
"""


@pytest.fixture
def house(desk: Desk) -> Desk:
    """An edition of May, sealed."""
    desk.write("one", "First & foremost", "2025-05-06", summary="In a few words")
    desk.declare(sources=folder_source(desk.folder) + ISSUES)
    desk.done("collect")
    desk.done("editions", "compose", "newsflash", "--at", "2025-05-30T08:00Z")
    return desk


def entries(house: Desk, feed: str) -> list[feedparser.FeedParserDict]:
    """What a feed holds once built."""
    house.done("feeds", "build", "--out", "public")
    found: list[feedparser.FeedParserDict] = feedparser.parse(
        Path(house.folder / f"public/feeds/{feed}.atom").read_bytes()
    ).entries
    return found


def test_an_edition_is_an_entry_of_the_feed_that_asks_for_it(house: Desk) -> None:
    """With its subject, its page, and what it carries; in no other feed, list or count."""
    (issue,) = entries(house, "issues")
    assert issue.title == "Newsflash May 2025"
    assert issue.link == "http://127.0.0.1:8080/editions/newsflash/2025-05-30"
    assert "First &amp; foremost" in issue.content[0].value
    assert [each.title for each in entries(house, "news")] == ["First & foremost"]
    assert [each["title"] for each in house.done("announcements", "list", "--json").json()] == ["First & foremost"]
    assert [each["slug"] for each in house.done("sources", "list", "--json").json()] == ["notes"]


def test_no_digest_tells_of_its_own_editions(house: Desk) -> None:
    """Neither by themselves nor by a post of the site under the same title, which folds into the edition."""
    entries(house, "issues")
    house.write("post", "Newsflash May 2025", "2025-05-31", link="https://example.org/newsflash-may/")
    house.write("other", "Another thing", "2025-06-02")
    (edition,) = house.done("editions", "list", "--json").json()
    assert edition["items"] == 1
    house.done("collect")
    assert [each.title for each in entries(house, "issues")] == ["Newsflash May 2025"]
    weighed = house.done("editions", "explain", "newsflash", "--json").json()
    assert "Another thing" in str(weighed)
    assert "Newsflash May 2025" not in str(weighed)


def test_a_cancelled_edition_is_taken_out(house: Desk) -> None:
    """What never went out is no entry."""
    assert len(entries(house, "issues")) == 1
    house.done("editions", "cancel", "newsflash", "2025-05-30", "--why", "a mistake")
    assert entries(house, "issues") == []


def test_a_letter_names_the_feed_in_its_language(house: Desk) -> None:
    """The first of those; where there is none, one in the site's or in no language."""
    spanish = '\n[feeds.noticias]\ntitle = "Noticias"\nlanguage = "es"\n'
    house.declare(sources=folder_source(house.folder) + spanish)
    house.write("two", "Second", "2025-06-06")
    house.done("collect")
    for language, feed in (("en", "news"), ("es", "noticias"), ("fr", "news")):
        shown = house.done("editions", "preview", "newsflash", "--language", language)
        assert f"http://127.0.0.1:8080/feeds/{feed}.atom" in shown.out
