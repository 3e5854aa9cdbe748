"""The check-up: what is wrong with a configuration, its senders and its letters, and how to mend it; changes nothing.

finding     how grave, about what, how to mend it
names       DNS by dnspython
spf, trust  SPF; DKIM, DMARC and alignment
road        a sender: relays, records, where answers and bounces go
specimen    a real message of a digest
paper       that message, read
colours     its contrast
reach       one-click, links, the round trip of a bounce
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from digest import templating
from digest.deliveries.context import Routes
from digest.doctor import colours, paper, reach, road
from digest.doctor.finding import Finding, Verdict, fine, mind, unchecked, wrong
from digest.doctor.names import Names
from digest.doctor.specimen import specimen
from digest.errors import DigestError
from digest.model.deliveries import Outcome
from digest.service import letters, renamed, stopping, watching
from digest.service.checking import check_settings
from digest.service.house import House, opened
from digest.service.posting import context
from digest.settings import Digest, Settings

__all__ = ["Finding", "Verdict", "examine"]

RENAMED = "if only its section was renamed, call it [digests.{}] again: its title may be any"


def examine(settings: Settings, *, digests: Sequence[str] = (), dns: str = "") -> tuple[Finding, ...]:
    """Every finding, the configuration's first; of these digests and their senders, or of all.

    `dns` names the server to ask in place of the machine's own. NotFound for a digest that is not there.
    """
    return asyncio.run(_examine(settings, digests, Names(dns)))


async def _examine(settings: Settings, only: Sequence[str], names: Names) -> tuple[Finding, ...]:
    try:
        check_settings(settings)
        first = fine("configuration", "right")
    except DigestError as error:
        first = wrong("configuration", str(error))
    try:
        async with opened(settings) as house:
            return (first, *await _house(house, only, names))
    except DigestError as error:
        if only and error.exit_status == 2:
            raise
        return first, wrong("store", str(error))


async def _house(house: House, only: Sequence[str], names: Names) -> list[Finding]:
    digests = [house.digest(slug) for slug in only or house.settings.digests]
    found = [fine("store", house.store.name)]
    if stop := await stopping.standing(house):
        found.append(wrong("sending", stop.words, "digest stop --lift"))
    found += await _sources(house)
    if not only:
        found += [
            mind(f"digest {each.slug}", each.words, RENAMED.format(each.slug)) for each in await renamed.left(house)
        ]
    for slug in dict.fromkeys(each.sender for each in digests) if only else house.settings.senders:
        found += await _sender(house, slug, names)
    for digest in digests:
        found += await _digest(house, digest)
    return found


async def _sources(house: House) -> list[Finding]:
    return [_source(row) for row in await watching.listed(house)]


def _source(row: watching.Health) -> Finding:
    what = f"source {row.slug}"
    if row.last_success is None and not row.failures:
        return unchecked(what, row.error or "not read yet")
    if not row.declared:
        return mind(what, row.error, f'if its section was renamed, say there: was = ["{row.slug}"]')
    return wrong(what, row.error) if row.error else fine(what, f"last read {row.last_success:%Y-%m-%d %H:%M} UTC")


async def _sender(house: House, slug: str, names: Names) -> list[Finding]:
    sender = house.settings.senders[slug]
    try:
        return [await _relay(house, slug), *await road.look(names, sender), reach.bounce(house, sender)]
    except DigestError as error:
        return [wrong(f"sender {slug}", str(error))]


async def _digest(house: House, digest: Digest) -> list[Finding]:
    try:
        templates = letters.templates_of(house, digest)
        contrast = colours.look(digest.slug, templating.tokens(templates))
        found = await specimen(house, digest)
    except DigestError as error:
        return [wrong(f"letter of {digest.slug}", str(error))]
    if found is None:
        return [*contrast, unchecked(f"letter of {digest.slug}", "nothing is owed yet, and none was made")]
    read = paper.look(found, house.settings.site.postal_address)
    words = paper.language_of(found.letter.language, templating.languages(templates))
    return [*contrast, *read, words, await reach.one_click(found), *await reach.links_of(house, found)]


async def _relay(house: House, slug: str) -> Finding:
    what = f"sender {slug}"
    async with Routes(context(house)) as routes:
        pool = routes.of(slug).pool
        answer = await pool.acquire()
        if isinstance(answer, Outcome):
            return wrong(what, str(answer), "look at its url, and whether the relay runs")
        await pool.give_back(answer)
    return fine(what, "the relay answers")
