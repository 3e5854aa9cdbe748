"""Letters of a claim are made ready many at a time, and each is still its own."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from digest.deliveries.packing import AT_A_STRETCH, Packing
from digest.deliveries.personalise import Writer
from digest.deliveries.smtp.parcel import Parcel
from digest.errors import LetterError
from digest.store.addressees import Addressees

NOW = datetime(2026, 6, 26, 8, tzinfo=UTC)
BAD = "nobody@"


class Words:
    """A writer that writes down for whom it wrote; it cannot write to some."""

    most = 100

    def __init__(self, variant: int) -> None:
        self.variant = variant
        self.wrote = 0

    def write(self, people: Addressees, now: datetime) -> list[list[bytes]]:
        if BAD in people.emails:
            raise LetterError("is no address that can be written to", about=BAD)
        self.wrote += len(people)
        return [[f"{self.variant} {email}".encode()] for email in people.emails]


def some(*emails: str, variants: Sequence[int] = ()) -> Addressees:
    """As many as there are addresses; where one is empty it follows from the number."""
    numbers = range(len(emails))
    where = [email or f"person{number}@example.org" for number, email in enumerate(emails)]
    return Addressees.of(
        [
            (True, number, variant, f"h{number}", email, email, "", "consent", "")
            for number, variant, email in zip(numbers, variants or [1] * len(emails), where, strict=True)
        ]
    )


def packing_of(*words: Words) -> Packing:
    writers = {each.variant: cast("Writer", each) for each in words}

    def envelope(handles: Sequence[str]) -> list[str]:
        return [f"b+{handle}@example.net" for handle in handles]

    return Packing(writers=writers, envelope=envelope, recipients=lambda wires: wires)


def packed(people: Addressees) -> list[Parcel]:
    return asyncio.run(packing_of(Words(1), Words(2)).parcels(people, NOW))


def test_each_gets_the_letter_of_their_variant() -> None:
    """Whatever order languages come in, and however many are made at a stretch."""
    count = 2 * AT_A_STRETCH + 7
    # One stretch is all of one variant, the others are mixed.
    variants = [1 + (at >= AT_A_STRETCH) * at % 3 // 2 for at in range(count)]
    people = some(*[""] * count, variants=variants)
    made = packed(people)
    assert list(range(count)) == [parcel.key for parcel in made]
    for place, parcel in enumerate(made):
        assert [f"{variants[place]} {people.emails[place]}".encode()] == list(parcel.message)
        wire = people.wires[place]
        assert (f"b+{people.handles[place]}@example.net", wire) == (parcel.sender, parcel.recipient)
        opening = f"MAIL FROM:<{parcel.sender}>\r\nRCPT TO:<{wire}>\r\nDATA\r\n"
        assert (opening.encode(), True) == (parcel.opening, parcel.usual)


def test_an_address_that_cannot_be_written_is_nobody_elses_fault() -> None:
    """It alone is refused, and says why."""
    made = packed(some("", BAD, ""))
    assert [False, True, False] == [parcel.refused is not None for parcel in made]
    assert made[1].refused
    assert BAD in made[1].refused.text


def test_an_address_beyond_ascii_asks_for_smtputf8() -> None:
    """It alone (RFC 6531, 3.4)."""
    first, second = packed(some("jürgen@example.org", ""))
    assert b"MAIL FROM:<b+h0@example.net> SMTPUTF8 BODY=8BITMIME\r\n" in first.opening
    assert (False, True) == (first.usual, second.usual)
    assert b"SMTPUTF8" not in second.opening


def test_what_was_begun_is_made_once_and_only_for_whom_it_was_begun() -> None:
    """What was begun for others than those who are asked for goes nowhere."""

    async def main() -> tuple[list[str], int, int]:
        words = Words(1)
        packing = packing_of(words)
        first, second, third = (some(*[f"{name}@example.org"] * (AT_A_STRETCH + 1)) for name in ("a", "b", "c"))
        packing.begin(first, NOW)
        await asyncio.sleep(0)
        early = words.wrote
        found = [(await packing.parcels(first, NOW))[-1]]
        packing.begin(first, NOW)
        await asyncio.sleep(0)
        found.append((await packing.parcels(second, NOW))[-1])
        packing.begin(Addressees(), NOW)
        found.append((await packing.parcels(third, NOW))[-1])
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        return [parcel.recipient for parcel in found], early, len(left)

    assert (["a@example.org", "b@example.org", "c@example.org"], AT_A_STRETCH, 0) == asyncio.run(main())
