"""What stands in a person's links: a random handle and a MAC that binds it to one purpose.

    newsflash.1.0.4q7m…           digest . key id . moment . handle and MAC

The moment (seconds since 1970, base 36) is 0 for links that last as long as their key. Nobody can turn a link
to leave into one to manage or to confirm, and no address and no row number stands in any of them. It is lower
case where we choose, for the local part of a mailbox may be lower-cased on its way.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from digest.settings.keys import Keyring, framed, macs

HANDLE_LENGTH = 16
CONFIRM_FOR = timedelta(hours=72)
UNDO_FOR = timedelta(days=7)
FRESH_FOR = timedelta(hours=2)
"""A link that was mailed because somebody on the manage page asked for it."""
MOVE_FOR = timedelta(hours=24)
"""A link that was mailed to a new address."""

_LONGEST = 160
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MAC = 13
"""Octets: 26 hexadecimal digits, which cost least of all codings."""


class Purpose(StrEnum):
    UNSUBSCRIBE = "unsubscribe"
    MANAGE = "manage"
    CONFIRM = "confirm"
    UNDO = "undo"
    ADDRESS = "address"
    """To say a new address; mailed to the present one."""
    EXPORT = "export"
    MOVE = "move"
    """To agree, from the new address; like the next, its handle is that of the change."""
    MOVE_BACK = "move back"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a valid token says: whose link it is, for which digest, and when it was made (None where that is open)."""

    handle: str
    digest: str
    made_at: datetime | None = None


def new_handle() -> str:
    """80 random bits: stands for a subscriber wherever a number or an address must not."""
    return next(new_handles(1))


def new_handles(many: int) -> Iterator[str]:
    """So many of them, for a list: ten octets are sixteen letters, so all are coded in one step."""
    letters = b32encode(secrets.token_bytes(10 * many)).decode("ascii").lower()
    return (letters[at : at + HANDLE_LENGTH] for at in range(0, len(letters), HANDLE_LENGTH))


def unsubscribe_token(keys: Keyring, handle: str, digest: str, *, key_id: str | None = None) -> str:
    """The token of /unsubscribe/{token}; `key_id` is the mailing's, by default the key that signs now."""
    return lasting(keys, Purpose.UNSUBSCRIBE, digest, key_id=key_id)([handle])[0].decode()


def manage_token(keys: Keyring, handle: str, digest: str) -> str:
    """The token of /manage/{token}."""
    return lasting(keys, Purpose.MANAGE, digest)([handle])[0].decode()


def lasting(
    keys: Keyring, purpose: Purpose, digest: str, *, key_id: str | None = None
) -> Callable[[Sequence[str]], list[bytes]]:
    """What makes one digest's lasting tokens from handles, as they stand in letters: many of them at a time."""
    key_id = key_id or keys.current
    begun, rest = keys.begun(purpose, key_id=key_id, size=_MAC), framed(digest) + framed("0") + framed(key_id)
    lead = f"{digest}.{key_id}.0."

    def tokens(handles: Sequence[str]) -> list[bytes]:
        made = zip(handles, macs(begun, handles, rest), strict=True)
        return [f"{lead}{handle}{mac}".encode() for handle, mac in made]

    return tokens


def confirm_token(keys: Keyring, handle: str, digest: str, now: datetime) -> str:
    """The token of /confirm/{token}; good for 72 hours."""
    return passing(keys, Purpose.CONFIRM, handle, digest, now)


def undo_token(keys: Keyring, handle: str, digest: str, now: datetime) -> str:
    """What the page after leaving offers to take it back with; good for 7 days."""
    return passing(keys, Purpose.UNDO, handle, digest, now)


def passing(keys: Keyring, purpose: Purpose, handle: str, digest: str, now: datetime) -> str:
    """A token of any purpose that bears its moment: how long it lasts is for whoever reads it to say."""
    return _token(keys, purpose, handle, digest, _moment(now), keys.current)


def read(keys: Keyring, purpose: Purpose, token: str) -> Claim | None:
    """What `token` says, or None when it is not ours for this purpose; compared in constant time."""
    parts = token.split(".") if len(token) <= _LONGEST and token.isascii() else []
    if len(parts) != 4 or len(parts[3]) <= HANDLE_LENGTH:
        return None
    digest, key_id, moment, body = parts
    handle = body[:HANDLE_LENGTH]
    # The text is rebuilt and compared whole: two spellings of one MAC do not both pass.
    if key_id not in keys.keys:
        return None
    expected = _token(keys, purpose, handle, digest, moment, key_id)
    if not secrets.compare_digest(token, expected):
        return None
    return Claim(handle, digest, None if moment == "0" else datetime.fromtimestamp(int(moment, 36), UTC))


def fresh(claim: Claim, now: datetime, *, lasts: timedelta) -> bool:
    """Whether a link with a moment may still be used."""
    return claim.made_at is not None and claim.made_at <= now + timedelta(minutes=5) and now - claim.made_at <= lasts


def _token(keys: Keyring, purpose: Purpose, handle: str, digest: str, moment: str, key_id: str) -> str:
    mac = keys.mac(purpose, handle, digest, moment, key_id, key_id=key_id, size=_MAC)
    return f"{digest}.{key_id}.{moment}.{handle}{mac.hex()}"


def _moment(at: datetime) -> str:
    seconds, digits = int(at.timestamp()), ""
    while seconds:
        seconds, digit = divmod(seconds, 36)
        digits = _DIGITS[digit] + digits
    return digits
