"""The envelope sender of one letter: whose bounce it is, said by the address that the bounce comes back to.

    bounces+6n2c…@bounces.example.org        handle, masked mailing and MAC, 40 characters

Base 32 in lower case, since local parts get lower-cased on their way; no row number can be read from it, and nobody
can make one for somebody else (RFC 5321, 4.5.3.1.1: at most 64 octets).
"""

from __future__ import annotations

import binascii
import re
import secrets
from base64 import b32decode, b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from digest.settings.keys import Keyring

LENGTH = 40
LONGEST_LOCAL = 64
MOST = 50
"""Tokens looked at in one message: strangers write bounces, too."""

_HANDLE, _NUMBER, _MAC = 10, 5, 10
_TOKEN = re.compile(r"\+([a-z2-7]{40})(?![a-z2-7])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Returned:
    """Whose letter a token stands for: the subscriber's handle, and the row of the mailing."""

    handle: str
    mailing: int


def envelope(keys: Keyring, address: str, handle: str, mailing: int, *, key_id: str | None = None) -> str:
    """`address` with the token of one delivery; as it is where a local part that long is not allowed."""
    local, _, domain = address.rpartition("@")
    marked = f"{local}+{token(keys, handle, mailing, key_id=key_id)}"
    return f"{marked}@{domain}" if len(marked.encode()) <= LONGEST_LOCAL else address


def token(keys: Keyring, handle: str, mailing: int, *, key_id: str | None = None) -> str:
    """The same for every retry of a delivery; `key_id` is the mailing's, by default the key that signs now."""
    return _token(keys, _raw(handle), mailing, key_id or keys.current)


def read(keys: Keyring, text: str) -> Returned | None:
    """What a token says in whatever case, or None when it is not ours; compared in constant time."""
    text = text.lower()
    try:
        raw = b32decode(text.upper())
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _HANDLE + _NUMBER + _MAC:
        return None
    handle, masked = raw[:_HANDLE], raw[_HANDLE : _HANDLE + _NUMBER]
    for key_id in keys.keys:
        mailing = int.from_bytes(_mask(keys, handle, masked, key_id), "big")
        if secrets.compare_digest(_token(keys, handle, mailing, key_id), text):
            return Returned(_text(handle), mailing)
    return None


def found(keys: Keyring, text: str) -> Returned | None:
    """The first token of ours that stands behind a plus sign in `text`."""
    return next(filter(None, (read(keys, each) for each in islice(_tokens(text), MOST))), None)


def _tokens(text: str) -> Iterator[str]:
    return (match[1] for match in _TOKEN.finditer(text))


def _token(keys: Keyring, handle: bytes, mailing: int, key_id: str) -> str:
    number = mailing.to_bytes(_NUMBER, "big")
    mac = keys.mac("verp", handle, number, key_id, key_id=key_id, size=_MAC)
    return _text(handle + _mask(keys, handle, number, key_id) + mac)


def _mask(keys: Keyring, handle: bytes, number: bytes, key_id: str) -> bytes:
    """The number of a mailing, hidden or shown again: nobody counts our mailings by their envelopes."""
    mask = keys.mac("verp-mask", handle, key_id=key_id, size=_NUMBER)
    return bytes(one ^ other for one, other in zip(number, mask, strict=True))


def _raw(handle: str) -> bytes:
    return b32decode(handle.upper())


def _text(raw: bytes) -> str:
    return b32encode(raw).decode().lower()
