"""DKIM, DMARC and how they fit the From address (RFC 6376, 7489): what the DNS says against what we send."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.deliveries.dkim import Signer
from digest.doctor.finding import Finding, Record, fine, mind, unchecked, wrong
from digest.doctor.names import Names


@dataclass(frozen=True, slots=True)
class Policy:
    """A DMARC record, and the domain that it was found at: everything below is aligned, unless it is strict."""

    domain: str
    tags: dict[str, str]

    def aligns(self, domain: str, author: str, *, by: str) -> bool:
        """Whether `domain` vouches for letters from `author`; `by` is adkim or aspf."""
        if domain == author:
            return True
        return self.tags.get(by, "r") != "s" and all(_below(each, self.domain) for each in (domain, author))


async def keys(names: Names, slug: str, signers: Sequence[Signer]) -> list[Finding]:
    """Each signature's public key: published, and ours."""
    if not signers:
        words = "letters are not signed here; if the relay signs, `editions test-send` shows it in a mailbox of yours"
        return [unchecked(f"DKIM of {slug}", words)]
    return [await _key(names, signer) for signer in signers]


async def _key(names: Names, signer: Signer) -> Finding:
    what, record = f"DKIM {signer.name}", Record(name=signer.name, text=signer.record)
    texts = await names.text(signer.name)
    if texts is None:
        return unchecked(what, "no DNS server answers", record=record)
    ours, published = tags(signer.record)["p"], [tags(text).get("p", "") for text in texts]
    if not published:
        return wrong(what, "is not published: every signature fails", "publish it", record=record)
    if ours not in published:
        return wrong(what, "is another key than the one that signs", "publish ours in its place", record=record)
    if signer.weak:
        return mind(what, "is published; its key is short", "make one of 2048 bits, under another selector")
    return fine(what, "is published, and is the key that signs", record=record)


async def policy(names: Names, author: str, reports: str) -> tuple[Finding, Policy | None]:
    """The DMARC policy for letters from a domain, its own or that of a domain above it."""
    what, record = f"DMARC of {author}", _suggested(author, reports)
    for domain in _above(author):
        texts = await names.text(f"_dmarc.{domain}")
        if texts is None:
            return unchecked(what, "no DNS server answers", record=record), None
        found = [text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(;|$)", text)]
        if len(found) > 1:
            return wrong(what, f"has {len(found)} records, and receivers then heed none", "keep one"), None
        if found:
            return _judged(what, record, Policy(domain, tags(found[0])), found[0])
    mend = "publish one; p=none asks for nothing but is what large mailboxes want to see"
    return wrong(what, "has no record", mend, record=record), None


def _judged(what: str, record: Record, found: Policy, text: str) -> tuple[Finding, Policy | None]:
    if found.tags.get("p", "").lower() not in ("none", "quarantine", "reject"):
        return wrong(what, f'says no policy: "{text}"', "p is none, quarantine or reject", record=record), None
    if "rua" not in found.tags:
        return mind(what, f'"{text}" names nobody to report to', "add rua=mailto:… to hear who fails"), found
    return fine(what, text), found


def alignment(author: str, found: Policy | None, signed: Sequence[str], envelope: str) -> Finding:
    """Whether what is authenticated is the domain that readers see (RFC 7489, 3.1)."""
    what = f"alignment of {author}"
    if found is None:
        return unchecked(what, "there is no policy to hold it against")
    vouching = [f"DKIM by {each}" for each in signed if found.aligns(each, author, by="adkim")]
    if found.aligns(envelope, author, by="aspf"):
        vouching.append(f"SPF by {envelope}")
    if not vouching:
        mend = f"let bounces go to a domain below {found.domain}, or sign as {author}"
        return wrong(what, f"neither a signature nor the envelope ({envelope}) is of that domain", mend)
    if len(vouching) == 1 and not signed:
        return mind(what, f"{vouching[0]} alone, which forwarding breaks", "sign letters (DKIM), here or at the relay")
    return fine(what, " and ".join(vouching))


def tags(text: str) -> dict[str, str]:
    """A record's tag=value pairs, white space gone."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): re.sub(r"\s+", "", value) for name, _, value in pairs if name.strip()}


def _suggested(author: str, reports: str) -> Record:
    return Record(name=f"_dmarc.{author}", text=f"v=DMARC1; p=none; rua=mailto:{reports}")


def _above(domain: str) -> list[str]:
    labels = domain.split(".")
    return [".".join(labels[at:]) for at in range(max(1, len(labels) - 1))]


def _below(domain: str, other: str) -> bool:
    return domain == other or domain.endswith(f".{other}")
