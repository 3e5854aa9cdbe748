"""One tick: collect what is due, answer the slots that are owed, send what may go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from digest.collect.flow import SourceReport
from digest.deliveries import flow
from digest.deliveries.context import Context
from digest.editions.owe import Window
from digest.engine.log import get_logger
from digest.errors import DigestError
from digest.model.editions import Edition
from digest.schedules.tick import tick as owed_slots
from digest.service import alerting, collecting, composing, drafting, rounds, stopping, witness
from digest.service.house import House, now
from digest.service.posting import context
from digest.store import editions, schedules
from digest.store.schedules import OwedSlot
from digest.store.stopping import Stop

PATIENCE = timedelta(seconds=5)
"""What is due again so soon is waited for: a slow pace has its places a few seconds apart."""
log = get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a slot: it has its edition or needs none, or else waits for another try."""

    slot: OwedSlot
    words: str
    done: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the clock: the sources it read, the slots it answered, the letters that went."""

    sources: tuple[SourceReport, ...]
    answers: tuple[Answer, ...]
    report: flow.Report
    stop: Stop | None

    @property
    def failed(self) -> bool:
        """Whether an edition could not be made. Letters that are still owed are no failure: they are tried again."""
        return not all(answer.done for answer in self.answers)

    @property
    def words(self) -> str:
        """What it came to; what keeps editions and letters from going is never left out."""
        read = sum(not source.error for source in self.sources)
        answered, report = sum(answer.done for answer in self.answers), self.report
        counts = ((read, "source", "read"), (answered, "slot", "answered"), (report.accepted, "mail", "accepted"))
        said = [f"{number:,} {thing}{'s' * (number != 1)} {done}" for number, thing, done in counts]
        said += [f"{report.notes:,} note{'s' * (report.notes != 1)} accepted"] if report.notes else []
        lines = [", ".join(said)]
        lines += [f"{source.source} could not be read: {source.error}" for source in self.sources if source.error]
        lines += [f"{a.slot.digest} {a.slot.key} has no edition yet: {a.words}" for a in self.answers if not a.done]
        lines += [f"The relay could not be used: {report.relay_error}"] if report.relay_error else []
        lines += [f"Mind: {self.stop.words}"] if self.stop else []
        return " ".join(f"{line.rstrip('.')}." for line in lines)


async def once(house: House) -> Look:
    """Collect, answer slots and send, once."""
    reports = await collecting.collect_due(house)
    answers = await slots(house)
    await rounds.go(house)
    await witness.refuse(house.store)
    report = await deliver(context(house))
    return Look(sources=reports, answers=answers, report=report, stop=await stopping.standing(house))


async def slots(house: House) -> tuple[Answer, ...]:
    """Compose the edition of every slot that is owed."""
    owed = await owed_slots(house.store, house.settings, now=now())
    if owed:
        await collecting.refresh(house)
    answers = tuple([await _answer(house, slot) for slot in owed])
    await _let_go(house)
    return answers


async def deliver(sender: Context) -> flow.Report:
    """Send the notes and mailings that are due; their editions go along."""
    return await flow.run_due(sender, horizon=PATIENCE)


async def _answer(house: House, slot: OwedSlot) -> Answer:
    """The slot's edition, made once: its row is taken in the same moment by nobody else."""
    digest = house.digest(slot.digest)
    try:
        async with house.store.read() as tx:
            made = await editions.made_for(tx, slot.digest, slot.at)
        if made is None:
            # A draft made ahead is closed when it is made.
            closed = Window(until=min(slot.at, slot.seen_at))
            done = await composing.seal(house, slot.digest, window=closed, slot=slot, grace=digest.grace)
            words = done.words
        else:
            words = f"{slot.digest} {made.label} was there already."
            async with house.store.write() as tx:
                await schedules.answer_slot(tx, slot, edition=made.id)
    except DigestError as error:
        # Tried again at the next tick: a slot is answered by an edition, not by an attempt.
        log.error("slot not answered", digest=slot.digest, slot=slot.key, error=str(error))
        return Answer(slot, str(error), done=False)
    log.info("slot answered", digest=slot.digest, slot=slot.key, words=words)
    return Answer(slot, words)


async def _let_go(house: House) -> None:
    """Of drafts that nobody approved by their time: seal them where the digest says so, else remind the operators."""
    for slug, digest in house.settings.digests.items():
        if digest.approval != "manual":
            continue
        async with house.store.read() as tx:
            held = await editions.held(tx, slug)
        if held is None or held.slot_at is None or held.slot_at > now():
            continue
        if digest.unapproved == "hold":
            await _remind(house, held)
            continue
        try:
            await drafting.approve(house, slug, held.label, draft="", by="the clock", why="nobody did by its time")
        except DigestError as error:
            log.error("draft not sealed", digest=slug, edition=held.label, error=str(error))


async def _remind(house: House, held: Edition) -> None:
    """Tell operators, once, that an edition's time has come and nobody has approved it."""
    name, key = f"{held.digest} {held.label}", f"unapproved:{held.id}"
    async with house.store.read() as tx:
        if await alerting.was_told(house, tx, key):
            return
    lines = (
        "Its time has come, and nobody has approved it. It stays held, and then goes into the next draft.",
        f"To look: digest editions preview {held.digest} --draft {held.label}. "
        f"To let it go: digest editions approve {name} --draft, and the fingerprint that it shows.",
    )
    sender = house.digest(held.digest).sender
    async with house.store.write() as tx:
        await alerting.tell(house, tx, key=key, title=f"{name} waits", lines=lines, sender=sender, now=now())
