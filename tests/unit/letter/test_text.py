"""Plain text from an introduction's HTML, and excerpts cut where a reader would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.letter.banner import over_text
from digest.letter.text import plain, shortened


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("<p>One <em>and</em>\n two</p><p>Three</p>", "One and two\n\nThree"),
        ("<p>a<br>b</p>", "a\nb"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<p>See <a href='https://x/y'>this</a>, soon.</p><p>End</p>", "See this, soon.\nhttps://x/y\n\nEnd"),
        ('<a href="mailto:a@x">Write</a>', "Write\na@x"),
        (
            "<p>At <a href='https://x/'>https://x/</a> now</p><a href='https://x/'>x</a>",
            "At https://x/ now\n\nx\nhttps://x/",
        ),
        ("5 &lt; 6 &amp; more", "5 < 6 & more"),
    ],
)
def test_plain(html: str, expected: str) -> None:
    """Blocks parted by an empty line, addresses below the words that lead to them."""
    assert expected == plain(html)


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "short"),
        ("one two three", 9, "one two…"),
        ("one, two", 6, "one…"),
        ("unbreakable", 6, "unbre…"),
        ("gone", 0, ""),
        ("two\nlines  here", 99, "two lines here"),
    ],
)
def test_shortened(text: str, limit: int, expected: str) -> None:
    """Between words where there are any."""
    assert expected == shortened(text, limit)


@given(st.text(), st.integers(0, 200))
def test_shortened_never_exceeds(text: str, limit: int) -> None:
    """The limit holds with its ellipsis."""
    assert len(shortened(text, limit)) <= limit


def test_the_words_over_a_proof_keep_to_the_columns_of_its_text() -> None:
    """However long they are."""
    said = over_text("Dear all\n", "A proof for the operators: " + "it goes to many people " * 9)
    assert [] == [line for line in said.splitlines() if len(line) > 72]
    assert said.endswith("\n\nDear all\n")
