"""A relay as its URL declares it, and the addresses that may be written on its wire."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from digest.errors import DeliveryError

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
# Beside controls and spaces: whatever would end the path (RFC 5321, 4.1.2).
_LONGEST = 254
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f<>]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where to connect, how to protect it, and as whom."""

    host: str
    port: int
    tls: bool = False
    """From the first byte."""
    starttls: bool = False
    """Asked for and insisted on: never downgraded."""
    user: str | None = None
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine, where a password may go in plain text."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse(url: str) -> Relay:
    """The relay of "smtp[+starttls]://[user:password@]host[:port]" or "smtps://…".

    DeliveryError for one that would send a password in plain text beyond this machine.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise DeliveryError("is no relay's address", about=parts.hostname or "relay")
    relay = Relay(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        starttls=parts.scheme == "smtp+starttls",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password or ""),
    )
    if relay.user and not (relay.tls or relay.starttls or relay.loopback):
        raise DeliveryError("would get its password in plain text: use smtp+starttls or smtps", about=str(relay))
    return relay


def is_writable(address: str) -> bool:
    """Whether an address may stand between angle brackets on the wire."""
    if "@" not in address or _FORBIDDEN.search(address):
        return False
    try:
        return len(address.encode()) <= _LONGEST
    except UnicodeEncodeError:
        return False


def needs_utf8(*addresses: str) -> bool:
    """Whether only a relay with SMTPUTF8 can take one of them (RFC 6531)."""
    return not all(map(str.isascii, addresses))
