"""A letter that is wrong is told so, in words, before anybody gets it."""

from dataclasses import replace

import pytest
from jinja2 import Environment

from digest.errors import LetterError
from digest.letter import check
from digest.letter.compile import compile_letter
from digest.letter.headers import Heading
from digest.letter.holes import Letter, Markers, Personal
from digest.letter.render import render
from digest.letter.views import SiteView
from digest.model.editions import Snapshot


@pytest.fixture
def letter(environment: Environment, snapshot: Snapshot, site: SiteView, markers: Markers) -> Letter:
    return render(snapshot, language="en", site=site, environment=environment, markers=markers)


@pytest.mark.parametrize(
    ("added", "words"),
    [
        ("<script>x</script>", "it has a <script>"),
        ('<a href="javascript:x">y</a>', "it links to 'javascript:x'"),
        ('<a href="/relative">y</a>', "it links to '/relative'"),
        ('<img src="https://x/y.png">', "has no alt"),
        ('<img src="https://x/y.gif" alt="" width="1">', "tracking pixel"),
        ('<img src="data:image/png;base64,x" alt="">', "picture at 'data:"),
        ('<p onclick="x">y</p>', "onclick handler"),
        ("<h1>Again</h1>", "2 h1"),
        (f"<style>{'a' * 9000}</style>", "a style block has 9000 characters"),
        ("x" * 90_000, "clipped at 102400"),
    ],
)
def test_faults_of_html_are_named(letter: Letter, added: str, words: str) -> None:
    """Each rule has its sentence."""
    with pytest.raises(LetterError) as caught:
        check.letter(replace(letter, html=letter.html.replace("</body>", f"{added}</body>")))

    assert words in caught.value.message


def test_a_pixel_for_each_reader_is_refused(letter: Letter, markers: Markers) -> None:
    """No picture's address may tell readers apart."""
    pixel = f'<img src="https://x/{markers.of("address")}" alt="" width="600">'

    assert 1 == len(check.faults(replace(letter, html=letter.html.replace("</body>", f"{pixel}</body>"))))


def test_the_way_out_must_be_there(letter: Letter, markers: Markers) -> None:
    """In the HTML, and on a line of its own in the text."""
    leave = markers.of("unsubscribe")
    blocked = replace(
        letter, html=letter.html.replace(leave, "https://x"), text=letter.text.replace(leave, f"at {leave}")
    )

    assert 2 == len(check.faults(blocked))


@pytest.mark.parametrize("subject", ["", " ", "a\nb", "x0123456789abcdef0123456789abcdef00x"])
def test_subject_is_one_line_without_holes(letter: Letter, subject: str) -> None:
    """It is the same for everybody."""
    assert 1 == len(check.faults(replace(letter, subject=subject)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"\r\n\r\n", b"\n\n", "CRLF"),
        (b"text/plain", b"text/html", "its parts are"),
        (b"Newsflash\r\nMetals", b".Newsflash\r\nMetals", "begins with a dot"),
        (b"Newsflash\r\nMetals", b"\xc3\xa9\r\nMetals", "not 7-bit"),
        (b"Newsflash\r\nMetals", b"x" * 999 + b"\r\nMetals", "longer than 998"),
        (b"Message-ID:", b"X-ID:", "not one Message-ID"),
        (b"ada@example.org>\r\n", b"0123456789abcdef0123456789abcdef@example.org>\r\n", "a hole is not filled"),
    ],
)
def test_faults_of_a_message_are_named(
    letter: Letter, heading: Heading, personal: Personal, old: bytes, new: bytes, words: str
) -> None:
    """The last look before the first recipient."""
    raw = compile_letter(letter, heading).personalise(personal)
    check.message(raw, letter.markers.token)

    with pytest.raises(LetterError, match=words):
        check.message(raw.replace(old, new), letter.markers.token)
