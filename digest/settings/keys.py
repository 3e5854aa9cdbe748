"""The keys that sign links and Message-IDs: the first signs, all verify."""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from digest.errors import ConfigError

_LONGEST_KEY = 65_536
_ID = re.compile(r"[A-Za-z0-9]{1,16}")


@dataclass(frozen=True, slots=True)
class Keyring:
    """Signing keys by id. The purpose is bound into every MAC, so that none can stand in for another."""

    keys: dict[str, bytes] = field(repr=False)
    current: str

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read "id:key,id:key"; a bare string is one key named "1". At least 16 characters a key."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, secret = part.partition(":") if ":" in part else ("1", "", part)
            # It stands in the local part of addresses, which get lower-cased on their way.
            name = name.lower()
            if not _ID.fullmatch(name) or len(secret) < 16:
                raise ConfigError(
                    'write it as "id:key", ids of letters and digits, keys of 16 characters or more',
                    about="DIGEST_SECRET_KEY",
                )
            if name in keys:
                raise ConfigError(f'has two keys with the id "{name}"', about="DIGEST_SECRET_KEY")
            keys[name] = blake2b(secret.encode(), digest_size=32).digest()
        if not keys:
            raise ConfigError("is empty", about="DIGEST_SECRET_KEY")
        return cls(keys, next(iter(keys)))

    def mac(self, purpose: str, *parts: str | bytes, key_id: str | None = None, size: int = 16) -> bytes:
        """A keyed BLAKE2b (RFC 7693) of `size` bytes over purpose and parts; KeyError for an unknown id."""
        return self.begun(purpose, *parts, key_id=key_id, size=size).digest()

    def begun(self, purpose: str, *parts: str | bytes, key_id: str | None = None, size: int = 16) -> blake2b:
        """A MAC over what many have in common: to be copied, and carried on with what is `framed`."""
        mac = blake2b(digest_size=size, key=self.keys[key_id or self.current], person=purpose.encode()[:16])
        for part in parts:
            mac.update(framed(part))
        return mac

    def verify(self, mac: bytes, purpose: str, *parts: str | bytes, key_id: str) -> bool:
        """Whether `mac` is ours for this purpose, in constant time."""
        return key_id in self.keys and hmac.compare_digest(
            mac, self.mac(purpose, *parts, key_id=key_id, size=len(mac) or 1)
        )


def macs(begun: blake2b, parts: Iterable[str], rest: bytes = b"") -> list[str]:
    """What a MAC that many have in common comes to with each of the parts, then the `rest`; in hexadecimal digits."""
    copy, found = begun.copy, []
    for part in parts:
        mac, raw = copy(), part.encode()
        # As `framed`, without a step between: this is done for every letter.
        mac.update(len(raw).to_bytes(4, "big") + raw + rest)
        found.append(mac.hexdigest())
    return found


def framed(part: str | bytes) -> bytes:
    """A part of a MAC, led by its length: no two lists of parts read the same."""
    raw = part.encode() if isinstance(part, str) else part
    return len(raw).to_bytes(4, "big") + raw


def private(path: Path) -> bytes:
    """The content of a key file; ConfigError unless it is its owner's alone, and that is us (or root)."""
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            content = file.read(_LONGEST_KEY)
    except OSError as error:
        raise ConfigError(f"the key cannot be read: {error.strerror}", about=str(path)) from None
    if about.st_mode & 0o077:
        mode = stat.S_IMODE(about.st_mode)
        raise ConfigError(f"the key is open to others than its owner (mode {mode:04o}): chmod 600", about=str(path))
    if about.st_uid not in (os.geteuid(), 0):
        raise ConfigError("the key belongs to another user: chown it to the one that sends", about=str(path))
    return content


def made_key(folder: Path) -> str:
    """The key kept beside the database, made (mode 0600) when there is none yet."""
    path = folder / "secret_key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".secret_key.{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"1:{secrets.token_urlsafe(32)}\n")
        # A link appears whole or not at all: two processes at first start agree on one key.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text().strip()
