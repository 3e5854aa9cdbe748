"""Figures for a monitoring system, in the text format of Prometheus (0.0.4): no address, no token, nobody's number.

Labels are slugs and states, of which there are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from digest import __version__
from digest.service.house import House
from digest.store import figures
from digest.store.figures import Figures

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_Sample = tuple[Mapping[str, str], float]


async def told(house: House, now: datetime) -> str:
    """All figures of this moment."""
    async with house.store.read() as tx:
        found = await figures.counted(tx)
    return "".join(_families(found, now))


def _families(found: Figures, now: datetime) -> Iterable[str]:
    """Each name with its meaning; nothing is called delivered, for nobody can know."""
    yield _family("digest_build_info", "The version that runs.", [({"version": __version__}, 1)])
    yield _family("digest_quarantine", "1 while a restored store sends nothing.", [({}, found.quarantine)])
    yield _family("digest_stopped", "1 while `digest stop` stands.", [({}, found.stopped)])
    yield _family("digest_deliveries", "Letters of editions as they stand.", _by_digest(found.deliveries, "state"))
    yield _family("digest_editions", "Editions as they stand.", _by_digest(found.editions, "status"))
    yield _family("digest_notes", "Letters to one person as they stand.", _one(found.notes, "state"))
    yield _family("digest_subscriptions", "Who gets what.", _by_digest(found.subscriptions, "state"))
    yield _family("digest_suppressions", "Addresses not written to.", _one(found.suppressions, "reason"))
    yield _family("digest_bounces", "What came back.", _one(found.bounces, "class"))
    yield _family("digest_source_failures", "Failed visits in a row.", _one(found.failures, "source"))
    ages = {slug: (now - at).total_seconds() for slug, at in found.read.items()}
    yield _family("digest_source_age_seconds", "Since a source was read.", _one(ages, "source"))


def _family(name: str, means: str, samples: Iterable[_Sample]) -> str:
    lines = [f"# HELP {name} {means}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        said = ",".join(f'{label}="{_escaped(each)}"' for label, each in labels.items())
        lines.append(f"{name}{{{said}}} {value:g}" if said else f"{name} {value:g}")
    return "\n".join(lines) + "\n"


def _by_digest(counts: Mapping[tuple[str, str], int], label: str) -> list[_Sample]:
    return [({"digest": digest, label: each}, many) for (digest, each), many in sorted(counts.items())]


def _one(counts: Mapping[str, float], label: str) -> list[_Sample]:
    return [({label: one}, many) for one, many in sorted(counts.items())]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
