"""Who may be written to, and how we know: the moves a subscription may make, and the evidence for them."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from digest.model.subscribers import MOVES, SubscriptionState

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


class Way(StrEnum):
    """How a subscription came to change."""

    OPERATOR = "operator"
    IMPORT = "import"
    FORM = "form"
    CONFIRM = "confirm"
    ONE_CLICK = "one-click"
    """A mail program's own button (RFC 8058)."""
    MAILTO = "mailto"
    COMPLAINT = "complaint"
    PAGE = "page"
    MANAGE = "manage"
    UNDO = "undo"


OWNERS = frozenset({Way.CONFIRM, Way.UNDO})
"""The ways that prove somebody reads mail at the address: only these bring back a person who left."""


PROGRAMS = frozenset({Way.ONE_CLICK, Way.MAILTO})
"""The ways of leaving that a program may go by itself: a wave of these can be taken back."""
OWN_WORD = frozenset({Way.PAGE, Way.MANAGE, Way.OPERATOR})
"""Those that are a person's own word, or an operator's for them: it stays."""


class Entering(StrEnum):
    """What becomes of an address that an operator enters."""

    ADD = "add"
    CONFIRM = "confirm"
    ALREADY = "already"
    LEFT = "left"
    SUPPRESSED = "suppressed"


def may_move(old: SubscriptionState, new: SubscriptionState, way: Way) -> bool:
    """Whether a subscription may go from `old` to `new` that way."""
    if old is SubscriptionState.UNSUBSCRIBED and way not in OWNERS:
        return False
    return new in MOVES[old]


def entering(state: SubscriptionState | None, *, suppressed: bool, confirmed: bool) -> Entering:
    """Judge an operator's entry: it adds or confirms, but overrules neither leaving nor a suppression."""
    if suppressed:
        return Entering.SUPPRESSED
    if state is None:
        return Entering.ADD
    if state is SubscriptionState.UNSUBSCRIBED:
        return Entering.LEFT
    return Entering.CONFIRM if confirmed and state is SubscriptionState.PENDING else Entering.ALREADY


def given(at: datetime, way: Way, *, wording: str = "", ip: str = "", before: str = "{}") -> str:
    """Evidence that somebody agreed, as JSON: `at`, `via`, `wording`, `ip`; what was known `before` stays inside."""
    asked = _read(before)
    return _written({"at": at.isoformat(), "via": way, "wording": wording, "ip": ip, "before": asked})


def left(evidence: str, at: datetime, way: Way) -> str:
    """The same evidence, with when and how they left; why we could write until then stays known."""
    return _written({**_read(evidence), "left": {"at": at.isoformat(), "via": way}})


def left_by(evidence: str) -> str:
    """The way by which they left, "" where they did not."""
    return str((_read(evidence).get("left") or {}).get("via", ""))


def returned(evidence: str, at: datetime) -> str:
    """The evidence as it was before they left, with when they took leaving back."""
    known = _read(evidence)
    return _written({**known, "left": None, "returned": {"at": at.isoformat(), "left": known.get("left")}})


def _read(evidence: str) -> dict[str, Any]:
    known: dict[str, Any] = {} if evidence in ("", "{}") else json.loads(evidence)
    return known


def _written(known: dict[str, Any]) -> str:
    return _ENCODER.encode({key: value for key, value in known.items() if value})
