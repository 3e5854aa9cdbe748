"""The ledger keeps the same promises on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from digest.errors import EditionError, StoreError
from digest.model.editions import Disposition, Edition, EditionStatus
from digest.store import digests, dispositions, editions, migrate
from digest.store.database import Store, Tx, among, connect, insert_ignore, many_words, upsert
from digest.store.schema import announcements, counters, items, metadata, sources

NOW = datetime(2026, 6, 26, 8, 0, tzinfo=UTC)


def run_on(url: str, scenario: Callable[[Store], Awaitable[object]]) -> object:
    async def main() -> object:
        store = connect(url)
        try:
            await migrate.upgrade(store)
            return await scenario(store)
        finally:
            await store.close()

    return asyncio.run(main())


def test_migrated_indexes_are_the_schemas(store_url: str) -> None:
    """After migration every table, index and unique constraint that the schema names is there, and no other."""

    async def scenario(store: Store) -> None:
        async with store.read() as tx:
            assert [] == await tx.run_sync(migrate.index_differences)

    run_on(store_url, scenario)


def test_migrating_twice_changes_nothing(store_url: str) -> None:
    """`db upgrade` may run in many processes, one after another or at once."""

    async def scenario(store: Store) -> None:
        await asyncio.gather(migrate.upgrade(store), migrate.upgrade(store))
        await migrate.ready(store)

    run_on(store_url, scenario)


def test_instants_come_back_aware_in_utc(store_url: str) -> None:
    """A time with any zone goes in; the same instant comes out, aware and UTC."""
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    at = datetime(2026, 6, 26, 13, 45, 0, 123456, tzinfo=kathmandu)

    async def scenario(store: Store) -> None:
        async with store.write() as tx:
            await tx.execute(insert(announcements).values(public_id="x", seq=1, **_times(at)))
        async with store.read() as tx:
            found = (await tx.execute(select(announcements.c.effective_at))).scalar_one()
        assert (at, timedelta(0)) == (found, found.utcoffset())

    run_on(store_url, scenario)


def test_an_error_tells_nobodys_address(store_url: str) -> None:
    """What a statement was about stays out of logs and traces."""

    async def scenario(store: Store) -> None:
        for opened in (store.write, store.read, store.glance):
            with pytest.raises((DBAPIError, StoreError)) as told:
                async with opened() as tx:
                    await tx.execute(text("SELECT :email FROM nowhere"), {"email": "ana@example.org"})
            logged = "".join(traceback.format_exception(told.value))
            assert ("nowhere" in logged, "ana@" in logged.replace('"ana@example.org"', "")) == (True, False)

    run_on(store_url, scenario)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """It holds addresses; so does what SQLite puts beside it."""

    async def scenario(store: Store) -> None:
        async with store.read() as tx:
            await digests.unknown(tx, ["newsflash"])
        assert {0o600} == await asyncio.to_thread(modes)

    def modes() -> set[int]:
        return {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}

    run_on(f"sqlite:///{tmp_path}/digest.db", scenario)


def test_naive_instants_are_refused(store_url: str) -> None:
    """A datetime without a zone never reaches the ledger."""

    async def scenario(store: Store) -> None:
        with pytest.raises(Exception, match="naive"):
            async with store.write() as tx:
                await tx.execute(insert(announcements).values(public_id="x", seq=1, **_times(datetime(2026, 1, 1))))  # noqa: DTZ001

    run_on(store_url, scenario)


def test_a_failed_block_leaves_nothing(store_url: str) -> None:
    """What a block wrote before it raised is gone."""

    async def scenario(store: Store) -> None:
        with pytest.raises(RuntimeError):
            async with store.write() as tx:
                await tx.execute(insert(counters).values(name="a", value=1))
                raise RuntimeError
        async with store.read() as tx:
            assert [] == (await tx.execute(select(counters))).all()

    run_on(store_url, scenario)


@pytest.mark.parametrize("aside", [True, False])
def test_work_is_carried_out_whole_or_not_at_all(store_url: str, aside: bool) -> None:
    """It gives what the work gives; what failed leaves nothing, and the next is taken as if nothing had been."""

    async def scenario(store: Store) -> None:
        async def work(tx: Tx) -> int:
            await tx.execute(insert(counters).values(name="whole", value=7))
            found: int = (await tx.execute(select(counters.c.value).where(counters.c.name == "whole"))).scalar_one()
            return found

        async def fails(tx: Tx) -> None:
            await tx.execute(insert(counters).values(name="half", value=1))
            raise ValueError("half done")

        assert 7 == await store.carry_out(work, aside=aside)
        with pytest.raises(DBAPIError):
            await store.carry_out(work, aside=aside)
        with pytest.raises(ValueError, match="half done"):
            await store.carry_out(fails, aside=aside)
        async with store.write() as tx:
            await tx.execute(insert(counters).values(name="after", value=1))
        async with store.read() as tx:
            found = set((await tx.execute(select(counters.c.name))).scalars())
        assert ({"whole", "after"}, set()) == (found & {"whole", "after"}, found & {"half"})

    run_on(store_url, scenario)


def test_work_aside_waits_for_its_transaction_alone(tmp_path: Path) -> None:
    """Where it waits for the loop it is refused, with nothing done; and who is cancelled meanwhile hears it end."""
    went, told = threading.Event(), threading.Event()

    async def waits(tx: Tx) -> None:
        await tx.execute(insert(counters).values(name="waits", value=1))
        await asyncio.sleep(0)

    async def slow(tx: Tx) -> None:
        went.set()
        told.wait(60)
        await tx.execute(insert(counters).values(name="slow", value=1))

    async def scenario(store: Store) -> None:
        with pytest.raises(RuntimeError, match="something else"):
            await store.carry_out(waits)
        task = asyncio.create_task(store.carry_out(slow))
        await asyncio.to_thread(went.wait, 60)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        told.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with store.read() as tx:
            names = set((await tx.execute(select(counters.c.name))).scalars())
        assert {"slow"} == names & {"slow", "waits"}

    run_on(f"sqlite:///{tmp_path}/digest.db", scenario)


def test_a_reader_cannot_write(store_url: str) -> None:
    """`read` is a promise that the database keeps."""

    async def scenario(store: Store) -> None:
        with pytest.raises((DBAPIError, StoreError)):
            async with store.read() as tx:
                await tx.execute(insert(counters).values(name="a", value=1))

    run_on(store_url, scenario)


def test_a_constraint_decides_between_two(store_url: str) -> None:
    """Of two that insert the same key, one wins and the other changes nothing; an upsert changes what it names."""

    async def scenario(store: Store) -> None:
        async with store.write() as tx:
            await tx.execute(insert_ignore(tx, counters).values(name="a", value=1))
            await tx.execute(insert_ignore(tx, counters).values(name="a", value=2))
            await tx.execute(upsert(tx, counters, {"name": "b", "value": 1}, key=["name"]))
            await tx.execute(upsert(tx, counters, {"name": "b", "value": 3}, key=["name"]))
        async with store.read() as tx:
            rows = (await tx.execute(select(counters).order_by(counters.c.name))).all()
        assert [("a", 1), ("b", 3)] == [tuple(row) for row in rows]

    run_on(store_url, scenario)


@pytest.mark.parametrize("words", ["a\0b", "\0", "\0\0 and so on"])
def test_a_nul_is_taken_and_sought_on_either(store_url: str, words: str) -> None:
    """What a relay, a site or a visitor sends may hold one: no statement fails for it."""

    async def scenario(store: Store) -> None:
        async with store.write() as tx:
            await tx.execute(insert(sources).values(slug="one", kind="feed", url=words))
            await tx.execute(insert(sources).values(slug="two", kind="feed", url="else"))
        async with store.read() as tx:
            query = select(sources.c.slug).where(sources.c.url == words)
            assert ["one"] == list((await tx.execute(query)).scalars())
            query = select(sources.c.slug).where(among(tx.dialect.name, sources.c.url))
            assert ["two"] == list((await tx.execute(query, many_words(tx, ["else", "no\0ne"]))).scalars())

    run_on(store_url, scenario)


def test_an_item_needs_its_announcement(store_url: str) -> None:
    """Foreign keys hold on both."""

    async def scenario(store: Store) -> None:
        with pytest.raises(DBAPIError):
            async with store.write() as tx:
                await tx.execute(insert(sources).values(id=1, slug="a", kind="feed", url="https://example.org"))
                await tx.execute(insert(items).values(source_id=1, announcement_id=99, **_item()))

    run_on(store_url, scenario)


def test_the_start_line_is_fixed_once(store_url: str) -> None:
    """A digest named for the first time begins after what is there, and stays where it began."""

    async def scenario(store: Store) -> None:
        async with store.write() as tx:
            await digests.declare(tx, ["first"], NOW)
            await tx.execute(insert(announcements).values(public_id="x", seq=7, **_times(NOW)))
            await digests.declare(tx, ["first", "second"], NOW)
        async with store.read() as tx:
            assert (0, 7) == (await digests.start_line(tx, "first"), await digests.start_line(tx, "second"))

    run_on(store_url, scenario)


def test_an_old_schema_refuses_to_start(postgres_url: str) -> None:
    """An empty PostgreSQL is not filled by surprise: the error names the database and the command."""

    async def main() -> None:
        store = connect(postgres_url)
        try:
            with pytest.raises(StoreError, match="db upgrade"):
                await migrate.ready(store)
        finally:
            await store.close()

    asyncio.run(main())


def test_an_empty_sqlite_store_is_made_on_first_use(tmp_path: Path) -> None:
    """The embedded default needs no command before the first."""

    async def main() -> int:
        store = connect(f"sqlite:///{tmp_path}/new/digest.db")
        try:
            await migrate.ready(store)
            async with store.read() as tx:
                return len((await tx.execute(select(counters))).all())
        finally:
            await store.close()

    assert asyncio.run(main()) == 0


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Somebody's letter, or what a disk made of ours: a sentence, and the file stays as it is."""
    (tmp_path / "letter.txt").write_text("Dear reader, " * 100)
    store = connect(f"sqlite:///{tmp_path}/letter.txt")

    async def main() -> None:
        try:
            with pytest.raises(StoreError, match=r"letter\.txt: file is not a database"):
                await migrate.ready(store)
        finally:
            await store.close()

    asyncio.run(main())
    assert "Dear reader, " * 100 == (tmp_path / "letter.txt").read_text()


def test_somebody_elses_database_is_named_without_its_password(postgres_url: str) -> None:
    """Tables that are not ours are left alone, and the password is told to nobody."""
    url = make_url(postgres_url).set(password="the-password").render_as_string(hide_password=False)

    async def main() -> None:
        store = connect(url)
        try:
            async with store.write() as tx:
                await tx.execute(text("CREATE TABLE theirs (id integer)"))
            with pytest.raises(StoreError, match="not ours") as caught:
                await migrate.ready(store)
            assert "the-password" not in str(caught.value)
        finally:
            await store.close()

    asyncio.run(main())


def test_an_unreachable_database_is_named_without_its_password() -> None:
    """The error says which database, and never its password."""

    async def main() -> None:
        store = connect("postgresql://digest:hunter2@127.0.0.1:1/none")
        try:
            async with store.read():
                pass
        finally:
            await store.close()

    with pytest.raises(StoreError) as caught:
        asyncio.run(main())
    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_every_table_has_a_primary_key() -> None:
    """No table without identity."""
    assert [] == [table.name for table in metadata.sorted_tables if not table.primary_key.columns]


def _times(at: datetime) -> dict[str, datetime]:
    return {"effective_at": at, "first_seen_at": at, "updated_at": at}


def _item() -> dict[str, object]:
    return {
        "ident": "a",
        "ident_kind": "guid",
        "title": "T",
        "full_text": True,
        "language": "en",
        "published_on": date(2026, 6, 1),
        "precision": "day",
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        "content_changed_at": NOW,
        "fingerprint": "f",
    }


def test_one_edition_wins(store_url: str) -> None:
    """Of two that take one label, or one announcement, the second hears that another was faster, and leaves nothing."""

    async def scenario(store: Store) -> tuple[str, str, list[str]]:
        async with store.write() as tx:
            await tx.execute(insert(announcements).values(public_id="x", seq=1, **_times(NOW)))
            await digests.declare(tx, ["newsflash"], NOW)
            first = await _edition(tx, "2026-06-26")
            await dispositions.settle(tx, "newsflash", [1], Disposition.CARRIED, first.id, NOW)
        with pytest.raises(EditionError) as label:
            async with store.write() as tx:
                await _edition(tx, "2026-06-26")
        with pytest.raises(EditionError) as announcement:
            async with store.write() as tx:
                second = await _edition(tx, "2026-06-26-2")
                await dispositions.settle(tx, "newsflash", [1], Disposition.CARRIED, second.id, NOW)
        async with store.read() as tx:
            return str(label.value), str(announcement.value), [each.label for each in await editions.listed(tx)]

    expected = (
        "newsflash 2026-06-26: was composed by another process just now",
        "newsflash: another process has just settled what it holds",
        ["2026-06-26"],
    )
    assert expected == run_on(store_url, scenario)


async def _edition(tx: Tx, label: str) -> Edition:
    return await editions.add(
        tx,
        digest="newsflash",
        label=label,
        number=1,
        status=EditionStatus.SEALED,
        slot_at=None,
        until=NOW,
        now=NOW,
    )


def test_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    """SQLite's three words, the file, and the next step."""
    url = f"sqlite:///{tmp_path}/full.db"

    async def scenario(store: Store) -> None:
        async with store.write() as tx:
            await tx.execute(text("PRAGMA max_page_count = 1"))
            await tx.execute(text("CREATE TABLE more (x)"))

    with pytest.raises(StoreError) as caught:
        run_on(url, scenario)
    assert f"{url}: database or disk is full: make room, then try again" == str(caught.value)
