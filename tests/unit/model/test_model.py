"""Nouns: legal moves, versions by language, and the codec that a sealed snapshot is kept by."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import codec, deliveries, subscribers
from digest.model.announcements import Facts, Figure, Picture, Version, best_version
from digest.model.editions import MOVES, UNFINISHED, EditionStatus, Snapshot, SnapshotItem, SnapshotSection, may_move

words = st.text(max_size=20)
days = st.dates(date(1990, 1, 1), date(2100, 1, 1))
instants = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
figures = st.builds(Figure, value=words, label=words, share=st.none() | st.floats(0, 1))
versions = st.builds(
    Version,
    language=st.sampled_from(["en", "es", "pt-br"]),
    source=words,
    link=words,
    title=words,
    categories=st.lists(words, max_size=3).map(tuple),
    picture=st.none() | st.builds(Picture, url=words, alt=words),
    facts=st.builds(Facts, deadline=st.none() | days, figures=st.lists(figures, max_size=2).map(tuple)),
    published_on=st.none() | days,
    published_at=st.none() | instants,
    updated_at=instants,
    fingerprint=words,
)
items = st.builds(SnapshotItem, public_id=words, versions=st.lists(versions, min_size=1, max_size=2).map(tuple))
snapshots = st.builds(
    Snapshot,
    digest=words,
    title=words,
    label=words,
    number=st.integers(1, 999),
    date=days,
    language=words,
    subject=words,
    since=st.none() | days,
    lead=st.none() | items,
    sections=st.lists(
        st.builds(SnapshotSection, title=words, items=st.lists(items, max_size=2).map(tuple)), max_size=2
    ).map(tuple),
    more=st.lists(items, max_size=2).map(tuple),
)


@given(snapshots)
def test_a_snapshot_reads_as_it_was_written(snapshot: Snapshot) -> None:
    """Every field, through JSON and back; equal values give equal bytes."""
    text = codec.dumps(snapshot)
    assert snapshot == codec.loads(Snapshot, text)
    assert text == codec.dumps(codec.loads(Snapshot, text))


def test_a_snapshot_of_another_release_still_reads() -> None:
    """Fields it does not know are passed over; fields it lacks have their defaults."""
    figure = codec.loads(Figure, '{"value": "3", "label": "sites", "colour": "teal"}')
    assert Figure(value="3", label="sites") == figure


@pytest.mark.parametrize("status", EditionStatus)
def test_every_edition_ends(status: EditionStatus) -> None:
    """From every status an end can be reached, and what is over stays over."""
    seen, ahead = set(), {status}
    while ahead:
        seen |= ahead
        ahead = {new for old in ahead for new in MOVES[old]} - seen
    assert seen & {EditionStatus.SENT, EditionStatus.SKIPPED, EditionStatus.CANCELLED}
    assert (not MOVES[status]) == (status not in UNFINISHED)


def test_nobody_is_mailed_without_a_seal() -> None:
    """Sending follows sealing or a pause, nothing else; a sent edition is not called off."""
    assert {EditionStatus.SEALED, EditionStatus.PAUSED} == {
        s for s in EditionStatus if may_move(s, EditionStatus.SENDING)
    }
    assert not may_move(EditionStatus.SENT, EditionStatus.CANCELLED)
    assert not may_move(EditionStatus.HELD, EditionStatus.SEALED)


def test_what_is_settled_stays_settled() -> None:
    """No delivery leaves accepted or withdrawn, and from rejected it may only be tried again."""
    assert {deliveries.DeliveryState.DEFERRED} == deliveries.MOVES[deliveries.DeliveryState.REJECTED]
    assert all(not deliveries.MOVES[state] for state in deliveries.SETTLED)
    assert set(deliveries.MOVES) == set(deliveries.DeliveryState)
    assert set(subscribers.MOVES) == set(subscribers.SubscriptionState)


def test_the_best_version() -> None:
    """Exact tag before primary tag, wish by wish, else the first."""
    spoken = tuple(_version(tag) for tag in ("en", "pt-br", "es"))
    assert ["es", "pt-br", "en", "es", "en"] == [
        best_version(spoken, *wishes).language for wishes in (("es",), ("pt",), ("fr",), ("fr", "es-mx"), ())
    ]


def _version(tag: str) -> Version:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    return Version(language=tag, source="s", link="", title=tag, updated_at=at, fingerprint=tag)
