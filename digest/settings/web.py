"""Who stands between us and a visitor, and who may read our figures."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from digest.settings.quantities import listed
from digest.settings.sections import Section


def _network(text: str) -> str:
    try:
        ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f'"{text}" is no network; write it like "127.0.0.1" or "10.0.0.0/8"') from None
    return text


class Web(Section):
    proxies: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(listed)] = ()
    metrics: Annotated[SecretStr, Field(min_length=24)] | None = None
    """What a monitoring system bears to read `/metrics`; without it there is none."""

    @property
    def trusted(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The proxies whose word about a visitor's address counts."""
        return tuple(ip_network(each, strict=False) for each in self.proxies)
