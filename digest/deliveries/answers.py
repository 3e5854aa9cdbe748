"""Who hears what a relay says of a letter: the journal, and where it is wanted the log."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.deliveries.page import Page
from digest.deliveries.smtp.batch import Answered, Batch, unheard, untold
from digest.deliveries.smtp.parcel import Parcel
from digest.engine.log import get_logger
from digest.model.deliveries import Outcome, OutcomeKind

_log = get_logger()
_IDENTITY = re.compile(rb"^Message-ID:\s*(<[^>\r\n]+>)", re.MULTILINE | re.IGNORECASE)
_ADDRESS = re.compile(r"\S+@\S+")


def heard(parcels: Sequence[Parcel], page: Page | None = None, *, log: bool) -> Batch:
    """The parcels as a batch, of whose steps the `page` of a journal is told; `log` those that are taken."""
    dotted, answered = (page.dotted, page.answered) if page else (untold, unheard)
    return Batch(parcels, before_dot=dotted, answered=_logged(parcels, answered) if log else answered)


def _logged(parcels: Sequence[Parcel], answered: Answered) -> Answered:
    """A relay's queue id beside our Message-ID. Some relays repeat the address: nobody's stands in the log."""

    def told(place: int, outcome: Outcome) -> None:
        answered(place, outcome)
        if outcome.kind is OutcomeKind.ACCEPTED:
            found = _IDENTITY.search(b"".join(parcels[place].message))
            answer = _ADDRESS.sub("(an address)", f"{outcome.code} {outcome.text}")
            _log.info("letter taken", message_id=found[1].decode("ascii", "replace") if found else "", answer=answer)

    return told
