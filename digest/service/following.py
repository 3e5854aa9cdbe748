"""An edition goes along with its mailing, in the same transaction: no crash leaves the two apart."""

from __future__ import annotations

from digest.model.deliveries import MailingKind, MailingStatus
from digest.model.editions import Edition, EditionStatus
from digest.service.house import now
from digest.store import editions
from digest.store.database import Tx
from digest.store.mailings import MailingRow

_ALONG = {
    MailingStatus.PROVING: EditionStatus.SENDING,
    MailingStatus.SENDING: EditionStatus.SENDING,
    MailingStatus.PAUSED: EditionStatus.PAUSED,
    MailingStatus.SENT: EditionStatus.SENT,
}


async def follow(tx: Tx, mailing: MailingRow) -> None:
    """Move the edition to where its mailing is, by legal steps; a correction's note moves none."""
    wanted = _ALONG.get(mailing.status) if mailing.kind is MailingKind.EDITION else None
    edition = await editions.get(tx, mailing.edition_id)
    if wanted is None or edition.status is wanted:
        return
    if edition.status in (EditionStatus.SEALED, EditionStatus.PAUSED):
        edition = await _step(tx, edition, EditionStatus.SENDING, "")
    if edition.status is EditionStatus.SENDING and wanted is not EditionStatus.SENDING:
        await _step(tx, edition, wanted, mailing.why)


async def _step(tx: Tx, edition: Edition, status: EditionStatus, why: str) -> Edition:
    return await editions.move(tx, edition, status, now=now(), why=why)
