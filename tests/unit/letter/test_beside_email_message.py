"""A spliced letter, read back, is what Jinja and the library's EmailMessage make of the same edition and person."""

from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import jinja2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from digest.letter import headers
from digest.letter.compile import compile_letter
from digest.letter.headers import Heading
from digest.letter.holes import HOLES, Letter, Markers, Personal
from digest.letter.render import render
from digest.letter.views import SiteView
from tests.unit.letter.conftest import rich_snapshot

READERS = [policy.default, policy.SMTP, policy.SMTPUTF8]
PARTS = st.sampled_from(["'", '"', "\\", ".", "-", " ", ",", "<", ">", "&", "=", "=?utf-8?q?x?=", "@", ":", "From "])
WORDS = st.sampled_from(
    ["José", "山田太郎", "مريم", "עברית", "👩‍👩‍👧‍👦", "Ada", "ẞ", "e\u0301", "\u200f", "é" * 90, "a" * 90]
)
NAMES = st.one_of(
    st.lists(st.one_of(PARTS, WORDS, st.text(max_size=4)), max_size=12).map("".join),
    st.integers(900, 1000).flatmap(
        lambda size: st.sampled_from(["x", "é", "山", "👩", "Ada "]).map(lambda a: a * size)
    ),
).map(lambda name: headers.clean(name.encode("utf-8", "ignore").decode())[:1000].strip())
LOCALS = st.sampled_from(["ada", "a.b+c", "o'brien", "a=b&c", "x" * 64, "jürgen", "用户", "-dash", "{x}|y", "x_" * 16])
DOMAINS = st.sampled_from(["example.org", "bücher.example", "例え.テスト", "a-b.c.example", "x" * 60 + ".example.org"])
ADDRESSES = st.builds("{}@{}".format, LOCALS, DOMAINS)


@pytest.fixture(scope="module")
def plain(environment: Environment) -> Letter:
    """Rendered once, with a name in both parts: in an attribute, alone, between dots."""
    markers = Markers(token="0123456789abcdef" * 2)
    site = SiteView(title="Metals Mark", url="https://news.example.org", postal_address="1 Example Street")
    letter = render(rich_snapshot(), language="es", site=site, environment=environment, markers=markers)
    name = markers.of("name")
    return replace(
        letter,
        subject="«Boletín» de junio: más del 15 % del cobre, y otras seis noticias que no caben en una línea",
        html=letter.html.replace("</body>", f'<p title="{name}">.{name}.</p>\n{name}\n.{name}</body>', 1),
        text=f"{name}\n.{name}\n{name}{name}\n-- {name} --\n" + letter.text,
    )


def by_the_library(letter: Letter, heading: Heading, person: Personal) -> EmailMessage:
    """The naive way: a template filled and a message built for each."""
    message = EmailMessage(policy=policy.SMTPUTF8)
    message["From"] = Address(heading.sender.name, addr_spec=heading.sender.address)
    message["Reply-To"], message["Subject"] = heading.reply_to, letter.subject
    local, _, domain = headers.address(person.address).rpartition("@")
    message["To"] = Address(person.name, local, domain)
    message["Date"], message["Message-ID"] = format_datetime(person.date), person.message_id
    said = {hole: getattr(person, hole) for hole in HOLES}
    message.set_content(filled(letter, letter.text, said, escape=False), cte="quoted-printable")
    html = filled(letter, letter.html, said, escape=True)
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def filled(letter: Letter, text: str, said: dict[str, str], *, escape: bool) -> str:
    environment = jinja2.Environment(
        autoescape=escape,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        variable_start_string="<<<",
        variable_end_string=">>>",
        block_start_string="<<%",
        comment_start_string="<<#",
    )
    for hole in HOLES:
        text = text.replace(letter.markers.of(hole), f"<<<{hole}>>>")
    return environment.from_string(text).render(said)


def bodies(message: EmailMessage) -> tuple[str, str]:
    """(text, html), however its lines end, the last one too; what Jinja's escapes are called does not matter."""
    text, html = (part.get_content().replace("\r\n", "\n").rstrip("\n") for part in message.iter_parts())
    return text, html.replace("&#39;", "'").replace("&#x27;", "'").replace("&#34;", '"').replace("&quot;", '"')


def mailbox(raw: bytes, name: str) -> tuple[str, str]:
    """Whom a field names, read strictly: RFC 2047 has encoded words joined, the library's new reader parts them."""
    value = message_from_bytes(raw)[name]
    phrase, spec = parseaddr(str(value).replace("\r\n", ""))
    return str(make_header(decode_header(phrase))), spec


def roughly(message: EmailMessage) -> tuple[str, str]:
    """Whom the library's own reader finds in To: all but the spaces that it puts between encoded words."""
    [found] = message["To"].addresses
    # It keeps octets beyond ASCII as surrogates.
    spec = found.addr_spec.encode("utf-8", "surrogateescape").decode()
    return "".join(found.display_name.split()), spec


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(name=NAMES, address=ADDRESSES)
@example(name="", address="ada@example.org")
@example(name=".", address="-dash@bücher.example")
@example(name='"', address="jürgen@例え.テスト")
@example(name="山" * 1000, address="x" * 64 + "@" + "x" * 60 + ".example.org")
@example(name="Ada " * 249 + "Ada", address="ada@example.org")
@example(name="'" * 1000, address="ada@example.org")
def test_spliced_is_what_the_library_would_have_built(
    plain: Letter, heading: Heading, personal: Personal, name: str, address: str
) -> None:
    """The same text, HTML, subject, people and identity, by every reader of the library's."""
    person = replace(personal, name=name, address=address, mailto="mailto:leave+" + "t" * 90 + "@example.org")
    compiled = compile_letter(plain, heading)
    raw, naive = compiled.personalise(person), by_the_library(plain, heading, person)

    for reader in READERS:
        ours = message_from_bytes(raw, policy=reader)
        for field in ("From", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version"):
            assert (field, str(naive[field])) == (field, str(ours[field]))
        assert bodies(naive) == bodies(ours)
        assert ("".join(name.split()), headers.address(address)) == roughly(ours)
        assert [] == [*ours.defects, *(each for part in ours.walk() for each in part.defects)]
    if address.isascii():
        assert (name, headers.address(address)) == mailbox(raw, "To")
    assert f"<{person.unsubscribe}>, <{person.mailto}>" == unfolded(raw, b"List-Unsubscribe")
    assert "List-Unsubscribe=One-Click" == unfolded(raw, b"List-Unsubscribe-Post")
    assert [] == wrong_lines(raw)
    assert len(raw) <= compiled.size


def unfolded(raw: bytes, name: bytes) -> str:
    """A field as it stands on the wire, but for its folds."""
    rest = raw.partition(b"\r\n" + name + b": ")[2].replace(b"\r\n ", b" ")
    return rest.partition(b"\r\n")[0].decode()


def wrong_lines(raw: bytes) -> list[bytes | list[bytes]]:
    """Lines that a relay or a reader may stumble over, each with its fault."""
    head, _, body = raw.partition(b"\r\n\r\n")
    local = [line for line in raw.split(b"\r\n") if b"\n" in line or b"\r" in line or b"\0" in line]
    coded = [line for line in body.split(b"\r\n") if not line.isascii() or len(line) > 76 or line.endswith(b" ")]
    dotted = [line for line in raw.split(b"\r\n") if line.startswith((b".", b"From "))]
    long = [line for line in head.split(b"\r\n") if len(line) > 998 or (len(line) > 78 and b"?=" in line)]
    dashes = [line for line in body.split(b"\r\n") if line.startswith(b"-")]
    return [*local, *coded, *dotted, *long, *([dashes] if len(dashes) != 3 else [])]


def test_an_address_beyond_ascii_makes_only_its_own_field_so(
    plain: Letter, heading: Heading, personal: Personal
) -> None:
    """What SMTPUTF8 is needed for is the address in To; all else stays 7-bit."""
    raw = compile_letter(plain, heading).personalise(replace(personal, name="Jürgen", address="jürgen@bücher.example"))

    beyond = [line.decode() for line in raw.split(b"\r\n") if not line.isascii()]
    assert ["To: =?utf-8?b?SsO8cmdlbg==?= <jürgen@xn--bcher-kva.example>"] == beyond
