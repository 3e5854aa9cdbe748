"""The road of a sender's letters: its relays' names and protection, and where what comes back goes."""

from __future__ import annotations

from ipaddress import ip_address

from digest.deliveries.signing import signers
from digest.deliveries.smtp.relay import Relay, parse
from digest.doctor import spf, trust
from digest.doctor.finding import Finding, fine, mind, unchecked, wrong
from digest.doctor.names import Address, Names
from digest.letter import headers
from digest.settings import Sender


async def look(names: Names, sender: Sender) -> list[Finding]:
    """All that DNS and configuration say of a sender; nothing is connected to."""
    author = _domain(sender.from_)
    envelope = _domain(sender.bounces) if sender.bounces else author
    relays = [parse(url) for url in sender.servers]
    own = signers(sender)
    first = next(iter(await _addresses(names, relays[0]) or ()), None)
    policy, found = await trust.policy(names, author, sender.reply_to or f"postmaster@{author}")
    return [
        await spf.look(names, envelope, relays[0].host, first if first and first.is_global else None),
        *await trust.keys(names, sender.slug, own),
        policy,
        trust.alignment(author, found, [each.domain for each in own], envelope),
        *[each for relay in relays for each in (await _named(names, relay), _protected(relay))],
        *[await _takes(names, box) for box in (sender.bounces, sender.reply_to) if box],
    ]


async def _named(names: Names, relay: Relay) -> Finding:
    """A name for the address, and the address for the name: large mailboxes refuse strangers without (PTR)."""
    what = f"PTR of {relay.host}"
    found = await _addresses(names, relay)
    if found is None:
        return unchecked(what, "no DNS server answers")
    if not found:
        return wrong(what, "that host has no address", "look at the relay's name")
    if not any(each.is_global for each in found):
        return unchecked(what, "is on a private network: what counts is the address it hands letters on from")
    for each in found:
        called = await names.pointers(each) or ()
        if not any([each in (await names.addresses(name) or ()) for name in called]):
            said = f"is {', '.join(called)}, which is not {each} again" if called else f"{each} has no name"
            return mind(what, said, "if letters leave from there, let its host set the name (reverse DNS)")
    return fine(what, f"{', '.join(map(str, found))} there and back")


def _protected(relay: Relay) -> Finding:
    what = f"TLS to {relay.host}"
    if relay.tls or relay.starttls:
        return fine(what, "insisted on, its certificate checked")
    if relay.loopback:
        return fine(what, "not needed: it is on this machine")
    return mind(what, "letters and addresses go there in plain text", "smtp+starttls:// or smtps:// in its url")


async def _takes(names: Names, box: str) -> Finding:
    """Whether anybody takes mail for the domain of an address of ours."""
    domain = _domain(box)
    what = f"MX of {domain}"
    found = await names.exchangers(domain)
    if found is None:
        return unchecked(what, "no DNS server answers")
    if not found and await names.addresses(domain):
        return mind(what, "has none; some fall back on its address", "publish an MX record")
    if not found or "" in found:
        return wrong(what, f"nobody takes mail for {headers.mailbox(box).address}", "publish an MX record")
    return fine(what, ", ".join(found))


async def _addresses(names: Names, relay: Relay) -> tuple[Address, ...] | None:
    try:
        return (ip_address(relay.host),)
    except ValueError:
        return await names.addresses(relay.host)


def _domain(box: str) -> str:
    return headers.mailbox(box).domain.lower()
