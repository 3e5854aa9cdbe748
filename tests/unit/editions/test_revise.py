"""What a person changes in a draft."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from digest.editions.choose import choose
from digest.editions.compose import snapshot
from digest.editions.owe import Ledger, Window, weigh
from digest.editions.revise import corrected, differences, dropped, reworded
from digest.model.announcements import Announcement
from digest.model.drafts import Edit, Edits, Wish
from digest.model.editions import Snapshot
from tests.unit.editions.test_editions import NOW, announced, digest

COUNT = 12
IDS = [f"tag:x/{number}" for number in range(COUNT)]
EDITS = st.lists(
    st.one_of(
        st.builds(Edit, subject=st.sampled_from(IDS), wish=st.just(Wish.DROP), value=st.just("no")),
        st.builds(Edit, subject=st.sampled_from(IDS), wish=st.just(Wish.LEAD), value=st.just("yes")),
        st.builds(Edit, subject=st.sampled_from(IDS), wish=st.just(Wish.PLACE), value=st.integers(1, 20).map(str)),
        st.builds(Edit, subject=st.sampled_from(IDS), wish=st.just(Wish.SECTION), value=st.sampled_from(["Jobs", "?"])),
        st.builds(Edit, subject=st.sampled_from(IDS), wish=st.just(Wish.TITLE), language=st.just("en")),
    ),
    max_size=12,
    unique_by=lambda edit: (edit.subject, edit.wish),
).map(lambda edits: Edits(tuple(edits)))


@given(EDITS, st.integers(1, COUNT))
def test_each_stands_once_or_is_dropped(edits: Edits, most: int) -> None:
    """Whatever is wished, every announcement is in the draft once or was dropped; the wished lead leads."""
    asked = digest(max_items=most, sections=[{"title": "Jobs", "match": {"categories": ["Jobs"]}}])
    found = [replace(announced(seq=number + 1), public_id=name) for number, name in enumerate(IDS)]
    verdicts = dropped(weigh(found, asked, Ledger(start_line=0, settled={}), Window(until=NOW)), edits)
    chosen = reworded(choose(verdicts, asked, edits), edits)
    gone = {verdict.announcement.public_id for verdict in verdicts if verdict.dropped}
    held = [verdict.announcement.public_id for verdict in chosen.all]
    assert sorted(IDS) == sorted([*gone, *held])
    assert gone == set(edits.of(Wish.DROP))
    leads = [name for name in edits.of(Wish.LEAD) if name not in gone]
    if leads and len(leads) + len(edits.of(Wish.PLACE)) <= most:
        assert chosen.lead is not None
        assert chosen.lead.announcement.public_id in leads


def sealed(*found: Announcement) -> Snapshot:
    asked = digest()
    verdicts = weigh(found, asked, Ledger(start_line=0, settled={}), Window(until=NOW))
    return snapshot(choose(verdicts, asked), asked, label="2026-06-26", number=1, day=NOW.date(), last=None)


def test_a_correction_says_what_is_true_now_and_adds_nothing() -> None:
    """Reworded by hand or at the source, left out where dropped or taken back; what was merged stays as it was."""
    found = [replace(announced(seq=number + 1), public_id=name) for number, name in enumerate(IDS[:5])]
    was = sealed(*found)
    by_hand, at_source, dropped_since, taken_back, merged = IDS[:5]
    edits = Edits(
        (
            Edit(subject=by_hand, wish=Wish.TITLE, language="en", value="By hand"),
            Edit(subject=dropped_since, wish=Wish.DROP, value="no"),
        )
    )
    now = {each.public_id: each for each in [*found, replace(announced(seq=9), public_id=IDS[9])]}
    version = now[at_source].versions[0]
    now[at_source] = replace(now[at_source], versions=(replace(version, title="At the source"),))
    del now[merged]
    new = corrected(was, now, edits, gone={taken_back}, introduction="", correction="")
    assert {by_hand: "By hand", at_source: "At the source", merged: "Title"} == {
        item.public_id: item.version("en").title for item in new.items
    } | {merged: "Title"}
    assert 4 == len(differences(was, new))
    assert () == differences(was, corrected(was, {}, Edits(), gone=(), introduction="", correction="?"))
