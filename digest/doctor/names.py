"""Asking the DNS; dnspython lives here and nowhere else."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from dns import exception, reversename
from dns.asyncresolver import Resolver
from dns.resolver import NXDOMAIN, NoAnswer, NoNameservers, NoResolverConfiguration

from digest.errors import UsageError

PATIENCE = 4.0
"""Seconds for one question, all servers and tries together."""

Address = IPv4Address | IPv6Address


class Names:
    """Questions to the machine's own DNS servers, or to one that is named. None: nobody answered.

    The machine's own must know the root: where a network ends at its door, a server may deny that anything exists.
    """

    def __init__(self, server: str = "") -> None:
        """`server` is an address, perhaps with a port: "127.0.0.1:5353"; UsageError where it is neither."""
        self._resolver = _resolver(server)
        self._silent = False
        self._known = bool(server)

    async def text(self, name: str) -> tuple[str, ...] | None:
        """The TXT records of a name, each with its strings joined; () where there is none."""
        found = await self._ask(name, "TXT")
        return None if found is None else tuple(b"".join(each.strings).decode("utf-8", "replace") for each in found)

    async def addresses(self, name: str) -> tuple[Address, ...] | None:
        """The addresses of a host, of both kinds."""
        four, six = await self._ask(name, "A"), await self._ask(name, "AAAA")
        return None if four is None or six is None else tuple(ip_address(each.address) for each in (*four, *six))

    async def exchangers(self, name: str) -> tuple[str, ...] | None:
        """The hosts that take mail for a domain, the preferred first; "" among them says that nobody does."""
        found = await self._ask(name, "MX")
        if found is None:
            return None
        return tuple(_host(each.exchange) for each in sorted(found, key=lambda each: each.preference))

    async def pointers(self, address: Address) -> tuple[str, ...] | None:
        """The names that an address goes by."""
        found = await self._ask(str(reversename.from_address(str(address))), "PTR")
        return None if found is None else tuple(_host(each.target) for each in found)

    async def _ask(self, name: str, kind: str) -> list | None:  # type: ignore[type-arg]  # records of any kind
        if self._resolver is None or self._silent:
            return None
        if not self._known:
            self._known = True
            self._silent = not await self._ask(".", "NS")
            return await self._ask(name, kind)
        try:
            return list(await self._resolver.resolve(name, kind, search=False))
        except (NXDOMAIN, NoAnswer):
            return []
        except (exception.Timeout, NoNameservers, OSError):
            # Who is not heard once is not heard soon: the other questions do not wait for it again.
            self._silent = True
            return None
        except (exception.DNSException, ValueError, UnicodeError):
            return []


def _host(name: object) -> str:
    return str(name).rstrip(".").lower()


def _resolver(server: str) -> Resolver | None:
    try:
        found = Resolver(configure=not server)
    except (NoResolverConfiguration, OSError):
        return None
    if server:
        host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
        try:
            found.nameservers, found.port = [str(ip_address(host))], int(port or 53)
        except ValueError:
            raise UsageError('is no DNS server; write it like "9.9.9.9" or "127.0.0.1:5353"', about=server) from None
    found.lifetime = PATIENCE
    return found
