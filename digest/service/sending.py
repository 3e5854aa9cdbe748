"""Sending: an edition by hand, what was deferred, one test letter."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from digest.deliveries import flow
from digest.deliveries.context import Routes
from digest.deliveries.flow import Progress, Report
from digest.deliveries.notes import send_one
from digest.deliveries.seal import freeze
from digest.editions.flow import Draft, held_draft
from digest.errors import DeliveryError, EditionError, UsageError
from digest.letter import headers
from digest.letter.banner import over_html, over_text
from digest.letter.notes import Note
from digest.model.deliveries import OutcomeKind
from digest.model.editions import Edition, EditionStatus
from digest.service import composing, noting, previewing, steering, stopping, witness
from digest.service.checking import check_keys
from digest.service.house import House, now
from digest.service.planning import planned
from digest.service.posting import context
from digest.store import audiences, editions, mailings, shards
from digest.store.shards import Counts
from digest.store.stopping import Stop
from digest.subscribers import address as addresses
from digest.subscribers.address import Refused

HORIZON = timedelta(seconds=60)
"""A run by hand waits this long for what is due again, and no longer."""

_TEST = "A test: this is how it would be now. Its links act on nobody."

_UNAGREED = "nobody has agreed to it yet"
_CLOSED = "of what was corrected or cancelled since"

Ask = Callable[[str], bool]
Bar = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    digest: str
    at: datetime | None
    grace: float | None
    """Seconds before the first mail; None takes the digest's."""
    approve: bool = False
    by: str = "operator"
    """Who approves, as the audit names them."""
    ask: Ask
    progress: Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a run came to; `settled` when nothing is owed or in doubt any more."""

    words: str
    settled: bool


async def send(house: House, request: Request) -> Sent:
    """Go on with the edition that is unfinished, or seal what is owed, and deliver it. Nothing is sent twice."""
    digest = house.digest(request.digest)
    check_keys(house.settings)
    await witness.refuse(house.store)
    await stopping.refuse(house)
    composing.past(request.at)
    grace = timedelta(seconds=request.grace) if request.grace is not None else digest.grace
    edition = await _started(house, request)
    if edition is None:
        made = await composing.compose(house, request.digest, at=request.at)
        if made.edition is None:
            return Sent(words=made.words, settled=True)
        edition = made.edition
    if edition.status is EditionStatus.HELD:
        if not request.approve:
            words = f"{edition.digest} {edition.label} is held until somebody approves it: --approve, or `approve`."
            return Sent(words=words, settled=False)
        async with house.store.read() as tx:
            draft = await held_draft(tx, digest, edition)
            people = await audiences.count(tx, digest.slug, now(), segment=digest.audience.segment)
        start = max(now(), edition.slot_at or now()) + grace
        if not request.ask(f"{_holds(draft)}\n{await _announced(house, edition, people, start)}"):
            return Sent(words=f"{edition.digest} {edition.label} stays held; nothing was sent.", settled=False)
        edition = await composing.approve(house, edition, grace=grace, named=draft.fingerprint, by=request.by)
        request = replace(request, ask=lambda _: True)
    return await _deliver(house, edition, grace if request.grace is not None else None, request)


async def retry(house: House, *, uncertain: bool, progress: Bar) -> Sent:
    """Make what is deferred due now, with `uncertain` the doubts too, and send it."""
    await witness.refuse(house.store)
    await stopping.refuse(house)
    async with house.store.write() as tx:
        await flow.retry(tx, now=now(), uncertain=uncertain)
    report = await flow.run_due(context(house), horizon=HORIZON, progress=_bar(progress))
    sent = _sent(report, "all mailings")
    async with house.store.read() as tx:
        closed = await mailings.closed_doubts(tx) if uncertain else 0
    if not closed:
        return sent
    return replace(sent, words=f"{sent.words} Not sent again, but still listed: {closed} in doubt {_CLOSED}.")


async def test_send(house: House, slug: str, *, to: str, at: datetime | None, language: str | None) -> str:
    """Send the edition as it would be to one address, marked as a test: nothing is sealed, and nothing kept of it."""
    address = addresses.read(to)
    if isinstance(address, Refused):
        raise UsageError(address.why, about=to)
    digest = house.digest(slug)
    await witness.refuse(house.store)
    shown = await previewing.preview(house, slug, at=at, language=language)
    if shown.empty:
        raise EditionError(shown.why, about=slug)
    sender = house.settings.senders[digest.sender]
    note = Note(subject=f"[Test] {shown.subject}", text=over_text(shown.text, _TEST), html=over_html(shown.html, _TEST))
    message = noting.message(sender, headers.mailbox(address.email), note, mac=secrets.token_bytes(16), date=now())
    sending = context(house)
    async with Routes(sending) as routes:
        outcome = await send_one(sending, routes, sender.slug, address.norm, message)
    if outcome.kind is not OutcomeKind.ACCEPTED:
        raise DeliveryError(f"the test letter was not accepted: {outcome}", about=to)
    return f"A test letter of {slug} was accepted for {house.settings.rehearsal or to}."


async def _started(house: House, request: Request) -> Edition | None:
    async with house.store.read() as tx:
        if request.at is not None:
            return await editions.made_for(tx, request.digest, request.at)
        return await editions.unfinished(tx, request.digest)


async def _deliver(house: House, edition: Edition, grace: timedelta | None, request: Request) -> Sent:
    name = f"{edition.digest} {edition.label}"
    await freeze(house.store, now=now())
    async with house.store.read() as tx:
        mailing = await mailings.by_edition(tx, edition.id)
        counts = await shards.counts(tx, mailing.id) if mailing else Counts()
    if mailing is None or edition.status in (EditionStatus.SENT, EditionStatus.CANCELLED):
        return Sent(words=f"{name} is {edition.status}: {_words(counts)}", settled=not counts.uncertain)
    if edition.status is EditionStatus.PAUSED and mailing.why != _UNAGREED:
        raise EditionError(f"is paused ({mailing.why}); `digest editions resume {name}` goes on", about=name)
    untouched = counts.answered == 0
    start = mailing.start_at if grace is None else now() + grace
    if untouched and not await _agreed(house, edition, request, await _announced(house, edition, counts.owed, start)):
        words = f"{name} is sealed and paused; nothing was sent. It goes out once you agree, or `resume` it."
        return Sent(words=words, settled=False)
    if grace is not None and untouched:
        async with house.store.write() as tx:
            await mailings.start(tx, mailing, now() + grace)
            mailing = await mailings.get(tx, mailing.id)
    return await go_on(house, mailing.id, grace=mailing.start_at - now(), name=name, progress=request.progress)


async def _agreed(house: House, edition: Edition, request: Request, words: str) -> bool:
    """Whether somebody wants it to go. What they did not agree to is paused, or `digest serve` would send it soon."""
    agreed, held = request.ask(words), edition.status is EditionStatus.PAUSED
    if agreed and held:
        await steering.act(house, "resume", edition.digest, edition.label, "agreed to", by=request.by)
    if not agreed and not held:
        await steering.act(house, "pause", edition.digest, edition.label, _UNAGREED, by=request.by)
    return agreed


async def go_on(house: House, mailing: int, *, grace: timedelta, name: str, progress: Bar) -> Sent:
    """Deliver one mailing, once its grace is over."""
    wait = max(HORIZON, grace + HORIZON)
    report = await flow.run_due(context(house), horizon=wait, mailing=mailing, progress=_bar(progress))
    return _sent(report, name, await stopping.standing(house))


def _holds(draft: Draft) -> str:
    """The draft that is about to be approved, by what names it, and a line for each announcement."""
    titles = (item.version(draft.snapshot.language).title for item in draft.snapshot.items)
    return "\n  ".join((f"{draft.digest.slug} {draft.snapshot.label} is draft {draft.short}:", *titles))


async def _announced(house: House, edition: Edition, people: int, start: datetime) -> str:
    digest = house.digest(edition.digest)
    async with house.store.read() as tx:
        plan = await planned(house, tx, digest, people, start=start)
    return f"{edition.digest} {edition.label} goes out from {house.settings.senders[digest.sender].from_}. {plan}."


def _sent(report: Report, name: str, stop: Stop | None = None) -> Sent:
    counts = report.counts
    settled = not (counts.owed or counts.deferred or counts.uncertain or report.paused)
    words = f"{name}: {_words(counts)}"
    words += "".join(f" Paused: {mailing.why}." for mailing in report.paused)
    words += f" Mind: {stop.words}." if stop else ""
    if report.relay_error:
        words += f" The relay could not be used: {report.relay_error}."
    if report.next_due and not settled:
        words += f" Next try {report.next_due:%Y-%m-%d %H:%M} UTC."
    return Sent(words=words, settled=settled)


def _words(counts: Counts) -> str:
    said = [f"{counts.accepted} accepted"]
    owed = counts.owed + counts.deferred
    said += [f"{number} {word}" for number, word in _others(counts, owed) if number]
    return ", ".join(said) + "."


def _others(counts: Counts, owed: int) -> tuple[tuple[int, str], ...]:
    return (
        (counts.rejected, "rejected"),
        (counts.withdrawn, "withdrawn"),
        (owed, "still owed"),
        (counts.uncertain, "uncertain"),
    )


def _bar(progress: Bar) -> Callable[[Progress], None]:
    def advance(news: Progress) -> None:
        counts = news.counts
        progress(counts.audience - counts.owed, counts.audience)

    return advance
