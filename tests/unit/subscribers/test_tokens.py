"""A token opens one door, for one person and one digest."""

from __future__ import annotations

import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.settings.keys import Keyring
from digest.subscribers import tokens
from digest.subscribers.tokens import Claim, Purpose

NOW = datetime(2026, 6, 26, 9, 0, 1, tzinfo=UTC)
KEYS = Keyring.parse("k1:a key of some length and more")

handles = st.text(string.ascii_lowercase + "234567", min_size=16, max_size=16)
digests = st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True)
lasting: dict[Purpose, Callable[[str, str], str]] = {
    Purpose.UNSUBSCRIBE: lambda handle, digest: tokens.unsubscribe_token(KEYS, handle, digest),
    Purpose.MANAGE: lambda handle, digest: tokens.manage_token(KEYS, handle, digest),
}


def made(purpose: Purpose, handle: str, digest: str) -> str:
    """A token of that purpose, with its moment where it has one."""
    if purpose in lasting:
        return lasting[purpose](handle, digest)
    return tokens.passing(KEYS, purpose, handle, digest, NOW)


@given(handles, digests, st.sampled_from(Purpose))
def test_a_token_says_whose_it_is(handle: str, digest: str, purpose: Purpose) -> None:
    """Reading gives back handle, digest and, where it has one, the second it was made."""
    made_at = NOW if purpose not in lasting else None
    assert tokens.read(KEYS, purpose, made(purpose, handle, digest)) == Claim(handle, digest, made_at)


@given(handles, digests, st.sampled_from(Purpose), st.sampled_from(Purpose))
def test_a_token_opens_no_other_door(handle: str, digest: str, made_for: Purpose, tried: Purpose) -> None:
    """A link to leave neither manages nor confirms."""
    found = tokens.read(KEYS, tried, made(made_for, handle, digest))
    assert (found is None) == (made_for is not tried)


@given(handles, digests, st.sampled_from(Purpose), st.data())
def test_a_cut_or_altered_token_opens_nothing(handle: str, digest: str, purpose: Purpose, data: st.DataObject) -> None:
    """Not one character may go or change, nor any be added."""
    token = made(purpose, handle, digest)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(
        st.sampled_from(string.ascii_letters + string.digits + "._-\u00e9").filter(lambda c: c != token[at])
    )
    for wrong in (token[:at], token[at + 1 :], token[:at] + other + token[at + 1 :], token + other, token[:at] + token):
        if wrong != token:
            assert tokens.read(KEYS, purpose, wrong) is None


@given(st.text(max_size=300))
def test_what_strangers_type_is_no_token(text: str) -> None:
    """And reading it never raises."""
    assert all(tokens.read(KEYS, purpose, text) is None for purpose in Purpose)


def test_an_old_key_still_verifies_and_a_lost_one_does_not(keys: Keyring) -> None:
    """Links outlive rotation, for as long as their key is kept."""
    old = Keyring.parse("k1:the first key is still good")
    token = tokens.unsubscribe_token(old, "a" * 16, "newsflash")
    assert tokens.read(keys, Purpose.UNSUBSCRIBE, token) == Claim("a" * 16, "newsflash")
    assert tokens.read(Keyring.parse("k3:another key altogether"), Purpose.UNSUBSCRIBE, token) is None
    assert tokens.unsubscribe_token(keys, "a" * 16, "newsflash", key_id="k1") == token


def test_a_token_is_safe_in_an_address_and_short_enough_for_a_mailbox() -> None:
    """Only unreserved characters (RFC 3986); with `u+` before it, 64 octets (RFC 5321)."""
    token = tokens.unsubscribe_token(Keyring.parse("a bare key of some length"), tokens.new_handle(), "newsflash")
    assert set(token) <= set(string.ascii_lowercase + string.digits + "._")
    assert len("u+" + token) <= 64


def test_no_two_handles_are_alike() -> None:
    """They are random and of one length."""
    made = {tokens.new_handle() for _ in range(1_000)}
    assert (len(made), {len(each) for each in made}) == (1_000, {tokens.HANDLE_LENGTH})


@pytest.mark.parametrize(("after", "fresh"), [(0, True), (72, True), (73, False), (-1, False)])
def test_a_confirm_link_lasts_three_days(after: int, fresh: bool) -> None:
    """Neither later, nor before it was made."""
    claim = Claim("a" * 16, "newsflash", NOW)
    assert tokens.fresh(claim, NOW + timedelta(hours=after), lasts=tokens.CONFIRM_FOR) is fresh
