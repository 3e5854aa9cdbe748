"""Columns of people: whatever is picked, put together or left out, nobody's things become another's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.store.addressees import Addressees


def row(number: int) -> tuple[object, ...]:
    """Somebody, all of whose things tell the number."""
    words = (f"{kind}{number}" for kind in ("handle", "email", "wire", "name", "basis", "since"))
    return (number % 2 == 0, number, number % 3, *words)


def rows(people: Addressees) -> list[tuple[object, ...]]:
    """Back again, by way of each column's name."""
    who = zip(people.entitled, people.subscribers, people.variants, people.handles, strict=True)
    what = zip(people.emails, people.wires, people.names, people.bases, people.since, strict=True)
    return [(*mine, *theirs) for mine, theirs in zip(who, what, strict=True)]


@given(st.lists(st.integers(0, 9), max_size=9), st.data())
def test_everybody_keeps_what_is_theirs(numbers: list[int], data: st.DataObject) -> None:
    """Also nobody at all."""
    told = [row(number) for number in numbers]
    people = Addressees.of(told)
    assert (told, len(told), bool(told)) == (rows(people), len(people), bool(people))
    places = data.draw(st.lists(st.sampled_from(range(len(told))), max_size=9) if told else st.just([]))
    assert [told[place] for place in places] == rows(people.at(places))
    first, end = data.draw(st.integers(0, 9)), data.draw(st.integers(0, 9))
    assert told[first:end] == rows(people.part(first, end))
    assert told[:first] + told[first:] == rows(people.part(0, first).plus(people.part(first, 9)))
