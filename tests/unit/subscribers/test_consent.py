"""Who may come back, and how we know why we may write."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.model.subscribers import SubscriptionState as State
from digest.subscribers import consent
from digest.subscribers.consent import Entering, Way

NOW = datetime(2026, 6, 26, 9, 0, tzinfo=UTC)


@given(st.sampled_from([None, *State]), st.booleans(), st.booleans())
def test_an_entry_never_overrules_a_person(state: State | None, suppressed: bool, confirmed: bool) -> None:
    """Unsubscribed or suppressed is never added or confirmed by an operator."""
    verdict = consent.entering(state, suppressed=suppressed, confirmed=confirmed)
    if suppressed or state is State.UNSUBSCRIBED:
        assert verdict in (Entering.LEFT, Entering.SUPPRESSED)


@given(st.sampled_from(State), st.sampled_from(State), st.sampled_from(Way))
def test_only_the_owner_of_an_address_comes_back(old: State, new: State, way: Way) -> None:
    """From unsubscribed there are two ways, and both need a link that only they have."""
    if old is State.UNSUBSCRIBED and consent.may_move(old, new, way):
        assert way in consent.OWNERS


@given(st.sampled_from([State.PENDING, State.CONFIRMED]), st.sampled_from(Way))
def test_leaving_is_always_legal(old: State, way: Way) -> None:
    """Whoever is in can leave, by any way."""
    assert consent.may_move(old, State.UNSUBSCRIBED, way)


def test_evidence_keeps_the_whole_story() -> None:
    """When, by what way, with which words; leaving and returning are added, nothing is lost."""
    asked = consent.given(NOW, Way.FORM, wording="Yes, send it to me.", ip="192.0.2.7")
    agreed = consent.given(NOW + timedelta(minutes=5), Way.CONFIRM, wording="Confirm", before=asked)
    left = consent.left(agreed, NOW + timedelta(days=1), Way.ONE_CLICK)
    back = json.loads(consent.returned(left, NOW + timedelta(days=2)))
    assert back == {
        "at": "2026-06-26T09:05:00+00:00",
        "via": "confirm",
        "wording": "Confirm",
        "before": {
            "at": "2026-06-26T09:00:00+00:00",
            "via": "form",
            "wording": "Yes, send it to me.",
            "ip": "192.0.2.7",
        },
        "returned": {
            "at": "2026-06-28T09:00:00+00:00",
            "left": {"at": "2026-06-27T09:00:00+00:00", "via": "one-click"},
        },
    }
