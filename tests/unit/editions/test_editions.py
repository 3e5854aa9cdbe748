"""What is owed, what an edition holds of it, and why: pure, and nothing is lost or told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.choose import choose
from digest.editions.compose import placed, snapshot
from digest.editions.matching import fits
from digest.editions.owe import Ledger, Settled, Window, weigh
from digest.model.announcements import AlsoAt, Announcement, Picture, Version
from digest.model.drafts import Edit, Edits, Wish
from digest.model.editions import Disposition, Edition, EditionStatus
from digest.settings import Digest, DigestSection, Match

NOW = datetime(2025, 6, 27, 8, tzinfo=UTC)
_rows = count(1)


def announced(title: str = "T", *, days: float = 1, seq: int = 0, picture: bool = False, **more: Any) -> Announcement:
    at, row = NOW - timedelta(days=days), next(_rows)
    fields = {"categories": (), "language": "en"} | more
    version = Version(
        source="s",
        link=f"https://example.org/{row}",
        title=title,
        picture=Picture(url="https://example.org/p.png") if picture else None,
        updated_at=at,
        fingerprint=str(row),
        **fields,
    )
    return Announcement(
        id=row,
        public_id=f"tag:example.org,2025:announcement/{row}",
        seq=seq or row,
        effective_at=at,
        first_seen_at=at,
        updated_at=at,
        versions=(version,),
        sources=("s",),
        also_at=(AlsoAt(source="s", link=version.link), AlsoAt(source="t", link="https://other.example/x")),
    )


def digest(**more: object) -> Digest:
    fields = {"slug": "n", "title": "N", "sender": "main", "schedule": "last fri 09:00"} | more
    return Digest.model_validate(fields)


def last(days: float) -> Edition:
    at = NOW - timedelta(days=days)
    return Edition(
        id=1,
        digest="n",
        label="x",
        number=1,
        status=EditionStatus.SENT,
        revision=1,
        slot_at=at,
        until=at,
        created_at=at,
    )


LEDGER = Ledger(start_line=0, settled={})
NOW_ON = Window(until=NOW)


@pytest.mark.parametrize(
    ("match", "fit"),
    [
        (Match(), True),
        (Match(title=("case study*",)), True),
        (Match(title=("Facts*",)), False),
        (Match(categories=("NEWS",)), True),
        (Match(categories=("Jobs", "N?ws")), True),
        (Match(title=("Case*",), categories=("Jobs",)), False),
        (Match(sources=("s",)), True),
        (Match(language=("pt",)), True),
        (Match(language=("es",)), False),
        (Match(title=("[Case]*",)), False),
    ],
)
def test_a_match(match: Match, fit: bool) -> None:
    """All it names must hold, of a list any, whatever the case."""
    assert fit == fits(match, announced("Case Study: A & B", categories=("News",), language="pt-br"))


def test_a_bracket_in_a_match_is_a_bracket() -> None:
    """`[Internal]*` is what begins so, and not whatever begins with one of those letters."""
    assert fits(Match(title=("[internal]*",)), announced("[Internal] Who is away"))


@pytest.mark.parametrize(
    ("ledger", "window", "words"),
    [
        (Ledger(start_line=9999999, settled={}), NOW_ON, "before this digest began"),
        (LEDGER, Window(until=NOW - timedelta(days=2)), "came at or after 2025-06-25"),
        (LEDGER, Window(until=NOW - timedelta(days=2), by="effective"), "came at or after"),
    ],
)
def test_out_says_why(ledger: Ledger, window: Window, words: str) -> None:
    """What is not owed says in words what keeps it out."""
    [verdict] = weigh([announced()], digest(), ledger, window)
    assert (False, True) == (verdict.owed, words in verdict.why)


@pytest.mark.parametrize("disposition", Disposition)
def test_what_is_settled_is_never_owed(disposition: Disposition) -> None:
    """Whatever became of it, it is not told again, and the reason is given."""
    item = announced()
    ledger = Ledger(start_line=0, settled={item.id: Settled(disposition=disposition, label="2025-05-30", why="dull")})
    [verdict] = weigh([item], digest(), ledger, NOW_ON)
    assert (False, True) == (verdict.owed, bool(verdict.why))


@pytest.mark.parametrize("by", ["arrival", "effective"])
def test_what_comes_at_the_very_slot_waits_for_the_next(by: Literal["arrival", "effective"]) -> None:
    """The moment itself belongs to the edition after: so each is in one."""
    at = NOW - timedelta(days=1)
    [before] = weigh([announced()], digest(), LEDGER, Window(until=at + timedelta(microseconds=1), by=by))
    [exactly] = weigh([announced()], digest(), LEDGER, Window(until=at, by=by))
    assert (True, False) == (before.owed, exactly.owed)


def test_excluded_stays_out() -> None:
    """What fits a match of `exclude`, in whatever case, is not owed."""
    [verdict] = weigh([announced(categories=("Jobs",))], digest(exclude={"categories": ["jobs"]}), LEDGER, NOW_ON)
    assert (False, "left out by `exclude`") == (verdict.owed, verdict.why)


def test_late_is_labelled_or_too_old() -> None:
    """What should have been in an earlier edition is in, as older; past the late window it is out for good."""
    ledger = Ledger(start_line=0, settled={}, last=last(30))
    old = announced(days=45)
    [free] = weigh([old], digest(), ledger, NOW_ON)
    [bound] = weigh([old], digest(late_window="10 days"), ledger, NOW_ON)
    assert (True, True) == (free.owed, free.older)
    assert (False, True) == (bound.owed, bound.too_old)


@pytest.mark.parametrize(("days", "older", "too_old"), [(37, False, False), (37.5, True, False), (40.5, True, True)])
def test_how_late_is_late(days: float, older: bool, too_old: bool) -> None:
    """A week before the last edition is not older yet, and to the very end of the late window it is still told."""
    ledger = Ledger(start_line=0, settled={}, last=last(30))
    [free] = weigh([announced(days=days)], digest(), ledger, NOW_ON)
    [bound] = weigh([announced(days=days)], digest(late_window="10 days"), ledger, NOW_ON)
    [exactly] = weigh([announced(days=40)], digest(late_window="10 days"), ledger, NOW_ON)
    assert (older, too_old, False) == (free.older, bound.too_old, exactly.too_old)


@given(
    st.lists(
        st.tuples(st.sampled_from(["A", "Case Study: B", "Facts"]), st.floats(0.1, 90), st.booleans()), max_size=30
    ),
    st.integers(1, 10),
)
def test_each_owed_announcement_stands_once(drawn: list[tuple[str, float, bool]], most: int) -> None:
    """In the lead, in one section, or by title; whatever the order, the sections and the limit."""
    found = [announced(title, days=days, picture=picture) for title, days, picture in drawn]
    sections = [DigestSection(title="Cases", kind="case", match=Match(title=("Case*",)))]
    asked = digest(max_items=most, sections=[section.model_dump() for section in sections])
    verdicts = weigh(found, asked, LEDGER, NOW_ON)
    chosen = choose(verdicts, asked)
    held = [verdict.announcement.id for verdict in chosen.all]
    assert sorted(each.id for each in found) == sorted(held)
    assert len(set(held)) == len(held) == len(placed(chosen))
    assert max(0, len(found) - most) == len(chosen.more)
    assert chosen.too_few == (not found)
    sealed = snapshot(chosen, asked, label="x", number=1, day=NOW.date(), last=None)
    assert len(found) == len(sealed.items)


@given(
    st.lists(st.tuples(st.integers(1, 100), st.integers(0, 60), st.sampled_from(["News", "Jobs"])), max_size=25),
    st.lists(st.integers(1, 120), max_size=6, unique=True).map(sorted),
    st.integers(1, 4),
    st.integers(1, 6),
    st.integers(0, 10),
)
def test_over_many_editions_each_is_carried_at_most_once(
    drawn: list[tuple[int, int, str]], closings: list[int], least: int, most: int, start_line: int
) -> None:
    """Whatever arrives when, however backdated: each is in one edition or still owed, and none is lost on the way."""
    asked = digest(min_items=least, max_items=most, exclude=[{"categories": ["Jobs"]}])
    first = NOW - timedelta(days=200)
    found = [
        replace(
            announced(seq=number, categories=(category,)),
            first_seen_at=first + timedelta(days=came),
            effective_at=first + timedelta(days=came - back),
        )
        for number, (came, back, category) in enumerate(drawn, 1)
    ]
    settled: dict[int, Settled] = {}
    for closing in closings:
        window = Window(until=first + timedelta(days=closing))
        verdicts = weigh(found, asked, Ledger(start_line=start_line, settled=settled), window)
        assert not {each.announcement.id for each in verdicts if each.owed} & set(settled)
        chosen = choose(verdicts, asked)
        owed = {each.announcement.id for each in verdicts if each.owed}
        assert owed == {each.announcement.id for each in chosen.all}
        assert chosen.too_few == (len(owed) < least)
        if not chosen.too_few:
            settled |= {row: Settled(disposition=Disposition.CARRIED, label=str(closing)) for row in owed}
    end = Window(until=first + timedelta(days=999))
    left = {
        v.announcement.id for v in weigh(found, asked, Ledger(start_line=start_line, settled=settled), end) if v.owed
    }
    due = {each.id for each in found if each.seq > start_line and each.versions[0].categories == ("News",)}
    assert (due, set()) == (left | set(settled), left & set(settled))


def test_the_lead_has_a_picture() -> None:
    """The newest story with one leads; a consultation never does."""
    sections = [{"title": "Consultations", "kind": "consultations", "match": {"categories": ["C"]}}]
    asked = digest(sections=sections)
    found = [
        announced("plain", days=1),
        announced("pictured", days=2, picture=True),
        announced("c", days=0.5, picture=True, categories=("C",)),
    ]
    chosen = choose(weigh(found, asked, LEDGER, NOW_ON), asked)
    assert chosen.lead is not None
    assert "pictured" == chosen.lead.announcement.versions[0].title


def test_an_older_one_never_leads() -> None:
    """However pretty its picture: the newest story does."""
    ledger = Ledger(start_line=0, settled={}, last=last(30))
    found = [announced("Older", days=60, picture=True), announced("New", days=1)]
    chosen = choose(weigh(found, digest(), ledger, NOW_ON), digest())
    assert chosen.lead is not None
    assert "New" == chosen.lead.announcement.versions[0].title


@pytest.mark.parametrize(("wish", "value"), [(Wish.LEAD, ""), (Wish.PLACE, "1")])
def test_what_somebody_wants_shown_is_shown(wish: Wish, value: str) -> None:
    """Though it is the oldest, and more is owed than an edition shows."""
    found = [announced(f"Number {days}", days=days) for days in (1, 2, 3)]
    wanted = found[-1].public_id
    edits = Edits((Edit(subject=wanted, wish=wish, value=value),))
    chosen = choose(weigh(found, digest(max_items=2), LEDGER, NOW_ON), digest(max_items=2), edits)
    assert wanted not in {each.announcement.public_id for each in chosen.more}
    assert len(chosen.more) == 1


def test_too_few_stay_owed() -> None:
    """Fewer than `min_items` make no edition."""
    assert choose(weigh([announced()], digest(min_items=2), LEDGER, NOW_ON), digest(min_items=2)).too_few


def test_where_else_it_was_announced() -> None:
    """Its own link is not "also at"."""
    chosen = choose(weigh([announced()], digest(), LEDGER, NOW_ON), digest())
    sealed = snapshot(chosen, digest(), label="x", number=1, day=NOW.date(), last=None)
    assert ("https://other.example/x",) == sealed.items[0].also_at
