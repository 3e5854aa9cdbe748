"""DKIM signatures that somebody else's library finds right: RSA and Ed25519, letters and notes, awkward names."""

from __future__ import annotations

from datetime import UTC, datetime

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from dkim.canonicalization import Relaxed
from hypothesis import example, given
from hypothesis import strategies as st

from digest.deliveries import dkim
from digest.deliveries.dkim import Key, Signer
from digest.errors import ConfigError
from digest.letter import quoted
from digest.letter.compile import compile_letter, note_message
from digest.letter.headers import Heading, Mailbox
from digest.letter.holes import Letter, Markers, Personal

Signers = tuple[Signer, ...]

NOW = datetime(2026, 6, 26, 8, tzinfo=UTC)
MARKERS = Markers(token="ab" * 16)
NAMES = [
    "",
    "Ada Lovelace",
    'O"Brien, \\ J.',
    "José  Ñandú",
    "山田 太郎",
    "مريم العربي",
    "👩‍👩‍👧‍👦",
    ".dot ",
    "é" * 300,
    "a " * 300,
]


@pytest.fixture(scope="module")
def rsa_key() -> RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def signers(rsa_key: RSAPrivateKey) -> Signers:
    """A signer for each algorithm."""
    return (
        Signer(domain="example.org", selector="one", key=rsa_key),
        Signer(domain="example.org", selector="two", key=Ed25519PrivateKey.generate()),
    )


def verified(message: bytes, signers: Signers) -> list[bool]:
    """What dkimpy says to each signature, given the records that we say are to be published."""
    records = {f"{signer.name}.".encode(): signer.record.encode() for signer in signers}

    def look_up(name: bytes, timeout: int = 5) -> bytes:
        return records[name]

    def judged(number: int) -> bool:
        try:
            return bool(dkimpy.DKIM(message).verify(idx=number, dnsfunc=look_up))
        except dkimpy.ValidationError:
            return False

    return [judged(number) for number in range(len(signers))]


def letter(name: str, address: str = "ada@example.org", text: str = "") -> bytes:
    """A letter with a name in both parts, whatever else its text is."""
    hole, leave = MARKERS.of("name"), MARKERS.of("unsubscribe")
    content = Letter(
        language="en",
        subject="Newsflash  June: «más» noticias, of a length that has to be folded over a line or two",
        text=f"Dear {hole},\n.\n\ttabs  and   blanks \n{text}\n{leave}\n\n\n",
        html=f"<p title='{hole}'>  {hole}</p>\n<a href='{leave}'>leave</a>\n",
        markers=MARKERS,
    )
    heading = Heading(
        sender=Mailbox("Metals Mark", "news@example.org"),
        list_title="Newsflash",
        list_id="newsflash.news.example.org",
        reply_to="office@example.org",
        archive="https://news.example.org/editions/newsflash/",
        help="https://news.example.org/subscribe/newsflash",
    )
    person = Personal(
        name=name,
        address=address,
        reason="you asked",
        unsubscribe="https://news.example.org/unsubscribe/" + "t" * 60,
        mailto="mailto:leave+" + "t" * 60 + "@example.org?subject=unsubscribe",
        manage="https://news.example.org/manage/x",
        message_id="<0011@example.org>",
        date=NOW,
    )
    return compile_letter(content, heading).personalise(person)


@pytest.mark.parametrize("name", NAMES)
def test_letters_are_found_right_by_another_library(signers: Signers, name: str) -> None:
    """Both signatures, whoever the letter is to."""
    message = dkim.signed(letter(name), signers, at=NOW)

    assert [True, True] == verified(message, signers)
    assert [] == [line for line in message.split(b"\r\n") if len(line) > 78 and b"unsubscribe" not in line]


def test_an_address_beyond_ascii_is_signed_as_it_stands(signers: Signers) -> None:
    """The octets on the wire are those that were hashed (RFC 8616)."""
    message = dkim.signed(letter("Jürgen", "jürgen@bücher.example"), signers, at=NOW)

    assert [True, True] == verified(message, signers)


def test_notes_are_found_right_by_another_library(signers: Signers) -> None:
    """One letter to one person, with no list about it."""
    note = note_message(
        sender=Mailbox("Metals Mark", "news@example.org"),
        to=Mailbox("", "zoe@example.org"),
        subject="Bitte bestätigen",
        text=".Hallo\n",
        html="<p>Hallo</p>\n",
        message_id="<1@example.org>",
        date=NOW,
    )

    assert [True, True] == verified(dkim.signed(note, signers, at=NOW), signers)


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        (b"Subject: ", b"Subject: Re: "),
        (b"List-Unsubscribe: <https", b"List-Unsubscribe: <http"),
        (b"List-Unsubscribe-Post: List-", b"List-Unsubscribe-Post: Lost-"),
        (b"To: Ada", b"To: Eve"),
        (b"Reply-To: office", b"Reply-To: orifice"),
        (b"From: ", b"From: eve@example.net\r\nFrom: "),
        (b"\r\nDear=20", b"\r\nDead=20"),
        (b"\r\n--=_", b"\r\nmore\r\n--=_"),
    ],
)
def test_what_is_changed_on_the_way_is_found_out(signers: Signers, field: bytes, changed: bytes) -> None:
    """Fields, both List-Unsubscribe fields among them, a second From, and the body to its last line."""
    message = dkim.signed(letter("Ada"), signers, at=NOW)
    forged = message.replace(field, changed, 1)

    assert (False, [False, False]) == (forged == message, verified(forged, signers))


def test_every_field_that_counts_is_named() -> None:
    """In h=, both List-Unsubscribe fields too (RFC 8058, 4), and nothing says how much of the body counts."""
    signer = Signer(domain="example.org", selector="x", key=Ed25519PrivateKey.generate())
    field = dkim.signed(letter("Ada"), [signer], at=NOW).partition(b"\r\nFrom:")[0].replace(b"\r\n ", b"").decode()
    tags = dict(tag.strip().split("=", 1) for tag in field.partition(":")[2].split(";"))

    assert (
        "from:from:to:reply-to:subject:date:message-id:mime-version:content-type"
        ":list-id:list-unsubscribe:list-unsubscribe-post:list-archive:list-help"
    ) == tags["h"]
    assert ("1", "ed25519-sha256", "relaxed/relaxed", "example.org", "x", str(int(NOW.timestamp()))) == tuple(
        tags[name] for name in ("v", "a", "c", "d", "s", "t")
    )
    assert "l" not in tags


TEXT = st.text(st.sampled_from("ab .-=\t\n\r\u00e9\u2028"), max_size=300)


@given(TEXT, TEXT)
@example("\n\n\n", " \n \n")
@example("a  b\t\tc \t\n", "   ")
def test_a_body_is_written_as_relaxed_would_have_it(text: str, value: str) -> None:
    """What the letter's quoted-printable makes, holes filled, is canonical but for empty lines at its end."""
    marked = f"{text}{MARKERS.of('name')}{text}"
    filled = quoted.value(value).decode()
    parts = quoted.holed(marked, MARKERS, str)
    body = "".join(fixed + (filled if slot else "") for fixed, slot in parts).encode()

    assert Relaxed.canonicalize_body(body) == dkim._whole(body)


@given(
    st.text(st.sampled_from("aB-"), min_size=1, max_size=9),
    st.lists(st.text(st.sampled_from("ab \t:;=é"), max_size=12), max_size=4).map("\r\n ".join),
)
def test_fields_are_canonicalised_as_another_library_does(name: str, value: str) -> None:
    """Names small, folds and blanks single, none at either end."""
    [(theirs, said)] = Relaxed.canonicalize_headers([(name.encode(), f" {value}\r\n".encode())])

    assert theirs + b":" + said == dkim.relaxed_field(f"{name}: {value}".encode())


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n", b"a", b"a\r\n", b"a\r\n\r\n\r\n", b"a\r\n\r\nb\r\n\r\n"])
def test_ends_of_bodies(body: bytes) -> None:
    """Empty lines go, one line end stays, nothing stays nothing."""
    assert Relaxed.canonicalize_body(body) == dkim._whole(body)


def pem(key: Key | EllipticCurvePrivateKey, secret: bytes = b"") -> bytes:
    lock = BestAvailableEncryption(secret) if secret else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


SMALL = b"""-----BEGIN RSA PRIVATE KEY-----
MIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu
KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQJAIJLixBy2qpFoS4DSmoEm
o3qGy0t6z09AIJtH+5OeRV1be+N4cDYJKffGzDa88vQENZiRm0GRq6a+HPGQMd2k
TQIhAKMSvzIBnni7ot/OSie2TmJLY4SwTQAevXysE2RbFDYdAiEBCUEaRQnMnbp7
9mxDXDf6AU0cN/RPBjb9qSHDcWZHGzUCIG2Es59z8ugGrDY+pxLQnwfotadxd+Uy
v/Ow5T0q5gIJAiEAyS4RaI9YG8EWx/2w0T67ZUVAw8eOMB6BIUg0Xcu+3okCIBOs
/5OiPgoTdSy7bcF9IGpSE8ZgGKzgYQVZeN97YE00
-----END RSA PRIVATE KEY-----
"""


def test_keys_are_read_and_judged(rsa_key: RSAPrivateKey) -> None:
    """An RSA key of 1024 bits is weak; a file that is no key, locked, of another kind or too short is refused."""
    weak = dkim.read_key(pem(rsa.generate_private_key(65537, 1024)), about="a file")
    judged = [Signer(domain="d", selector="s", key=key).weak for key in (weak, rsa_key, Ed25519PrivateKey.generate())]

    assert [True, False, False] == judged
    for wrong in (b"", b"no key", pem(rsa_key, b"secret"), pem(ec.generate_private_key(ec.SECP256R1())), SMALL):
        with pytest.raises(ConfigError, match=r"^a file: "):
            dkim.read_key(wrong, about="a file")


def test_a_signer_never_shows_its_key(rsa_key: RSAPrivateKey) -> None:
    """Neither printed nor compared into a log."""
    assert "Signer(domain='d', selector='s')" == repr(Signer(domain="d", selector="s", key=rsa_key))
