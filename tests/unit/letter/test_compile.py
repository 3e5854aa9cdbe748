"""Compiled and spliced is what plain rendering gives, for every kind of name and address."""

from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from digest.errors import LetterError
from digest.letter import check, headers
from digest.letter.compile import compile_letter, note_message
from digest.letter.headers import Heading, Mailbox
from digest.letter.holes import Letter, Markers, Personal
from digest.letter.plain import compile_plain
from digest.letter.render import render
from digest.letter.views import SiteView
from digest.model import codec
from digest.model.editions import Snapshot

NAMES = [
    "",
    "Ada Lovelace",
    "O'Brien <b>&amp;</b>",
    '"Quoted", the 2nd',
    "José Ñandú",
    "山田 太郎",
    "مريم العربي",
    "👩‍👩‍👧‍👦 Família",
    ".dot",
    "--boundary",
    "From me",
    "A\r\nBcc: evil@example.org",
    "x" * 400,
    "é" * 400,
    "trailing =",
]
ADDRESSES = [
    "ada@example.org",
    "o'brien+tag@example.org",
    "a=b&c@example.org",
    "x" * 64 + "@" + "y" * 60 + ".example.org",
    "ada@bücher.example",
]


@pytest.fixture
def letter(environment: Environment, snapshot: Snapshot, site: SiteView, markers: Markers) -> Letter:
    """The rich edition with every hole in both parts."""
    plain = render(snapshot, language="en", site=site, environment=environment, markers=markers)
    name = markers.of("name")
    return replace(
        plain,
        html=plain.html.replace("<h1>", f'<p title="{name}">Dear {name},</p><h1>', 1),
        text=f"Dear {name},\n\n{name}{name}\n.{name}.\n" + plain.text,
    )


def mailbox_read(value: str) -> tuple[str, str]:
    """(name, address) of a To header, encoded words decoded (the library's own reader parts long ones by spaces)."""
    name, spec = parseaddr(value.replace("\r\n", ""))
    return str(make_header(decode_header(name))), spec


def parts(raw: bytes) -> tuple[str, str]:
    """(text, html) as a reader of mail sees them."""
    message = message_from_bytes(raw, policy=policy.default)
    text, html = message.iter_parts()
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", NAMES)
def test_spliced_is_what_plain_rendering_gives(
    letter: Letter, heading: Heading, personal: Personal, name: str, address: str
) -> None:
    """Parsed back by the standard library: the same text, the same HTML, the same mailbox."""
    one = replace(personal, name=name, address=address, reason="you asked, “kindly”, 100 % = sure")
    raw = compile_letter(letter, heading).personalise(one)
    shown = letter.shown(replace(one, name=" ".join(name.splitlines())))

    assert (shown.text, shown.html) == parts(raw)
    assert (headers.clean(name)[: headers.MAX_NAME].rstrip(), headers.address(address)) == mailbox_read(
        message_from_bytes(raw)["To"]
    )
    check.message(raw, letter.markers.token)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(name=st.text(max_size=60))
def test_spliced_equals_rendered_for_any_name(letter: Letter, heading: Heading, personal: Personal, name: str) -> None:
    """Names are never written to the letter but as words on a line."""
    one = replace(personal, name=name)
    raw = compile_letter(letter, heading).personalise(one)
    name = " ".join(name.splitlines()) if not name.isprintable() else name
    shown = letter.shown(replace(one, name=name.encode("utf-8", "replace").decode()))

    assert (shown.text, shown.html.replace("\r", "\n")) == parts(raw)


def test_headers_of_a_message_to_the_byte(letter: Letter, heading: Heading, personal: Personal) -> None:
    """The order is ours, the values are the recipient's."""
    one = replace(personal, mailto="mailto:unsubscribe+abc@example.org?subject=unsubscribe")
    head = compile_letter(letter, heading).personalise(one).partition(b"\r\nMIME-Version")[0]

    assert head.decode().endswith(
        "Auto-Submitted: auto-generated\r\n"
        "To: Ada Lovelace <ada@example.org>\r\n"
        "Date: Fri, 26 Jun 2026 08:00:00 +0000\r\n"
        "Message-ID: <00112233@example.org>\r\n"
        f"List-Unsubscribe: <{personal.unsubscribe}>,\r\n <{one.mailto}>"
    )


def test_every_recipient_has_the_same_boundary_and_bytes_come_out_the_same(
    letter: Letter, heading: Heading, personal: Personal
) -> None:
    """Nothing random after the markers: a retry is the same message, octet for octet."""
    first, again = (compile_letter(letter, heading) for _ in range(2))

    assert first.personalise(personal) == again.personalise(personal)
    assert first == again


def test_size_is_never_exceeded(letter: Letter, heading: Heading, personal: Personal) -> None:
    """The octets told to a relay hold for the longest name and address."""
    compiled = compile_letter(letter, heading)
    longest = replace(personal, name="é" * 400, address=ADDRESSES[3])

    assert len(compiled.personalise(longest)) <= compiled.size


def test_an_address_that_breaks_headers_fails_alone(letter: Letter, heading: Heading, personal: Personal) -> None:
    """The letter is compiled; one recipient cannot be written to."""
    with pytest.raises(LetterError, match="no address"):
        compile_letter(letter, heading).personalise(replace(personal, address="a@b\r\nX: y"))


def test_a_missing_value_is_an_error_not_an_empty_place(letter: Letter, heading: Heading, personal: Personal) -> None:
    """A letter with a hole in it must never be sent."""
    compiled = compile_letter(letter, heading)
    values = compiled.values_of(personal)
    del values["html.unsubscribe"]

    with pytest.raises(KeyError):
        compiled.splice(values)


def test_note_is_a_whole_message(personal: Personal) -> None:
    """One letter to one person, with no list about it."""
    raw = note_message(
        sender=Mailbox("Metals Mark", "news@example.org"),
        to=Mailbox("Zoë", "zoe@example.org"),
        subject="Bitte bestätigen",
        text=".Hallo\n",
        html="<p>Hallo</p>\n",
        message_id="<1@example.org>",
        date=personal.date,
        reply_to="office@example.org",
    )

    message = message_from_bytes(raw, policy=policy.default)
    check.message(raw, "no token")
    assert (".Hallo\n", "<p>Hallo</p>\n") == parts(raw)
    assert ("Bitte bestätigen", "Zoë <zoe@example.org>", "auto-generated", None) == (
        message["Subject"],
        message["To"],
        message["Auto-Submitted"],
        message["List-Unsubscribe-Post"],
    )


def test_a_sealed_letter_is_read_back_as_it_was(letter: Letter) -> None:
    """What is stored is compiled to the same bytes on any machine."""
    assert letter == codec.loads(Letter, codec.dumps(letter))


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", NAMES)
def test_text_only_is_one_part_with_nothing_left_open(
    letter: Letter, heading: Heading, personal: Personal, name: str, address: str
) -> None:
    """The same headers, the same text to the letter, and no line that a relay would have to touch."""
    who = replace(personal, name=name, address=address)
    raw, whole = (act(letter, heading).personalise(who) for act in (compile_plain, compile_letter))
    parsed, beside = message_from_bytes(raw), message_from_bytes(whole)

    assert "text/plain" == parsed.get_content_type()
    [text, _] = [part for part in beside.walk() if not part.is_multipart()]
    assert text.get_payload(decode=True) == parsed.get_payload(decode=True)
    assert [each for each in beside.items() if each[0] != "Content-Type"] == [
        each for each in parsed.items() if not each[0].startswith("Content-T")
    ]
    assert letter.markers.token.encode() not in raw
    assert [] == [line for line in raw.split(b"\r\n") if len(line) > 998 or line.startswith(b".") or b"\n" in line]
