"""A ledger with an edition and people in it, a clock that we move, and a context that writes to a sink."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar

from sqlalchemy import insert, literal, select, update

from digest.deliveries import flow
from digest.deliveries.context import Context, Moved
from digest.deliveries.incident import Alert
from digest.deliveries.journal import Journal
from digest.deliveries.personalise import Links
from digest.deliveries.signing import signers
from digest.deliveries.smtp.timeouts import Timeouts
from digest.letter.compile import Compiled, compile_letter
from digest.letter.headers import Heading, Mailbox
from digest.letter.holes import Letter, Markers
from digest.model.deliveries import DeliveryState
from digest.model.subscribers import EVERYBODY, Segment
from digest.settings.digests import Digest
from digest.settings.keys import Keyring
from digest.settings.sections import Sender
from digest.store import deliveries as ledger
from digest.store import delivery_events, leases, mailings
from digest.store.database import Store, connect, sqlite_path
from digest.store.delivery_events import Doubt
from digest.store.mailings import LetterRow, MailingRow
from digest.store.schema import deliveries, digests, editions, metadata, subscribers, subscriptions

NOW = datetime(2026, 6, 26, 8, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that moves only when told, or when somebody sleeps by it."""

    at: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.at

    def tick(self, **by: float) -> None:
        self.at += timedelta(**by)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.tick(seconds=seconds)
        await asyncio.sleep(0)


def journals(store: Store) -> Path:
    """Where the workers of a ledger keep their journals: beside it, or in a folder of its own where it is no file."""
    apart = Path(tempfile.gettempdir()) / f"digest-{blake2b(store.url.encode(), digest_size=8).hexdigest()}"
    return (store.folder or apart) / "journal"


@dataclass
class House:
    """What the tests of this room live in."""

    pipelining: ClassVar[bool] = True
    """Whether senders use it; a test may say that they do not."""

    store: Store
    clock: Clock
    edition: int

    def context(self, *relays: str, **options: object) -> Context:
        sender = Sender.model_validate(
            {"slug": "main", "relays": relays, "from": "Metals Mark <news@example.org>", "rate": "unlimited"}
            | {"bounces": "bounces@bounces.example.org", "pipelining": House.pipelining, **options}
        )
        worker = secrets.token_hex(8)
        return Context(
            store=self.store,
            owner=worker,
            journal=Journal(journals(self.store), worker),
            keys=Keyring.parse("1:a key for these tests only"),
            senders={"main": sender},
            signers={"main": signers(sender)},
            digests={"newsflash": Digest(slug="newsflash", sender="main", schedule="last fri 09:00")},
            compile=compiled,
            links=links,
            reason=reason,
            clock=self.clock,
            sleep=self.clock.sleep,
            timeouts=Timeouts(connect=5, command=5, data=5, dot=5, quit=1),
            hostname="client.example.org",
        )

    def told(self, context: Context, moved: Moved) -> Context:
        return replace(context, moved=moved)

    def alerted(self, context: Context, alert: Alert) -> Context:
        return replace(context, alert=alert)

    async def people(self, count: int, *, language: str = "en", first: int = 1, state: str = "confirmed") -> None:
        """Subscribers first@…, numbered, with a subscription each."""
        numbers = range(first, first + count)
        people = [
            {"id": n, "handle": f"handle{n:05}", "email": f"person{n}@example.com", "language": language}
            | {"email_norm": f"person{n}@example.com", "name": f"Person {n}", "created_at": NOW}
            for n in numbers
        ]
        standing = [
            {"subscriber_id": n, "digest": "newsflash", "state": state, "basis": "consent", "changed_at": NOW}
            for n in numbers
        ]
        async with self.store.write() as tx:
            await tx.execute(insert(subscribers), people)
            await tx.execute(insert(subscriptions), standing)

    async def second_mailing(self, digest: str) -> int:
        """Another digest with the same subscribers, and its edition sealed."""
        async with self.store.write() as tx:
            await tx.execute(insert(digests).values(slug=digest, start_line=0, created_at=NOW))
            values = {"digest": digest, "label": "2026-06-27", "number": 1, "status": "sealed", "revision": 1}
            row = await tx.execute(
                insert(editions).values(**values, until=NOW, created_at=NOW).returning(editions.c.id)
            )
            who = select(subscribers.c.id, literal(digest), literal("confirmed"), literal("consent"), literal("{}"))
            names = ["subscriber_id", "digest", "state", "basis", "evidence", "changed_at"]
            await tx.execute(insert(subscriptions).from_select(names, who.add_columns(subscribers.c.created_at)))
            return await flow.seal(
                tx,
                edition_id=row.scalar_one(),
                revision=1,
                digest=digest,
                key_id="1",
                letters=[letter_row(0, "en", "Hello")],
                now=NOW,
                start_at=NOW,
            )

    def second_sender(self, context: Context, digest: str, relay: str) -> Context:
        """`context` with a digest that goes out by another sender."""
        sender = Sender.model_validate({"slug": "second", "url": relay, "from": "x@example.net", "rate": "unlimited"})
        other = Digest(slug=digest, sender="second", schedule="last fri 09:00")
        return replace(
            context, senders={**context.senders, "second": sender}, digests={**context.digests, digest: other}
        )

    async def leave(self, subscriber: int) -> None:
        async with self.store.write() as tx:
            chosen = subscriptions.c.subscriber_id == subscriber
            await tx.execute(update(subscriptions).where(chosen).values(state="unsubscribed"))

    async def readdress(self, subscriber: int, email: str) -> None:
        async with self.store.write() as tx:
            chosen = subscribers.c.id == subscriber
            await tx.execute(update(subscribers).where(chosen).values(email=email))

    async def rename(self, *people: int) -> None:
        """Give some addresses that only a relay with SMTPUTF8 can take."""
        async with self.store.write() as tx:
            for number in people:
                chosen = update(subscribers).where(subscribers.c.id == number)
                await tx.execute(chosen.values(email_norm=f"zoë{number}@example.com"))

    async def seal(
        self,
        *,
        start_at: datetime | None = None,
        letters: Sequence[LetterRow] | None = None,
        segment: Segment = EVERYBODY,
    ) -> int:
        async with self.store.write() as tx:
            return await flow.seal(
                tx,
                edition_id=self.edition,
                revision=1,
                digest="newsflash",
                key_id="1",
                letters=letters or [letter_row(0, "en", "Hello"), letter_row(1, "es", "Hola")],
                segment=segment,
                now=self.clock(),
                start_at=start_at or self.clock(),
            )

    async def doubts(self, *, resolved: bool = False) -> tuple[Doubt, ...]:
        async with self.store.read() as tx:
            return await delivery_events.doubts(tx, resolved=resolved)

    async def die_while_sending(self, mailing: int) -> None:
        """Do what a worker does before it is killed: take the lease and claim all there is."""
        now = self.clock()
        async with self.store.write() as tx:
            shard = await leases.take(tx, mailing, 0, owner="dead", now=now, until=now + timedelta(minutes=1))
            assert shard
            assert await ledger.claim(tx, shard, digest="newsflash", limit=100, now=now)

    async def mailing(self) -> MailingRow:
        async with self.store.read() as tx:
            found = await mailings.by_edition(tx, self.edition)
        assert found
        return found

    async def states(self) -> dict[int, DeliveryState]:
        async with self.store.read() as tx:
            rows = await tx.execute(select(deliveries.c.subscriber_id, deliveries.c.state))
            return {row.subscriber_id: DeliveryState(row.state) for row in rows}


def letter_row(variant: int, language: str, greeting: str) -> LetterRow:
    markers = Markers(token=f"{variant:032x}")
    text = f"{greeting} {markers.of('name')}\n.dots first\n{markers.of('unsubscribe')}\n"
    html = f"<p>{greeting} {markers.of('name')} <a href='{markers.of('manage')}'>manage</a></p>\n"
    return LetterRow(
        variant=variant, language=language, subject=f"News {language}", html=html, text=text, markers=markers.token
    )


def compiled(mailing: MailingRow, row: LetterRow) -> Compiled:
    letter = Letter(
        language=row.language, subject=row.subject, html=row.html, text=row.text, markers=Markers(token=row.markers)
    )
    return compile_letter(
        letter,
        Heading(
            sender=Mailbox("Metals Mark", "news@example.org"),
            list_title="Newsflash",
            list_id="newsflash.news.example.org",
        ),
    )


def links(digest: str, key_id: str) -> Links:
    base = "https://news.example.org"

    def tokens(handles: Sequence[str]) -> list[bytes]:
        return [f"{handle}.{digest}.{key_id}".encode() for handle in handles]

    return Links(unsubscribe=f"{base}/unsubscribe/", leave=tokens, manage=f"{base}/manage/", visit=tokens)


def reason(digest: str, language: str, basis: str, day: date | None) -> str:
    return "you asked for it"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[House]:
    store = connect(url)
    made = store.is_sqlite and sqlite_path(url).exists()
    async with store.write() as tx:
        if not made:
            await tx.run_sync(metadata.create_all)
    async with store.write() as tx:
        await tx.execute(insert(digests).values(slug="newsflash", start_line=0, created_at=NOW))
        values = {"digest": "newsflash", "label": "2026-06-26", "number": 1, "status": "sealed", "revision": 1}
        row = await tx.execute(insert(editions).values(**values, until=NOW, created_at=NOW).returning(editions.c.id))
        edition = row.scalar_one()
    try:
        yield House(store, Clock(), edition)
    finally:
        await store.close()
