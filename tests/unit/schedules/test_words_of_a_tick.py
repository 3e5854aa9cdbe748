"""What `digest tick --once` says it came to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from digest.collect.flow import SourceReport
from digest.deliveries.flow import Report
from digest.service.ticking import Answer, Look
from digest.store.schedules import OwedSlot, SlotState
from digest.store.shards import Counts

NOW = datetime(2026, 6, 26, 8, tzinfo=UTC)
DONE = Report(accepted=1, rejected=0, notes=0, counts=Counts(), next_due=None)
LOOK = Look(sources=(), answers=(), report=DONE, stop=None)
SLOT = OwedSlot(
    id=1, digest="n", key="2026-06-26T09:00", at=NOW, state=SlotState.OWED, edition_id=None, seen_at=NOW, note=""
)


def test_a_relay_that_is_down_is_not_kept_quiet() -> None:
    """Nothing went, and why; whoever runs it from cron reads it there. It is tried again: no failure of the clock."""
    report = replace(DONE, accepted=0, relay_error="relay.example.org:25: refused")
    look = replace(
        LOOK, sources=(SourceReport(source="a"),), answers=(Answer(SLOT, ""), Answer(SLOT, "")), report=report
    )
    said = (
        "1 source read, 2 slots answered, 0 mails accepted. The relay could not be used: relay.example.org:25: refused."
    )
    assert (said, False) == (look.words, look.failed)


def test_what_is_not_done_is_not_counted_as_done() -> None:
    """A slot without its edition is named with the reason, and is a failure; a source that failed is named."""
    look = replace(
        LOOK, sources=(SourceReport(source="a", error="gone"),), answers=(Answer(SLOT, "no such word", done=False),)
    )
    said = (
        "0 sources read, 0 slots answered, 1 mail accepted. a could not be read: gone. "
        "n 2026-06-26T09:00 has no edition yet: no such word."
    )
    assert (said, True) == (look.words, look.failed)
    assert not replace(LOOK, sources=(SourceReport(source="a", error="gone"),)).failed


def test_notes_are_told_where_some_went() -> None:
    """Proofs and alerts are no mails of a mailing; one of a thing is one."""
    said = "0 sources read, 0 slots answered, 1 mail accepted, 2 notes accepted."
    look = replace(LOOK, report=replace(DONE, notes=2, counts=Counts(owed=9)))
    assert (said, False) == (look.words, look.failed)
