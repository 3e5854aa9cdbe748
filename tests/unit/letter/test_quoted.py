"""Quoted-printable that reads back as it was, in lines that nobody has to touch."""

import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.letter import quoted
from digest.letter.holes import HOLES, Markers

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=400)
MARKERS = Markers(token="ab" * 16)


def lines_are_safe(coded: str) -> bool:
    """7-bit, short, CRLF, and no line with a beginning that means something to somebody."""
    lines = coded.split("\r\n")
    return coded.isascii() and not [
        line
        for line in lines
        if len(line) > 76 or line.startswith((".", "-", "From ")) or line.endswith((" ", "\t")) or "\n" in line
    ]


@given(TEXT)
@example(".\n..\n--x\nFrom me\n \n\t\n" + "." * 200)
@example("=" * 100 + "é" * 100)
def test_body_round_trip(text: str) -> None:
    """Whatever the text, it is read back and its lines are safe."""
    coded = quoted.body(text)

    assert (text, True) == (
        quopri.decodestring(coded.encode()).decode().replace("\r\n", "\n"),
        lines_are_safe(coded),
    )


@given(
    st.lists(
        st.tuples(TEXT, st.sampled_from(HOLES), st.text(st.characters(categories=("L", "P", "N", "Zs")))), max_size=6
    ),
    TEXT,
)
def test_filled_holes_read_as_if_they_had_always_been_there(parts: list[tuple[str, str, str]], tail: str) -> None:
    """Text with holes, spliced, is the text with the values in it."""
    marked = "".join(text + MARKERS.of(hole) for text, hole, _ in parts) + tail
    values = iter([quoted.value(value).decode() for _, _, value in parts])

    spliced = "".join(
        fixed + (next(values) if slot else "") for fixed, slot in quoted.holed(marked, MARKERS, "text.{}".format)
    )

    expected = "".join(text + value for text, _, value in parts) + tail
    assert expected == quopri.decodestring(spliced.encode()).decode().replace("\r\n", "\n")
    assert lines_are_safe(spliced)


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "a\u2028b"])
def test_a_value_is_one_line(value: str) -> None:
    """A name cannot begin a new line of the letter."""
    assert b"a b" == quoted.value(value)
