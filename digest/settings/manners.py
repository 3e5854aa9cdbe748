"""How often a source may be read: what is somebody else's is left in peace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from digest.settings.sections import Source

AT_LEAST = timedelta(minutes=5)
"""Between two visits to a host of the world's."""


def too_often(source: Source, allowed: Sequence[str]) -> bool:
    """Whether it is read from afar, and oftener than every five minutes.

    A folder is ours, and so is a host that stands among the private places `allowed`, by its name or address.
    """
    if source.kind in ("folder", "hook") or source.every >= AT_LEAST:
        return False
    host = (urlsplit(source.url).hostname or "").rstrip(".")
    return not any(_is(host, place) for place in allowed)


def _is(host: str, place: str) -> bool:
    try:
        network = ip_network(place.strip("[]"), strict=False)
    except ValueError:
        return host == place.strip().lower().rstrip(".")
    try:
        return ip_address("127.0.0.1" if host == "localhost" else host) in network
    except ValueError:
        return False
