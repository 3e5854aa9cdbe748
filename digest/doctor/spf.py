"""SPF (RFC 7208): whether a domain says who may send for it, and what receivers make of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network

from digest.doctor.finding import Finding, Record, fine, mind, unchecked, wrong
from digest.doctor.names import Address, Names

MOST_LOOKUPS = 10
"""RFC 7208, 4.6.4: beyond it, receivers give up."""
_ASKS = ("include", "a", "mx", "ptr", "exists", "redirect")


@dataclass(slots=True)
class _Walk:
    """What a record comes to, with all that it includes."""

    names: Names
    address: Address | None
    lookups: int = 0
    allowed: bool = False
    silent: bool = False
    seen: set[str] = field(default_factory=set)

    async def into(self, domain: str) -> None:
        texts = await self.names.text(domain)
        self.silent |= texts is None
        self.seen.add(domain)
        for term in _terms(next(filter(_is_spf, texts or ()), "")):
            await self._term(term.lstrip("+?~-").lower(), domain)

    async def _term(self, term: str, domain: str) -> None:
        kind, _, value = term.replace("=", ":", 1).partition(":")
        host = (value or domain).partition("/")[0]
        kind = kind.partition("/")[0]
        self.lookups += kind in _ASKS
        if self.lookups > MOST_LOOKUPS:
            return
        if kind in ("include", "redirect") and host not in self.seen:
            await self.into(host)
        elif kind in ("ip4", "ip6"):
            self._network(value)
        elif kind == "a":
            await self._host(host)
        elif kind == "mx":
            for exchanger in await self.names.exchangers(host) or ():
                await self._host(exchanger)

    async def _host(self, host: str) -> None:
        self.allowed |= self.address is not None and self.address in (await self.names.addresses(host) or ())

    def _network(self, value: str) -> None:
        try:
            self.allowed |= self.address is not None and self.address in ip_network(value, strict=False)
        except ValueError:
            return


async def look(names: Names, domain: str, relay: str, address: Address | None) -> Finding:
    """What the record of the envelope's domain says; `address` is the relay's own, if anybody can see that."""
    what, record = f"SPF of {domain}", Record(name=domain, text=f"v=spf1 {_suggested(relay, address)} -all")
    texts = await names.text(domain)
    if texts is None:
        return unchecked(what, "no DNS server answers", record=record)
    found = [text for text in texts if _is_spf(text)]
    if not found:
        return wrong(
            what, "has no record", "publish who sends for it: your relay, or what its provider names", record=record
        )
    if len(found) > 1:
        return wrong(what, f"has {len(found)} records, and receivers then heed none", "join them into one")
    ends = [term.lower() for term in _terms(found[0]) if term.lower().lstrip("+?~-") == "all"]
    if ends and ends[-1] in ("all", "+all"):
        return wrong(what, f'lets everybody send: "{found[0]}"', "end it in -all or ~all")
    return await _walked(names, domain, what, found[0], relay, address)


async def _walked(names: Names, domain: str, what: str, text: str, relay: str, address: Address | None) -> Finding:
    walk = _Walk(names, address)
    await walk.into(domain)
    if walk.lookups > MOST_LOOKUPS:
        return wrong(what, f"asks for more than {MOST_LOOKUPS} lookups: receivers give up", "name networks instead")
    if address is not None and not walk.allowed and not walk.silent:
        words = f'does not let {address} ({relay}) send: "{text}"'
        return mind(what, words, "right only if that relay hands letters on to another, which the record names")
    if not any(term.lower().lstrip("+?~-") == "all" or term.lower().startswith("redirect=") for term in _terms(text)):
        return mind(what, f'does not say what of all others: "{text}"', "end it in -all or ~all")
    return fine(what, text)


def _suggested(relay: str, address: Address | None) -> str:
    """The mechanism that names the relay; one that nobody sees from outside sends by the domain's own exchangers."""
    if address is None:
        return "mx"
    return f"ip{address.version}:{address}" if relay == str(address) else f"a:{relay}"


def _is_spf(text: str) -> bool:
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def _terms(text: str) -> list[str]:
    return text.split()[1:]
