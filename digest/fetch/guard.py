"""Which addresses we may connect to: public ones, and a source's own where the operator allowed it.

A private allowance belongs to one source's own host and port. It never opens a redirect or a picture elsewhere,
so that a page cannot make us read the metadata service or the router.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from digest.errors import FetchError

Address = IPv4Address | IPv6Address

_GLOBAL = IPv6Network("2000::/3")
"""All that was ever given out of IPv6 for the world to reach (RFC 4291, 2.4)."""
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Guard:
    """Decides on addresses; `allow_private` holds networks ("10.0.0.0/8"), addresses and host names."""

    def __init__(self, allow_private: Iterable[str] = ()) -> None:
        self._networks = []
        self._hosts = set()
        for entry in allow_private:
            try:
                self._networks.append(ip_network(entry.strip("[]"), strict=False))
            except ValueError:
                self._hosts.add(entry.strip().lower().rstrip("."))

    def check(self, url: httpx.URL, addresses: Sequence[Address], *, own: httpx.URL) -> None:
        """Refuse `url` unless every address it resolved to may be connected to.

        Raises FetchError naming the URL.
        """
        mine = same_place(url, own)
        if port_of(url) not in (80, 443) and not mine:
            raise FetchError(f"port {port_of(url)} is not 80 or 443", about=shown(url))
        for address in addresses:
            if not is_public(address) and not (mine and self._allowed(url.host, address)):
                raise FetchError(f"{address} is not a public address (fetch.allow_private)", about=shown(url))

    def _allowed(self, host: str, address: Address) -> bool:
        plain = getattr(address, "ipv4_mapped", None) or address
        return host.lower().rstrip(".") in self._hosts or any(plain in network for network in self._networks)


def is_public(address: Address) -> bool:
    """Whether an address, and any IPv4 address that it carries inside, is reachable by the world."""
    carried = _carried(address)
    if isinstance(address, IPv6Address) and address not in _GLOBAL and not carried:
        return False
    return all(each.is_global and not each.is_multicast for each in (address, *carried))


def _carried(address: Address) -> tuple[IPv4Address, ...]:
    if isinstance(address, IPv4Address):
        return ()
    if any(address in network for network in _NAT64):
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    teredo = address.teredo or ()
    return tuple(each for each in (address.ipv4_mapped, address.sixtofour, *teredo) if each is not None)


@lru_cache(maxsize=4_096)
def parse_url(text: str) -> httpx.URL:
    """An http or https URL with a host; raises FetchError."""
    try:
        url = httpx.URL(text.strip())
        host = url.host
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(f"not a URL: {error}", about=text[:200]) from error
    if url.scheme not in _DEFAULT_PORTS or not host:
        raise FetchError("only http and https are fetched", about=text[:200])
    if url.port is not None and not 0 < url.port < 65_536:
        raise FetchError(f"not a URL: there is no port {url.port}", about=text[:200])
    return url


def same_place(url: httpx.URL, own: httpx.URL) -> bool:
    """Whether `url` has the source's own host and port (or the https port beside its port 80)."""
    if url.host.lower() != own.host.lower():
        return False
    return port_of(url) == port_of(own) or (port_of(own) == 80 and url.scheme == "https" and port_of(url) == 443)


def port_of(url: httpx.URL) -> int:
    return url.port or _DEFAULT_PORTS[url.scheme]


def host_key(url: httpx.URL) -> str:
    """A host as we remember what it asked of us: its name, with a port that is not the usual one."""
    usual = _DEFAULT_PORTS.get(url.scheme)
    return url.host.lower() if url.port in (None, usual) else f"{url.host.lower()}:{url.port}"


def host_of(url: str) -> str:
    """The same of an address as declared; empty for what is none, as a folder."""
    try:
        return host_key(parse_url(url))
    except FetchError:
        return ""


def shown(url: httpx.URL) -> str:
    """The URL as it may be printed: without a user or a password."""
    return str(url.copy_with(userinfo=b"", fragment=None) if url.userinfo or url.fragment else url)


def literal(host: str) -> Address | None:
    """The address that a host already is, if it is one."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None
