"""One session with a relay."""

from __future__ import annotations

import asyncio
import base64
import socket

import pytest

from digest.deliveries.outcome import Stage
from digest.deliveries.smtp.batch import Batch
from digest.deliveries.smtp.connection import Connection
from digest.deliveries.smtp.opening import connect
from digest.deliveries.smtp.parcel import Parcel, packed
from digest.deliveries.smtp.pool import Pool
from digest.deliveries.smtp.relay import Relay, is_writable, parse
from digest.deliveries.smtp.share import Share
from digest.deliveries.smtp.sweep import Sweep
from digest.deliveries.smtp.timeouts import Timeouts
from digest.deliveries.smtp.volley import Volley
from digest.errors import DeliveryError
from digest.model.deliveries import Outcome, OutcomeKind

from .sink import Sink

FAST = Timeouts(connect=2, command=2, data=2, dot=2, quit=1)
LETTER = b"Subject: x\r\n\r\nhello\r\n"
ME = "me@example.org"


def letter(to: str) -> Parcel:
    parcel = packed(0, ME, to, (LETTER,))
    Batch([parcel])
    return parcel


async def session(sink: Sink, url: str = "") -> Connection:
    opened = await connect(parse(url or sink.url), Sweep(FAST), Volley(), Share(), hostname="client.example.org")
    assert isinstance(opened, Connection), opened
    return opened


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://mail.example.org", Relay(host="mail.example.org", port=25)),
        ("smtp+starttls://mail.example.org", Relay(host="mail.example.org", port=587, starttls=True)),
        (
            "smtps://us%40er:p%3Aw@mail.example.org:4465",
            Relay(host="mail.example.org", port=4465, tls=True, user="us@er", password="p:w"),
        ),
        ("smtp://u:p@127.0.0.1:1025", Relay(host="127.0.0.1", port=1025, user="u", password="p")),
        ("smtp://u:p@[::1]:1025", Relay(host="::1", port=1025, user="u", password="p")),
    ],
)
def test_a_relay_is_read(url: str, relay: Relay) -> None:
    """Host, port, protection and login, percent-decoded."""
    assert relay == parse(url)


@pytest.mark.parametrize("url", ["smtp://u:p@mail.example.org", "http://x.example", "smtp:///x"])
def test_a_relay_is_refused(url: str) -> None:
    """No password in plain text beyond this machine; nothing that is no relay."""
    with pytest.raises(DeliveryError):
        parse(url)


def test_a_password_is_never_shown() -> None:
    """Not in a representation, and not in an error."""
    relay = parse("smtps://user:secret@mail.example.org")
    assert "secret" not in f"{relay!r} {relay}"
    with pytest.raises(DeliveryError) as refused:
        parse("smtp://user:secret@mail.example.org")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nDATA",
        "a@b\n.example",
        "a\0@b.example",
        "<a@b.example>",
        "a b@c.example",
        "nobody",
        "a@" + "b." * 130 + "example",
    ],
)
def test_nothing_but_an_address_is_written(address: str) -> None:
    """CR, LF, NUL, angle brackets, spaces and what is too long never reach the wire; the session lives on."""
    assert not is_writable(address)

    async def main() -> None:
        async with Sink() as sink:
            connection = await session(sink)
            refused = await connection.send(letter(address))
            assert OutcomeKind.REJECTED is refused.kind
            assert OutcomeKind.ACCEPTED is (await connection.send(letter("ok@b.example"))).kind
            assert ["ok@b.example"] == sink.recipients
            await connection.close()

    asyncio.run(main())


def test_smtputf8_only_where_needed() -> None:
    """Asked for by one address alone; a relay without it loses that address alone."""

    async def main() -> None:
        async with Sink() as plain, Sink(extensions=("8BITMIME", "SMTPUTF8")) as able:
            connection = await session(plain)
            refused = await connection.send(letter("zoë@b.example"))
            assert (OutcomeKind.REJECTED, True) == (refused.kind, "SMTPUTF8" in refused.text)
            await connection.close()
            connection = await session(able)
            for recipient in ("zoë@b.example", "zoe@b.example"):
                assert OutcomeKind.ACCEPTED is (await connection.send(letter(recipient))).kind
            await connection.close()
            mails = [line for line in able.commands if line.startswith("MAIL")]
            assert [f"MAIL FROM:<{ME}> SMTPUTF8 BODY=8BITMIME", f"MAIL FROM:<{ME}>"] == mails

    asyncio.run(main())


def test_starttls_is_never_downgraded() -> None:
    """A relay that does not offer it gets no letter and no password."""

    async def main() -> None:
        async with Sink(extensions=("AUTH PLAIN", "8BITMIME")) as sink:
            url = sink.url.replace("smtp://", "smtp+starttls://user:secret@")
            refused = await connect(parse(url), Sweep(FAST), Volley(), Share(), hostname="client.example.org")
            assert isinstance(refused, Outcome)
            assert OutcomeKind.RELAY is refused.kind
            assert {"EHLO"} == {line.split()[0] for line in sink.commands} - {"QUIT"}

    asyncio.run(main())


def test_login_on_loopback() -> None:
    """A password goes in plain text only on this machine; a wrong one is the relay's affair."""

    def answer(stage: str, argument: str) -> str | None:
        return {"auth": replies[0]}.get(stage)

    async def main() -> None:
        async with Sink(answer=answer, extensions=("AUTH PLAIN",)) as sink:
            url = sink.url.replace("smtp://", "smtp://user:secret@")
            connection = await session(sink, url)
            await connection.close()
            token = base64.b64encode(b"\0user\0secret").decode()
            assert f"AUTH PLAIN {token}" in sink.commands
            replies[0] = "535 5.7.8 wrong"
            refused = await connect(parse(url), Sweep(FAST), Volley(), Share(), hostname="client.example.org")
            assert isinstance(refused, Outcome)
            assert (OutcomeKind.RELAY, 535) == (refused.kind, refused.code)
            assert "secret" not in str(refused)

    replies = ["235 welcome"]
    asyncio.run(main())


def test_a_refused_recipient_is_followed_by_a_clean_start() -> None:
    """After a refusal before the dot the open transaction is reset, and the session goes on."""

    def answer(stage: str, argument: str) -> str | None:
        return "550 5.1.1 no" if stage == "rcpt" and argument.startswith("bad") else None

    async def main() -> None:
        async with Sink(answer=answer) as sink:
            connection = await session(sink)
            assert OutcomeKind.REJECTED is (await connection.send(letter("bad@b.example"))).kind
            assert OutcomeKind.ACCEPTED is (await connection.send(letter("ok@b.example"))).kind
            await connection.close()
            assert ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "QUIT"] == [
                line.split()[0] for line in sink.commands
            ]

    asyncio.run(main())


def test_no_dot_when_the_lease_is_over() -> None:
    """Asked at the last moment; then the letter has surely not been sent."""

    async def main() -> None:
        async with Sink() as sink:
            connection = await session(sink)
            outcome = await connection.send(letter("ok@b.example"), may_finish=lambda: False)
            assert (OutcomeKind.RELAY, False, []) == (outcome.kind, connection.usable, sink.taken)

    asyncio.run(main())


def test_connections_are_reused_and_spent() -> None:
    """One for so many messages, then another."""

    async def main() -> None:
        async with Sink() as sink:
            share = Share(messages=10)
            pool = Pool([parse(sink.url)], 1, share=share, timeouts=FAST, hostname="client.example.org")
            for _ in range(11):
                connection = await pool.acquire()
                assert isinstance(connection, Connection)
                await connection.send(letter("ok@b.example"))
                await pool.give_back(connection)
            await pool.close()
            assert (2, 11) == (sink.connections, len(sink.taken))

    asyncio.run(main())


def test_small_writes_leave_at_once() -> None:
    """Commands are small: held back until the last answer was acknowledged, each would wait (TCP_NODELAY)."""

    async def main() -> None:
        async with Sink() as sink:
            connection = await session(sink)
            transport = connection._smtp.transport
            assert transport is not None
            assert 0 != transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            await connection.close()

    asyncio.run(main())


def test_the_final_dot_is_waited_for_long() -> None:
    """Whoever hangs up too early has made a duplicate: ten minutes, as RFC 5321, 4.5.3.2.6 asks."""
    usual = Timeouts()
    assert [60, 60, 120, 600] == [usual.of(stage) for stage in (None, Stage.RCPT, Stage.DATA, Stage.DOT)]
