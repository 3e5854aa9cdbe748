"""Envelope senders that say whose bounce it is."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from digest.settings.keys import Keyring
from digest.subscribers import tokens, verp
from digest.subscribers.verp import Returned

OLD = Keyring.parse("k1:the first key is still good")
KEYS = Keyring.parse("k2:the second key is the newest,k1:the first key is still good")
OTHERS = Keyring.parse("k1:a key that is somebody else's")
HANDLE = "abcdefghijklmnop"


@given(mailing=st.integers(1, 2**40 - 1), upper=st.booleans())
def test_a_token_says_whose_letter_came_back(mailing: int, upper: bool) -> None:
    """Whatever case it went through; and nobody else's key, nor one altered letter, passes."""
    handle = tokens.new_handle()
    token = verp.token(OLD, handle, mailing)
    assert len(token) == verp.LENGTH
    assert verp.read(KEYS, token.upper() if upper else token) == Returned(handle, mailing)
    assert verp.read(OTHERS, token) is None
    assert verp.read(KEYS, token[:-1] + ("a" if token[-1] != "a" else "b")) is None


def test_an_envelope_fits_and_is_found_again() -> None:
    """64 octets are the most before the @-sign; one that would be longer stays plain."""
    marked = verp.envelope(KEYS, "bounces@bounces.example.org", HANDLE, 7)
    local, _, domain = marked.partition("@")
    assert (len(local.encode()) <= 64, domain) == (True, "bounces.example.org")
    assert verp.found(KEYS, f"Return-Path: <{marked}>") == Returned(HANDLE, 7)
    long = f"{'b' * 30}@example.org"
    assert verp.envelope(KEYS, long, HANDLE, 7) == long


def test_a_link_is_no_envelope() -> None:
    """A token for leaving takes nobody off as a bounce, and the other way round."""
    leave = tokens.unsubscribe_token(KEYS, HANDLE, "newsflash")
    assert verp.found(KEYS, f"<unsubscribe+{leave}@example.org>") is None
    assert tokens.read(KEYS, tokens.Purpose.UNSUBSCRIBE, verp.token(KEYS, HANDLE, 7)) is None


@given(st.text(max_size=80))
def test_anything_may_stand_there(text: str) -> None:
    """Strangers write bounces."""
    assert verp.read(KEYS, text) is None
    assert verp.found(KEYS, f"x+{text}") is None
