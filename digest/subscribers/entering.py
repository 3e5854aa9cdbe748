"""What an operator enters: one address, or a file of them; neither overrules leaving or a suppression."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from digest.model.subscribers import Basis, Subscription, SubscriptionState
from digest.store import attributes, departures, subscribers, suppressions
from digest.store.database import Store, Tx
from digest.subscribers import address as addresses
from digest.subscribers import consent, csvfile, tokens
from digest.subscribers.address import Refused
from digest.subscribers.consent import Entering, Way
from digest.subscribers.csvfile import Line, RefusedLine

BATCH = 2_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """How an entry came: for which digest, whether vouched for as confirmed, on what basis and when."""

    digest: str
    confirmed: bool
    way: Way
    now: datetime
    basis: Basis = Basis.CONSENT
    wording: str = ""
    dry: bool = False
    """Only judge; nothing is written."""
    seen: set[str] = field(default_factory=set)
    """Addresses that this entry has brought already."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How an import went: new ones, those that were there, and (line, address, why) of each refused."""

    imported: int
    already: int
    refused: tuple[tuple[int, str, str], ...]


async def add(
    store: Store,
    email: str,
    digest: str,
    *,
    name: str = "",
    language: str = "",
    confirmed: bool = False,
    now: datetime,
) -> Entering | Refused:
    """Enter one person: pending, or confirmed when the operator vouches for it; says what became of it."""
    address, named, tag = addresses.read(email), addresses.read_name(name), addresses.read_language(language)
    for part in (address, named, tag):
        if isinstance(part, Refused):
            return part
    assert not isinstance(address, Refused) and isinstance(named, str) and isinstance(tag, str)  # noqa: S101, PT018
    entry = Entry(digest, confirmed, Way.OPERATOR, now)
    async with store.write() as tx:
        [(_, verdict, _)] = await _enter(tx, [Line(1, address, named, tag)], entry)
    return verdict


async def import_csv(
    store: Store,
    path: Path,
    digest: str,
    *,
    confirmed: bool,
    now: datetime,
    progress: Callable[[int], None] | None = None,
    basis: Basis = Basis.CONSENT,
    columns: Mapping[str, str] | None = None,
    encoding: str = "",
    dry: bool = False,
) -> ImportReport:
    """Enter a file of people, two thousand in a transaction; `progress` is told how many lines each time.

    `columns` says which column of the file is which of our fields, `encoding` what it is written in; `dry` only
    reports what would become of each.

    What was imported stays when a later line stops the file (UsageError): run it again, nobody is entered twice.
    """
    entry = Entry(digest, confirmed, Way.IMPORT, now, basis, path.name, dry)
    imported = already = 0
    refused: list[tuple[int, str, str]] = []
    for batch in _batches(csvfile.read(path, digest, columns, encoding)):
        good = [line for line in batch if isinstance(line, Line)]
        bad = [(line.number, line.address, line.why) for line in batch if isinstance(line, RefusedLine)]
        async with store.read() if dry else store.write() as tx:
            outcomes = await _enter(tx, good, entry)
        imported += sum(verdict in (Entering.ADD, Entering.CONFIRM) for _, verdict, _ in outcomes)
        already += sum(verdict is Entering.ALREADY for _, verdict, _ in outcomes)
        bad += [(line.number, line.address.email, why) for line, _, why in outcomes if why]
        refused += sorted(bad)
        if progress:
            progress(len(batch))
        await asyncio.sleep(0)
    return ImportReport(imported, already, tuple(refused))


async def _enter(tx: Tx, lines: Sequence[Line], entry: Entry) -> list[tuple[Line, Entering, str]]:
    """Judge and write one batch; each line with what became of it, and why where it is refused."""
    emails = {line.address.norm for line in lines}
    suppressed = await suppressions.among(tx, emails)
    known = await subscribers.ids(tx, emails)
    standings = await subscribers.standings(tx, entry.digest, known.values())
    gone = _gone(known, standings) | await departures.among(tx, entry.digest, {email.lower() for email in emails})
    outcomes: list[tuple[Line, Entering, str]] = []
    for line in lines:
        norm = line.address.norm
        old = standings.get(known.get(norm, 0))
        state, left = old.state if old else None, gone.get(norm.lower())
        if left and state is not SubscriptionState.CONFIRMED:
            # Whoever left as `ada@` does not come back as `Ada@`.
            state = SubscriptionState.UNSUBSCRIBED
        verdict = consent.entering(state, suppressed=norm in suppressed, confirmed=entry.confirmed)
        if norm in entry.seen and verdict in (Entering.ADD, Entering.CONFIRM):
            verdict = Entering.ALREADY
        entry.seen.add(norm)
        outcomes.append((line, verdict, why(verdict, left)))
    if not entry.dry:
        await _write(tx, outcomes, entry, known, standings)
    return outcomes


def _gone(known: Mapping[str, int], standings: Mapping[int, Subscription]) -> dict[str, datetime]:
    """Who left and when, by address in lower case: however it was spelt when they did."""
    theirs = ((norm, standings.get(subscriber)) for norm, subscriber in known.items())
    left = SubscriptionState.UNSUBSCRIBED
    return {norm.lower(): standing.changed_at for norm, standing in theirs if standing and standing.state is left}


def why(verdict: Entering, left: datetime | None) -> str:
    """Why an entry is refused, in words; empty when it is not."""
    if verdict is Entering.SUPPRESSED:
        return "The address is suppressed: nothing may be written to it."
    if verdict is Entering.LEFT:
        when = f" on {left:%Y-%m-%d}" if left else ""
        return f"This person unsubscribed{when}; only they can come back."
    return ""


async def _write(
    tx: Tx,
    outcomes: Sequence[tuple[Line, Entering, str]],
    entry: Entry,
    known: Mapping[str, int],
    standings: Mapping[int, Subscription],
) -> None:
    new = [line for line, verdict, _ in outcomes if verdict is Entering.ADD]
    unknown = [line for line in new if line.address.norm not in known]
    handles = tokens.new_handles(len(unknown))
    await subscribers.add_many(tx, [_person(line, next(handles), entry.now) for line in unknown])
    ids = await subscribers.ids(tx, {line.address.norm for line in new})
    await subscribers.subscribe(tx, [_first(ids[line.address.norm], line, entry) for line in new])
    await _describe(tx, outcomes, {**known, **ids})
    for line, verdict, _ in outcomes:
        if verdict is Entering.CONFIRM:
            old = standings[known[line.address.norm]]
            evidence = _evidence(line, entry, before=old.evidence)
            await subscribers.move(
                tx, old, SubscriptionState.CONFIRMED, evidence=evidence, now=entry.now, confirmed=True
            )


async def _describe(tx: Tx, outcomes: Sequence[tuple[Line, Entering, str]], ids: Mapping[str, int]) -> None:
    """Keep what the list says besides; of whoever is refused nothing is kept."""
    rows = [
        {"subscriber_id": ids[line.address.norm], "name": name, "value": value}
        for line, _, why in outcomes
        if not why
        for name, value in line.attributes.items()
    ]
    await attributes.set_many(tx, rows)


def _person(line: Line, handle: str, now: datetime) -> dict[str, object]:
    return {
        "handle": handle,
        "email": line.address.email,
        "email_norm": line.address.norm,
        "name": line.name,
        "language": line.language,
        "text_only": line.text_only,
        # A suppressed address never comes this far.
        "suppressed": False,
        "created_at": now,
    }


def _first(subscriber: int, line: Line, entry: Entry) -> Subscription:
    return Subscription(
        subscriber=subscriber,
        digest=entry.digest,
        state=SubscriptionState.CONFIRMED if entry.confirmed else SubscriptionState.PENDING,
        basis=line.basis or entry.basis,
        evidence=_evidence(line, entry),
        changed_at=entry.now,
        confirmed_at=entry.now if entry.confirmed else None,
    )


def _evidence(line: Line, entry: Entry, *, before: str = "{}") -> str:
    wording = f"{entry.wording}, line {line.number}" if entry.way is Way.IMPORT else entry.wording
    told = dict(line.evidence)
    if told:
        # What the service it was exported from knew: when they agreed, and from where.
        before = json.dumps({**told, "before": json.loads(before or "{}") or None}, ensure_ascii=False, sort_keys=True)
    return consent.given(entry.now, entry.way, wording=wording, before=before)


def _batches(lines: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(lines)
    while batch := list(islice(rest, BATCH)):
        yield batch
