"""An address is read once, in one form, or refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.subscribers.address import Address, Refused, masked, read, read_language, read_name


@pytest.mark.parametrize(
    ("typed", "norm"),
    [
        ("ana@example.org", "ana@example.org"),
        ("  Ana.Ruiz@EXAMPLE.Org ", "Ana.Ruiz@example.org"),
        ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example"),
        ("jo\u0308rg@example.org", "jörg@example.org"),
        ("o'brien+news@example.org", "o'brien+news@example.org"),
    ],
)
def test_one_key_for_one_mailbox(typed: str, norm: str) -> None:
    """The local part stays as typed, the domain becomes lower-case A-labels."""
    found = read(typed)
    assert isinstance(found, Address)
    assert found.norm == norm


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "nobody",
        "ana@",
        "@example.org",
        "ana@localhost",
        "ana@example..org",
        "a b@example.org",
        '"a b"@example.org',
        '"ana@example.org"',
        "ana@[192.0.2.1]",
        "Ana <ana@example.org>",
        "ana@example.org,bob@example.org",
        "ana@example.org\r\nBcc: bob@example.org",
        "ana\n@example.org",
        "ana\x00@example.org",
        "ana\u2028@example.org",
        "ana\u202e@example.org",
        "a" * 65 + "@example.org",
        "é" * 40 + "@example.org",
        "a" * 60 + "@" + ".".join(["b" * 60] * 4) + ".org",
        "x" * 100_000,
    ],
)
def test_what_is_no_address_is_refused_in_words(typed: str) -> None:
    """Quotes, brackets, control characters, lists and over-long ones: each gets a sentence."""
    found = read(typed)
    assert isinstance(found, Refused)
    assert found.why.endswith((".", ")"))


@given(st.text(max_size=80))
def test_reading_never_raises_and_never_lets_a_control_character_by(text: str) -> None:
    """Whatever is typed, the answer is a value; what passes may stand in a header."""
    found = read(text)
    if isinstance(found, Address):
        assert not any(ord(char) < 32 or ord(char) == 127 for char in found.email + found.norm)
        assert len(found.norm.encode()) <= 254
        assert found.norm.count("@") == 1


@given(st.emails())
def test_a_key_is_its_own_key(email: str) -> None:
    """Reading the normal form gives the same normal form."""
    found = read(email)
    if isinstance(found, Address):
        assert read(found.norm) == Address(found.norm, found.norm)


def test_a_name_is_tidied_or_refused() -> None:
    """Spaces are tidied; what would break a header, or is endless, is refused."""
    assert read_name("  Ana   Ruiz ") == "Ana Ruiz"
    assert isinstance(read_name("Ana\r\nBcc: x"), Refused)
    assert isinstance(read_name("x" * 1000), Refused)


def test_a_language_is_a_lower_case_tag() -> None:
    """Empty means the site's own."""
    assert (read_language("pt-BR"), read_language("")) == ("pt-br", "")
    assert isinstance(read_language("English, please"), Refused)


def test_a_masked_address_shows_too_little_to_write_to() -> None:
    """One letter each, and the top domain."""
    assert masked("ana.ruiz@mail.example.org") == "a•••@m•••.org"
