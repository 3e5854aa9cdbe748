"""Identity, fingerprint, folding and choosing: pure, and the same every time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.fold import World, best, candidate_of, fold
from digest.collect.identify import Habits, Known, distinct, identify, language_of
from digest.collect.parse import ReadItem
from digest.collect.rhythm import next_try, retry, silent_days
from digest.model.announcements import IdentKind
from digest.store.minting import Contender

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HABITS = Habits(zone=ZoneInfo("Europe/London"))


def known(title: str = "Newsflash", link: str = "", published: str = "2026-05-01T10:00:00Z", **fields: Any) -> Known:
    return identify(ReadItem(title=title, link=link, published=published, **fields), HABITS, now=NOW)


def test_identity_is_guid_then_link_then_words() -> None:
    """A guid is kept byte for byte; without one the canonical link stands, then a hash of what was said."""
    assert (known(guid=" A/ b ").item.ident, known(guid="x").item.ident_kind) == ("A/ b", IdentKind.GUID)
    assert known(link="HTTPS://example.org/a#b").item.ident == "https://example.org/a"
    assert known().item.ident == known(published="2020-01-01").item.ident
    assert known("Other").item.ident != known().item.ident


def test_guid_twice() -> None:
    """The same guid twice is one item if link or title agree; else the later ones are told apart by link."""
    same = distinct([known(guid="1", link="https://x.org/a"), known(guid="1", link="https://x.org/a", title="New")])
    assert len(same) == 1
    other = distinct([known("A", guid="1", link="https://x.org/a"), known("B", guid="1", link="https://x.org/b")])
    assert [each.item.ident for each in other] == ["1", "1|https://x.org/b"]


def test_fingerprint_ignores_what_nobody_notices() -> None:
    """White space, mark-up without words and tracking leave the fingerprint alone."""
    long = "Words and more words. " * 60
    one, two = known(content=f"<p>{long}</p>"), known(content=f"<div>\n<p>{long}</p>\n<!-- nonce 17 --></div>")
    assert one.item.fingerprint == two.item.fingerprint
    assert known(content=f"<p>{long} New.</p>").item.fingerprint != one.item.fingerprint


def test_fingerprint_tells_what_was_corrected() -> None:
    """Another summary of the same text, or a link in it that leads elsewhere, is a change; a nonce in one is none."""
    body = '<p><a href="{}">The form</a>, in many words.</p>'
    now = known(summary="One.", content=body.format("https://x.org/?f=1&amp;_wpnonce=17&amp;utm_source=rss")).item
    same = known(summary="One.", content=body.format("https://x.org/?f=1&amp;_wpnonce=18")).item
    other = known(summary="Two.", content=body.format("https://x.org/?f=1")).item
    moved = known(summary="One.", content=body.format("https://x.org/?f=2")).item
    mail = known(summary="One.", content=body.format("mailto:a@x.org")).item
    assert now.fingerprint == same.fingerprint
    assert len({each.fingerprint for each in (now, other, moved, mail)}) == 4


def test_a_text_says_where_it_stands() -> None:
    """Addresses in a text are relative to its own base, else to its link, else to the document."""
    said = {"content": '<p><a href="b">x</a></p>', "base": "https://feeds.org/f/"}
    bases: tuple[dict[str, str], ...] = ({"text_base": "https://cdn.org/c/"}, {}, {"link": ""})
    found = [known(**{"link": "https://x.org/a/", **said, **more}).item.content for more in bases]
    assert [each.split('"')[1] for each in found] == [
        "https://cdn.org/c/b",
        "https://x.org/a/b",
        "https://feeds.org/f/b",
    ]


def test_future_and_unreadable_dates_are_flagged() -> None:
    """A date to come is kept and flagged; an unreadable one is none."""
    assert known(published="2030-01-01T00:00:00Z").complaints == ("Newsflash: dated in the future",)
    assert known(published="whenever").item.published_at is None


@pytest.mark.parametrize(("day", "flagged"), [("2026-06-01", False), ("2026-06-02", True)])
def test_today_is_not_ahead_in_the_morning(day: str, flagged: bool) -> None:
    """A day without an hour is kept as its noon; written this morning, it is today all the same."""
    early = datetime(2026, 6, 1, 6, tzinfo=UTC)
    said = identify(ReadItem(title="News", published=day), HABITS, now=early).complaints
    assert flagged is bool(said)


@pytest.mark.parametrize(
    ("said", "language"),
    [("", "en"), ("en-US", "en"), ("ES", "es"), ("pt_BR", "pt-br"), ("x-klingon!", "en"), ("es-M X", "es")],
)
def test_languages(said: str, language: str) -> None:
    """Another region of the site's language is the site's; nonsense is, too."""
    assert language_of(said, "en") == language


TEXT = st.text(max_size=40)


@given(st.builds(ReadItem, guid=TEXT, link=TEXT, title=TEXT, content=TEXT, published=TEXT, language=TEXT))
def test_identify_takes_anything(read: ReadItem) -> None:
    """Whatever was read, an item comes out, and the same one each time."""
    item = identify(read, HABITS, now=NOW).item
    assert item == identify(read, HABITS, now=NOW).item
    assert item.ident in item.aliases
    assert item.title


def _world(*others: tuple[Known, int, int]) -> World:
    return World(candidates=[candidate_of(each.item, number, source) for each, number, source in others])


def test_the_same_link_is_the_same() -> None:
    """One canonical link is one announcement, whatever the scheme; a link shared by several says nothing."""
    other = known("Other words", link="http://x.org/a")
    assert fold(known(link="https://x.org/a"), 2, _world((other, 7, 1))) == 7
    assert (
        fold(known(link="https://x.org/a"), 2, _world((other, 7, 1), (known("C", link="http://x.org/a"), 8, 1))) is None
    )


def test_equal_titles_need_more() -> None:
    """Equal titles fold when near in time, on one site, from different sources; never else."""
    mine = known(link="https://x.org/a")
    near = known(link="https://www.x.org/b", published="2026-05-02T10:00:00Z")
    assert fold(mine, 2, _world((near, 7, 1))) == 7
    assert fold(mine, 1, _world((near, 7, 1))) is None
    assert fold(mine, 2, _world((known(link="https://x.org/b", published="2026-05-04T10:00:00Z"), 7, 1))) is None
    assert fold(mine, 2, _world((known(link="https://y.org/b"), 7, 1))) is None
    assert fold(mine, 2, _world((known(link="https://x.org/b", published="2026-05-01"), 7, 1))) == 7
    assert fold(mine, 2, _world((known(link="https://x.org/b", published="2026-05-02"), 7, 1))) is None
    assert fold(mine, 2, _world((known(link="https://x.org/b", published=""), 7, 1))) is None


def test_translations_join() -> None:
    """A translation joins what it names: by ident, by the name of a file, or by link."""
    world = _world((known(link="https://x.org/a"), 7, 1))
    world.named = {"a": 3, "name:b": 4}
    for name, number in (("a", 3), ("b", 4), ("https://x.org/a", 7)):
        assert fold(known("Título", language="es", translation_of=name), 1, world) == number


def test_the_best_is_shown() -> None:
    """Full text comes before an excerpt, then the better source, then the earlier seen."""
    one = Contender(announcement_id=1, id=1, source="b", language="en", full_text=False, first_seen_at=NOW,
                    published_at=None, updated_at=None, fingerprint="")  # fmt: skip
    rank = {"a": 0, "b": 1}.__getitem__
    full = replace(one, id=2, full_text=True)
    better = replace(full, id=3, source="a", first_seen_at=NOW + timedelta(days=1))
    assert best([replace(one, source="a"), full], rank)["en"] is full
    assert best([full, better], rank)["en"] is better
    assert best([replace(one, id=9), one], rank)["en"] is one


@given(st.integers(1, 50), st.floats(-1, 1))
def test_retries_grow(failures: int, spread: float) -> None:
    """A failing source is asked ever more rarely, at least once a day, and never at once."""
    every = timedelta(minutes=30)
    wait = retry(NOW, every, failures, spread=spread) - NOW
    assert timedelta(minutes=15) <= wait <= timedelta(hours=24)
    assert retry(NOW, every, failures + 1, spread=spread) - NOW >= wait
    assert next_try(NOW, every, minutes=120) - NOW == timedelta(hours=2)


def test_a_first_failure_is_tried_again_as_soon_as_ever() -> None:
    """Twice as late each time after it, up to a day."""
    waits = [retry(NOW, timedelta(hours=1), failures, spread=1) - NOW for failures in (1, 2, 3, 5, 6, 99)]
    assert [timedelta(hours=each) for each in (1, 2, 4, 16, 24, 24)] == waits


@pytest.mark.parametrize(("usual", "days", "told"), [(1, 7, None), (1, 8, 8), (10, 30, None), (10, 31, 31)])
def test_silence_is_told_when_it_is_far_longer_than_usual(usual: int, days: int, told: int | None) -> None:
    """More than three times, and more than a week; nothing where nobody knows what is usual."""
    last = NOW - timedelta(days=days)
    assert (told, None, None) == (
        silent_days(usual, last, NOW),
        silent_days(None, last, NOW),
        silent_days(usual, None, NOW),
    )
