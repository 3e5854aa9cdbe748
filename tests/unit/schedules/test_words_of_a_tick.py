"""What `digest tick --once` says it came to."""

from __future__ import annotations

from dataclasses import replace

from digest.deliveries.flow import Report
from digest.service.ticking import words_of
from digest.store.shards import Counts

DONE = Report(accepted=1, rejected=0, notes=0, counts=Counts(), next_due=None)


def test_a_relay_that_is_down_is_not_kept_quiet() -> None:
    """Nothing went, and why; whoever runs it from cron reads it there."""
    report = replace(DONE, accepted=0, relay_error="relay.example.org:25: refused")
    said = (
        "1 source read, 2 slots answered, 0 mails accepted. The relay could not be used: relay.example.org:25: refused."
    )
    assert said == words_of(1, 2, report, None)


def test_notes_are_told_where_some_went() -> None:
    """Proofs and alerts are no mails of a mailing; one of a thing is one."""
    said = "0 sources read, 0 slots answered, 1 mail accepted, 2 notes accepted."
    assert said == words_of(0, 0, replace(DONE, notes=2), None)
