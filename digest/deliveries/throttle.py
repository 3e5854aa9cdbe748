"""Whether a relay asks us to slow down, read from the answers to one claim."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from digest.deliveries.outcome import is_the_session, reason
from digest.deliveries.reasons import status_of
from digest.model.deliveries import Fault, Outcome, OutcomeKind, Reason

SHARE = 0.2
"""Of a claim's answers: one slow recipient slows nobody else."""
_FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a claim came to: how many were answered, and the troubles, each with the recipient's domain.

    `broken` are sessions that ended before they took anything, "" their domain.
    """

    answers: int
    troubles: Sequence[tuple[str, Outcome]] = ()
    broken: Sequence[Outcome] = field(default=())


def slowed(heard: Heard, paced: Collection[str]) -> frozenset[str]:
    """Which domains of those `paced` by themselves are asked to slow down; "" is the whole sender.

    A session that ends after some messages is how relays share us out: no reason to slow down.
    """
    asked = [domain for domain, outcome in heard.troubles if _asks(outcome)]
    vague = [domain for domain, outcome in heard.troubles if _may_ask(outcome)]
    said = [*asked, *(vague if len(vague) >= _FEW else ()), *("" for each in heard.broken if _asks(each))]
    if len(said) < SHARE * max(heard.answers, 1):
        return frozenset()
    return frozenset(domain if domain in paced else "" for domain in said)


def _asks(outcome: Outcome) -> bool:
    if outcome.code == 0:
        return False
    if outcome.kind is OutcomeKind.RELAY:
        return outcome.code in (421, 450, 451, 452)
    return is_the_session(outcome) or _warns(outcome)


def _warns(outcome: Outcome) -> bool:
    """A 4.7.x about us, as great providers say it before they refuse; not one about a recipient."""
    warned = outcome.kind is OutcomeKind.DEFERRED and status_of(outcome.text).startswith("4.7.")
    about = reason(outcome)
    return warned and about.fault is not Fault.MAILBOX and about not in (Reason.GREYLISTED, Reason.RESTRICTED)


def _may_ask(outcome: Outcome) -> bool:
    """A 45x that says nothing of a mailbox: one is nothing, many are a relay that has enough."""
    vague = reason(outcome) in (Reason.BUSY, Reason.UNKNOWN)
    return outcome.kind is OutcomeKind.DEFERRED and outcome.code in (450, 451) and vague and not _asks(outcome)
