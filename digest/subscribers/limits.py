"""How often anybody may ask for a letter to an address: folded, so that one mailbox is one, and by network; pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

A_MAILBOX = 3
"""Confirm notes to one mailbox in a day, whatever digest is asked for."""
A_NETWORK = 30
"""Askings from one network in an hour."""
ALTOGETHER = 600
"""Askings of everybody in an hour: beyond it operators hear."""

_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def folded(email_norm: str) -> str:
    """One name for every spelling of one mailbox: lower case, without what stands behind a plus sign."""
    local, _, domain = email_norm.lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), _DOTLESS[domain]
    return f"{local}@{domain}"


def network(address: str) -> str:
    """The network an address is of: itself, or the /64 that an IPv6 household is given; as it is where it is none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network(f"{found}/64", strict=False))
    return str(found)


def visitor(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Who asks: the peer, unless it is a proxy that is trusted by name; then the last one it did not vouch for.

    What stands further left in `X-Forwarded-For` the visitor may have written.
    """
    hops = [peer, *(part.strip() for part in reversed(forwarded.split(",")) if part.strip())]
    for hop in hops:
        if not _is_of(hop, trusted):
            return hop[:64]
    return hops[-1][:64]


def _is_of(address: str, networks: Sequence[Network]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in each for each in networks)
