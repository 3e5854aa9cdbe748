"""Signing on the way: every letter and note that leaves is signed, however the wire takes it; keys are kept close."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest.deliveries import flow
from digest.deliveries.context import Context
from digest.deliveries.dkim import Key, Signer
from digest.deliveries.signing import AHEAD, Outgoing, Signing, signers
from digest.deliveries.smtp.parcel import Parcel, packed
from digest.deliveries.taking import Taking
from digest.errors import ConfigError
from digest.model.deliveries import NoteKind
from digest.settings.sections import Sender
from digest.store import notes
from digest.store.clock import utc_now
from tests.builders import Desk
from tests.unit.doctor.nameserver import serving

from .house import House, opened
from .sink import DROP, Sink

KINDS: dict[str, Callable[[], Key]] = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "ed": Ed25519PrivateKey.generate,
}


def key_file(folder: Path, name: str, key: Key) -> Path:
    """A private key as `openssl` leaves it, its owner's alone."""
    path = folder / f"{name}.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return path


@pytest.fixture
def declared(tmp_path: Path) -> list[dict[str, Any]]:
    """Two signatures, one of each kind."""
    return [{"selector": name, "key_file": key_file(tmp_path, name, make())} for name, make in KINDS.items()]


def unsigned(taken: list[bytes], context: Context) -> list[bytes]:
    """The messages that dkimpy does not find signed twice, rightly."""
    found = context.signers["main"]
    records = {f"{signer.name}.".encode(): signer.record.encode() for signer in found}

    def right(message: bytes) -> bool:
        judge = dkimpy.DKIM(message)
        both = [judge.verify(idx=at, dnsfunc=lambda name, timeout=5: records[name]) for at in range(len(found))]
        return both == [True, True]

    return [message for message in taken if not right(message)]


@pytest.mark.parametrize("pipelining", [True, False])
def test_letters_leave_signed_one_each(url: str, declared: list[dict[str, Any]], pipelining: bool) -> None:
    """However few connections take them, and some break on the way: nobody gets two, and none is unsigned."""
    drops = itertools.cycle([None] * 6 + [DROP])

    def answer(stage: str, argument: str) -> str | None:
        return next(drops) if stage == "rcpt" else None

    async def main() -> None:
        async with opened(url) as house, Sink(answer=answer) as sink:
            await house.people(120)
            await house.seal()
            context = house.context(sink.url, connections=3, dkim=declared, pipelining=pipelining)
            report = await flow.run_due(context)
            assert (120, 0) == (report.accepted, report.owed)
            assert {f"person{n}@example.com": 1 for n in range(1, 121)} == dict(Counter(sink.recipients))
            assert [] == unsigned([each.message for each in sink.taken], context)

    asyncio.run(main())


def test_the_loop_signs_nothing(url: str, declared: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """An RSA signature costs more than all the rest of a letter: threads make them, ahead of the wire."""
    sign, where = Signer.sign, Counter[bool]()

    def noted(signer: Signer, data: bytes) -> bytes:
        where[threading.current_thread() is threading.main_thread()] += 1
        return sign(signer, data)

    monkeypatch.setattr(Signer, "sign", noted)

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(40)
            await house.seal()
            await flow.run_due(house.context(sink.url, dkim=declared, connections=2))
            assert 40 == len(sink.taken)

    asyncio.run(main())
    assert {False: 80} == where


def test_whatever_is_left_lying_the_next_are_signed(house_key: Signing) -> None:
    """Nobody came for the first ones: those that are expected after them are signed, each once."""

    async def main() -> None:
        places = Taking(utc_now, asyncio.sleep, never)
        places.hold(None)
        out = Outgoing(house_key, places)
        assert out.dress
        first, then = ([letter(key) for key in range(2 * AHEAD)] for _ in range(2))
        for parcels in (first, then):
            out.expect(parcels)
            parcels.insert(0, parcels[0])
        for parcel in then:
            assert await out.take(lambda: True)
            out.dress(parcel)
        signed = [b"".join(parcel.message) for parcel in then]
        assert [1] * len(then) == [message.count(b"DKIM-Signature:") for message in signed]

    asyncio.run(main())


async def never() -> bool:
    return False


def letter(key: int) -> Parcel:
    return packed(key, "us@example.org", "you@example.com", [b"From: us@example.org\r\n", b"\r\nhello\r\n"])


@pytest.fixture
def house_key(tmp_path: Path) -> Iterator[Signing]:
    key = Ed25519PrivateKey.generate()
    signing = Signing([Signer(domain="example.org", selector="ed", key=key)], utc_now)
    yield signing
    signing.close()


def test_notes_leave_signed(url: str, declared: list[dict[str, Any]]) -> None:
    """Over the bytes before dots are doubled."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await owe(house, b"From: news@example.org\r\nSubject: hello\r\n\r\n.a dot\r\n..two\r\nend")
            context = house.context(sink.url, dkim=declared)
            assert 1 == (await flow.run_due(context)).notes
            assert [] == unsigned([each.message for each in sink.taken], context)

    asyncio.run(main())


async def owe(house: House, message: bytes) -> None:
    async with house.store.write() as tx:
        await notes.add(
            tx,
            kind=NoteKind.CONFIRM,
            sender="main",
            address="ada@example.com",
            message=message,
            dedupe_key="k",
            now=house.clock(),
        )


def test_a_letter_to_nobody_fails_alone(url: str, declared: list[dict[str, Any]]) -> None:
    """An address that no header can hold stops neither the others nor what signs ahead of them."""

    async def main() -> None:
        async with opened(url) as house, Sink() as sink:
            await house.people(3)
            await house.readdress(2, "a b@example.com")
            await house.seal()
            report = await flow.run_due(house.context(sink.url, dkim=declared))
            assert (2, 1, 0) == (report.accepted, report.rejected, report.owed)

    asyncio.run(main())


def sender(*dkim: dict[str, Any]) -> Sender:
    return Sender.model_validate({"slug": "main", "url": "smtp://127.0.0.1", "from": "n@example.org", "dkim": dkim})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o601, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Looser than 0600 in any way; the file is named, and how to mend it."""
    path = key_file(tmp_path, "k", KINDS["ed"]())
    path.chmod(mode)

    with pytest.raises(ConfigError, match=rf"k\.pem: .*mode {mode:04o}.*chmod 600"):
        signers(sender({"selector": "s", "key_file": path}))


def test_a_key_of_somebody_else_or_of_nobody_is_refused(tmp_path: Path) -> None:
    """Whoever owns the file decides what we sign with."""
    path = key_file(tmp_path, "k", KINDS["ed"]())
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
        with pytest.raises(ConfigError, match=r"k\.pem: .*another user"):
            signers(sender({"selector": "s", "key_file": path}))
    with pytest.raises(ConfigError, match=r"gone\.pem: .*No such file"):
        signers(sender({"selector": "s", "key_file": tmp_path / "gone.pem"}))


def test_the_domain_is_that_of_the_sender_unless_said(tmp_path: Path) -> None:
    """One table stands for a list of one."""
    path = key_file(tmp_path, "k", KINDS["ed"]())
    own = Sender.model_validate(
        {"url": "smtp://x", "from": "N <n@bücher.example>", "dkim": {"selector": "s", "key_file": path}}
    )
    other = sender({"selector": "a.b", "key_file": path, "domain": "Mail.Example.org"})

    assert ["s._domainkey.xn--bcher-kva.example"] == [each.name for each in signers(own)]
    assert ["a.b._domainkey.mail.example.org"] == [each.name for each in signers(other)]


@pytest.mark.long
def test_commands_refuse_an_open_key_and_never_show_one(desk: Desk) -> None:
    """`config check`, `doctor` and `send` name the file; with it put right, doctor prints what to publish."""
    path = key_file(desk.folder, "k", rsa.generate_private_key(65537, 1024))
    desk.declare()
    given = {"DIGEST_SENDERS__MAIN__DKIM__SELECTOR": "s", "DIGEST_SENDERS__MAIN__DKIM__KEY_FILE": str(path)}
    path.chmod(0o644)

    for words in (("config", "check"), ("editions", "send", "newsflash"), ("work",)):
        refused = desk.run(*words, **given)
        assert (2, True) == (refused.status, "k.pem" in refused.err and "0644" in refused.err), refused

    path.chmod(0o600)
    with serving({}) as dns:
        doctor = desk.run("doctor", "--dns", dns, **given)
    checked, shown = (desk.run(*words, **given) for words in (("config", "check"), ("config", "show", "--json")))
    assert (0, True) == (checked.status, "s._domainkey.example.org is short" in checked.out)
    assert "v=DKIM1; k=rsa; p=MIG" in " ".join(doctor.out.split())
    assert [{"selector": "s", "key_file": str(path)}] == shown.json()["senders"]["main"]["dkim"]
    secret = path.read_text().splitlines()[1]
    assert [False] * 3 == [secret in each.out + each.err for each in (checked, doctor, shown)]
