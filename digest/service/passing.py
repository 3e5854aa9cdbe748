"""Alerts that the first sender does not get rid of: by a second sender, then by a webhook; and a relay that is down."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from digest.engine.log import get_logger
from digest.errors import FetchError
from digest.letter import again, headers
from digest.model.deliveries import NoteKind, NoteState
from digest.service import alerting, collecting
from digest.service.house import House, now
from digest.store import editions, mailings, notes
from digest.store.notes import NoteRow

WAITS = timedelta(minutes=5)
"""How long one way has to get rid of an alert, before the next is tried."""
STANDS = timedelta(minutes=30)
"""A mailing of which nothing got anywhere for so long is told of."""
_CLAIM = timedelta(minutes=2)
log = get_logger()


async def go(house: House) -> None:
    """Tell of mailings that get nowhere, and pass on alerts that wait too long; safe in many processes at once."""
    if house.settings.alerts.to:
        await _notice(house, now())
    if house.settings.alerts.sender:
        await _by_second(house, now())
    if house.settings.alerts.webhook:
        await _by_webhook(house, now())


async def _notice(house: House, at: datetime) -> None:
    """A relay that is down makes no answer that would stop a mailing: so operators hear of the silence."""
    async with house.store.read() as tx:
        still = [await mailings.get(tx, each) for each in await mailings.idle(tx, at, since=at - STANDS)]
        keys = {each.id: f"still:{each.id}:{each.active_at.isoformat()}" for each in still}
        new = [each for each in still if not await alerting.was_told(house, tx, keys[each.id])]
    for mailing in new:
        digest = house.settings.digests.get(mailing.digest)
        sender = digest.sender if digest else ""
        async with house.store.write() as tx:
            edition = await editions.get(tx, mailing.edition_id)
            title = f"{edition.digest} {edition.label} gets nowhere"
            lines = (
                f"Nothing of it got anywhere since {mailing.active_at:%Y-%m-%d %H:%M} UTC: perhaps the relay of "
                f"{sender or 'its sender'} is down, or nobody sends.",
                "Nothing is lost, and it goes on by itself. digest doctor asks the relay.",
            )
            await alerting.tell(house, tx, key=keys[mailing.id], title=title, lines=lines, sender=sender, now=at)


async def _by_second(house: House, at: datetime) -> None:
    """Let the second sender have what the first could not get rid of: the same note, in its name."""
    slug = house.settings.alerts.sender or ""
    second = house.settings.senders[slug]
    async with house.store.read() as tx:
        waiting = await notes.waiting(tx, NoteKind.ALERT, before=at - WAITS, without=slug)
    for note in waiting:
        said = again.read(note.message)
        other = replace(said, sender=headers.mailbox(second.from_), reply_to=second.reply_to or "")
        async with house.store.write() as tx:
            await notes.readdress(tx, note.id, slug, other.message(), now=at)


async def _by_webhook(house: House, at: datetime) -> None:
    """Post what no sender could get rid of, once for all addresses; what is taken there is told."""
    patience = WAITS * 2 if house.settings.alerts.sender else WAITS
    async with house.store.read() as tx:
        waiting = await notes.waiting(tx, NoteKind.ALERT, before=at - patience)
    by_words: dict[tuple[str, str], list[NoteRow]] = defaultdict(list)
    for note in waiting:
        async with house.store.write() as tx:
            claimed = await notes.claim(tx, note.id, now=at, until=at + _CLAIM)
        if claimed:
            said = again.read(claimed.message)
            by_words[said.subject, said.text].append(claimed)
    for (subject, text), claims in by_words.items():
        taken = await _post(house, subject, text)
        await _settle(house, claims, taken)


async def _post(house: House, subject: str, text: str) -> bool:
    webhook = house.settings.alerts.webhook
    assert webhook is not None  # noqa: S101 - asked for only where there is one
    words = {"title": subject, "text": f"{subject}\n\n{text}", "site": house.settings.site.url}
    url = webhook.get_secret_value()
    try:
        async with collecting.fetcher(house) as client:
            await client.post(url, json.dumps(words, ensure_ascii=False).encode(), own=url)
    except FetchError as error:
        # The address is a secret in itself, and stands in no log.
        log.error("webhook failed", error=error.message)
        return False
    return True


async def _settle(house: House, claims: Sequence[NoteRow], taken: bool) -> None:
    state = NoteState.ACCEPTED if taken else NoteState.OWED
    reply = "by the webhook" if taken else "the webhook did not take it"
    async with house.store.write() as tx:
        for note in claims:
            await notes.settle(tx, note.id, state, reply=reply, due_at=now(), attempts=note.attempts)
