"""TLS: never less than was asked for, and never with anybody else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from digest.deliveries.smtp.batch import Batch
from digest.deliveries.smtp.connection import Connection
from digest.deliveries.smtp.crew import Crew
from digest.deliveries.smtp.parcel import Parcel, packed
from digest.deliveries.smtp.pool import Pool
from digest.deliveries.smtp.relay import parse
from digest.deliveries.smtp.timeouts import Timeouts
from digest.model.deliveries import Outcome, OutcomeKind
from tests.faults.bed import Bed
from tests.faults.certificates import Authority
from tests.faults.orders import Act, At

ME, YOU = "me@example.org", "you@example.com"
LETTER = b"Message-ID: <1@example.org>\r\n\r\nhello\r\n"


def letter(to: str) -> Parcel:
    parcel = packed(0, ME, to, (LETTER,))
    Batch([parcel])
    return parcel


@pytest.fixture(params=["smtp+starttls", "smtps"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def sent(bed: Bed, scheme: str, ca: Path | None, *, login: str = "") -> Outcome:
    """What becomes of one letter to this bed."""

    async def main() -> Outcome:
        async with bed:
            relay = parse(f"{scheme}://{login}127.0.0.1:{bed.port}")
            pool = Pool([relay], 1, ca=ca, hostname="me.example.org", timeouts=Timeouts(connect=5, command=5))
            connection = await pool.acquire()
            if not isinstance(connection, Connection):
                return connection
            outcome = await connection.send(letter(YOU))
            await pool.give_back(connection)
            await pool.close()
            return outcome

    return asyncio.run(main())


def test_the_right_one_is_believed(scheme: str, authority: Authority) -> None:
    """Signed by the authority that the operator named, and for this address."""
    bed = Bed(tls=authority.server("127.0.0.1"), implicit=scheme == "smtps")
    assert OutcomeKind.ACCEPTED is sent(bed, scheme, authority.file).kind
    assert ({YOU: 1}, []) == (bed.recipients, bed.wrong)


def test_another_name_is_refused(scheme: str, authority: Authority) -> None:
    """A good certificate of somebody else: no letter, and all stays owed."""
    bed = Bed(tls=authority.server("mail.example.org"), implicit=scheme == "smtps")
    refused = sent(bed, scheme, authority.file)
    assert (OutcomeKind.RELAY, True, {}) == (refused.kind, "mismatch" in refused.text, bed.recipients)


def test_nobody_vouches_for_oneself(scheme: str, authority: Authority) -> None:
    """Self-signed is refused, with an authority of one's own and without."""
    for ca in (authority.file, None):
        bed = Bed(tls=authority.server("127.0.0.1", signed=False), implicit=scheme == "smtps")
        refused = sent(bed, scheme, ca)
        assert (OutcomeKind.RELAY, True, {}) == (
            refused.kind,
            "certificate verify failed" in refused.text,
            bed.recipients,
        )


def test_an_unknown_authority_is_refused(scheme: str, authority: Authority, tmp_path: Path) -> None:
    """Signed, but by nobody whom the operator named."""
    bed = Bed(tls=authority.server("127.0.0.1"), implicit=scheme == "smtps")
    refused = sent(bed, scheme, Authority(tmp_path, "another").file)
    assert (OutcomeKind.RELAY, True) == (refused.kind, "certificate verify failed" in refused.text)


@pytest.mark.parametrize("text", [None, "no certificate\n"])
def test_an_authority_that_cannot_be_read(scheme: str, authority: Authority, tmp_path: Path, text: str | None) -> None:
    """Said so by its name; nothing is sent by the machine's authorities instead."""
    file = tmp_path / "missing.pem"
    if text:
        file.write_text(text)
    bed = Bed(tls=authority.server("127.0.0.1"), implicit=scheme == "smtps")
    refused = sent(bed, scheme, file)
    assert (OutcomeKind.RELAY, True, []) == (refused.kind, "missing.pem" in refused.text, bed.sessions)


def test_starttls_that_was_stripped(authority: Authority) -> None:
    """Not offered, by whomever: neither the password nor a letter is said in plain text."""
    bed = Bed(offers=("AUTH PLAIN", "8BITMIME"))
    refused = sent(bed, "smtp+starttls", authority.file, login="user:secret@")
    assert OutcomeKind.RELAY is refused.kind
    assert ["EHLO", "QUIT"] == [line.split()[0] for line in bed.sessions[0].commands]


@pytest.mark.parametrize("said", ["454 4.7.0 not now", "501 5.5.4 what?"])
def test_starttls_that_is_refused(authority: Authority, said: str) -> None:
    """Offered and refused: no letter, and nothing in plain text."""

    def order(at: At) -> Act | None:
        return Act(say=said) if at.stage == "starttls" else None

    bed = Bed(order, tls=authority.server("127.0.0.1"), offers=("AUTH PLAIN",))
    refused = sent(bed, "smtp+starttls", authority.file, login="user:secret@")
    assert (OutcomeKind.RELAY, True, {}) == (refused.kind, said in refused.text, bed.recipients)
    assert {"EHLO", "STARTTLS"} == {line.split()[0] for line in bed.sessions[0].commands} - {"QUIT"}


def test_a_handshake_that_is_none(authority: Authority) -> None:
    """Garbage in place of the handshake ends it."""

    def order(at: At) -> Act | None:
        return Act(raw=b"220 go on\r\n220 and on\r\n", drop=True) if at.stage == "starttls" else None

    bed = Bed(order, tls=authority.server("127.0.0.1"))
    refused = sent(bed, "smtp+starttls", authority.file)
    assert (OutcomeKind.RELAY, {}) == (refused.kind, bed.recipients)


def test_only_what_is_offered_under_tls_counts(authority: Authority) -> None:
    """Who stands between may offer anything before it: what the relay says afterwards decides."""
    hellos = iter(["250-bed\r\n250-STARTTLS\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 SIZE 10", "250 bed"])

    def order(at: At) -> Act | None:
        return Act(say=next(hellos)) if at.stage == "hello" else None

    bed = Bed(order, tls=authority.server("127.0.0.1"))
    bed.pipelining = False

    async def main() -> None:
        async with bed:
            pool = Pool(
                [parse(f"smtp+starttls://127.0.0.1:{bed.port}")], 1, ca=authority.file, hostname="me.example.org"
            )
            connection = await pool.acquire()
            assert isinstance(connection, Connection)
            assert "SMTPUTF8" in str(connection.refusal(letter("zoë@example.com")))
            assert OutcomeKind.ACCEPTED is (await connection.send(letter(YOU))).kind
            await pool.give_back(connection)
            await pool.close()

    asyncio.run(main())


@pytest.mark.parametrize("after", [True, False])
def test_pipelining_is_what_is_offered_under_tls(authority: Authority, after: bool) -> None:
    """Offered only before it, a relay is told one command at a time; offered only after it, several at once."""
    before = "250-bed\r\n250-STARTTLS\r\n250 8BITMIME" if after else "250-bed\r\n250-STARTTLS\r\n250 PIPELINING"
    hellos = iter([Act(say=before)])

    def order(at: At) -> Act | None:
        return next(hellos, None) if at.stage == "hello" else None

    bed = Bed(order, pipelining=after, tls=authority.server("127.0.0.1"))

    async def main() -> None:
        async with bed:
            relay = parse(bed.address("smtp+starttls"))
            pool = Pool([relay], 1, ca=authority.file, hostname="me.example.org")
            parcels = [packed(place, ME, f"{place}@example.com", (LETTER,)) for place in range(3)]
            batch = Batch(parcels)
            crew = Crew(pool)
            crew.add(parcels)
            await crew.rest()
            await pool.close()
            assert ([0, 1, 2], [], None) == (batch.accepted, batch.others, crew.fault)

    asyncio.run(main())
    [watch] = bed.sessions
    assert (after, [], 3) == (watch.ahead, bed.wrong, bed.accepted.total())
    assert ["EHLO", "STARTTLS", "EHLO"] == [line.split()[0] for line in watch.commands[:3]]


def test_a_password_after_tls_only(scheme: str, authority: Authority) -> None:
    """It is said once, under TLS."""
    bed = Bed(tls=authority.server("127.0.0.1"), implicit=scheme == "smtps", offers=("AUTH PLAIN LOGIN",))
    assert OutcomeKind.ACCEPTED is sent(bed, scheme, authority.file, login="user:secret@").kind
    said = [line.split()[0] for line in bed.sessions[0].commands]
    before = ["EHLO", "STARTTLS", "EHLO"] if scheme == "smtp+starttls" else ["EHLO"]
    assert [*before, "AUTH", "MAIL"] == said[: len(before) + 2]
    assert [] == bed.wrong
