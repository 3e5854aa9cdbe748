"""What is coded once for very many says the same as what is coded for one."""

from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from digest.errors import LetterError
from digest.letter import check, headers
from digest.letter.compile import Compiled, compile_letter, filled
from digest.letter.headers import Heading
from digest.letter.holes import Markers, Personal
from digest.letter.render import render
from digest.letter.series import Series, addressed
from digest.letter.views import SiteView
from digest.model.editions import Snapshot

TOKEN = "newsflash.1.0." + "a2" * 21


@pytest.fixture
def compiled(
    environment: Environment, snapshot: Snapshot, site: SiteView, markers: Markers, heading: Heading
) -> Compiled:
    """A letter with every hole in both parts."""
    plain = render(snapshot, language="en", site=site, environment=environment, markers=markers)
    every = "".join(f"<p>{markers.of(hole)}</p>\n" for hole in ("name", "address", "unsubscribe", "manage"))
    return compile_letter(replace(plain, html=plain.html + every, text=plain.text + every), heading)


def message(
    compiled: Compiled,
    personal: Personal,
    *,
    base: str = "https://news.example.org",
    mailto: tuple[str, str] | None = None,
) -> bytes:
    """One recipient's, by way of a series."""
    links = {"unsubscribe": f"{base}/unsubscribe/", "manage": f"{base}/manage/"}
    made = Series(compiled, **links, mailto=mailto, domain="example.org")
    (pieces,) = made.pieces(
        names=[personal.name],
        addresses=[personal.address],
        reasons=[filled(personal.reason)],
        leaving=[TOKEN.encode()],
        visiting=[TOKEN.encode()],
        identities=[personal.message_id.removeprefix("<").partition("@")[0].encode()],
        date=personal.date,
    )
    return b"".join(pieces)


def parts(raw: bytes) -> tuple[str, str]:
    """(text, html) as a reader of mail sees them."""
    text, html = message_from_bytes(raw, policy=policy.default).iter_parts()
    return text.get_content(), html.get_content()


@pytest.mark.parametrize("base", ["https://news.example.org", "https://news.example.org/" + "long/" * 30, "http://h"])
@pytest.mark.parametrize("name", ["", "Ada Lovelace", "From Here", "O'Brien & <sons>", "山田 太郎", "x" * 300])
@pytest.mark.parametrize("address", ["ada@example.org", "-from@example.org", "From@example.org", "+_.a=b@example.org"])
def test_a_series_says_what_one_letter_says(
    compiled: Compiled, personal: Personal, markers: Markers, name: str, address: str, base: str
) -> None:
    """The same head to the byte, the same text and HTML when decoded, and every line within its limits."""
    mailto = ("mailto:leave%2B", "@example.org?subject=unsubscribe")
    one = replace(
        personal,
        name=name,
        address=address,
        unsubscribe=f"{base}/unsubscribe/{TOKEN}",
        manage=f"{base}/manage/{TOKEN}",
        mailto=TOKEN.join(mailto),
    )
    single, series = compiled.personalise(one), message(compiled, one, base=base, mailto=mailto)

    assert single.partition(b"\r\nMIME-Version")[0] == series.partition(b"\r\nMIME-Version")[0]
    assert parts(single) == parts(series)
    check.message(series, markers.token)


def test_without_an_intake_there_is_no_mailto(compiled: Compiled, personal: Personal) -> None:
    """One address in List-Unsubscribe: that of the page."""
    head = message(compiled, personal).partition(b"\r\nMIME-Version")[0]

    assert head.endswith(f"\r\nList-Unsubscribe: <https://news.example.org/unsubscribe/{TOKEN}>".encode())


@pytest.mark.parametrize("address", ["a@b\r\nX: y", "Ada <ada@example.org>", "<ada@example.org>", "a@b, c@d", ""])
@pytest.mark.parametrize("name", ["", "Ada"])
def test_an_address_that_breaks_headers_fails_alone(
    compiled: Compiled, personal: Personal, name: str, address: str
) -> None:
    """One recipient cannot be written to."""
    with pytest.raises(LetterError, match="no address"):
        message(compiled, replace(personal, name=name, address=address))


def test_a_link_that_breaks_headers_fails_at_once(compiled: Compiled, personal: Personal) -> None:
    """Before anybody is written to."""
    with pytest.raises(LetterError, match="cannot stand in a header"):
        message(compiled, personal, base="https://news.example.org\r\nX:")


@given(
    st.one_of(st.text(max_size=90), st.from_regex(r"[A-Za-z0-9]{1,50}( [A-Za-z0-9]{1,30}){0,3}", fullmatch=True)),
    st.from_regex(r"[A-Za-z0-9._+=F-]{1,70}@[a-z0-9.-]{1,70}", fullmatch=True),
)
def test_a_mailbox_is_written_alike_the_short_way_and_the_long(name: str, address: str) -> None:
    """What needs no coding is recognised at sight, and is what coding would have made of it."""
    try:
        to = headers.mailbox_value("To", headers.Mailbox(name, address))
    except LetterError:
        with pytest.raises(LetterError):
            addressed(name, address)
        return
    assert (to.encode(), *filled(name), *filled(address)) == addressed(name, address)
