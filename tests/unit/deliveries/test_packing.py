"""Letters of a claim are made ready many at a time, and each is still its own."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from digest.deliveries import packing
from digest.deliveries.packing import Packing
from digest.deliveries.personalise import Writer
from digest.deliveries.smtp.parcel import Parcel
from digest.errors import LetterError
from digest.store.deliveries import Addressee

NOW = datetime(2026, 6, 26, 8, tzinfo=UTC)
BAD = "nobody@"


class Words:
    """A writer that writes down for whom it wrote; it cannot write to some."""

    most = 100

    def __init__(self, variant: int) -> None:
        self.variant = variant

    def write(self, people: Sequence[Addressee], now: datetime) -> list[list[bytes]]:
        if any(each.email == BAD for each in people):
            raise LetterError("is no address that can be written to", about=BAD)
        return [[f"{self.variant} {each.email}".encode()] for each in people]


def somebody(number: int, *, variant: int = 1, email: str = "") -> Addressee:
    email = email or f"person{number}@example.org"
    return Addressee(True, number, variant, f"h{number}", email, email, "", "consent", "")


def packed(people: Sequence[Addressee]) -> list[Parcel]:
    writers = {variant: cast("Writer", Words(variant)) for variant in (1, 2)}

    def envelope(handles: Sequence[str]) -> list[str]:
        return [f"b+{handle}@example.net" for handle in handles]

    made = Packing(writers=writers, envelope=envelope, recipients=lambda wires: wires)
    return asyncio.run(made.parcels(people, NOW))


def test_each_gets_the_letter_of_their_variant() -> None:
    """Whatever order languages come in, and however many are made at a stretch."""
    people = [somebody(number, variant=1 + number % 3 // 2) for number in range(2 * packing.AT_A_STRETCH + 7)]
    made = packed(people)
    assert list(range(len(people))) == [parcel.key for parcel in made]
    for parcel, each in zip(made, people, strict=True):
        assert [f"{each.variant} {each.email}".encode()] == list(parcel.message)
        assert (f"b+{each.handle}@example.net", each.wire) == (parcel.sender, parcel.recipient)
        opening = f"MAIL FROM:<{parcel.sender}>\r\nRCPT TO:<{each.wire}>\r\nDATA\r\n"
        assert (opening.encode(), True) == (parcel.opening, parcel.usual)


def test_an_address_that_cannot_be_written_is_nobody_elses_fault() -> None:
    """It alone is refused, and says why."""
    made = packed([somebody(0), somebody(1, email=BAD), somebody(2)])
    assert [False, True, False] == [parcel.refused is not None for parcel in made]
    assert made[1].refused
    assert BAD in made[1].refused.text


def test_an_address_beyond_ascii_asks_for_smtputf8() -> None:
    """It alone (RFC 6531, 3.4)."""
    first, second = packed([somebody(0, email="jürgen@example.org"), somebody(1)])
    assert b"MAIL FROM:<b+h0@example.net> SMTPUTF8 BODY=8BITMIME\r\n" in first.opening
    assert (False, True) == (first.usual, second.usual)
    assert b"SMTPUTF8" not in second.opening
