"""What one section says of another that is not there (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase

from digest.settings.digests import Digest, Match
from digest.settings.sections import Feed, Source


def of_senders(digests: Mapping[str, Digest], senders: Collection[str]) -> Iterator[str]:
    for slug, digest in digests.items():
        for key, sender in (("sender", digest.sender), ("notes", digest.notes)):
            if sender is not None and sender not in senders:
                yield f"digests.{slug}.{key}: there is no [senders.{sender}]"


def of_sources(
    feeds: Mapping[str, Feed], digests: Mapping[str, Digest], sources: Mapping[str, Source]
) -> Iterator[str]:
    """In feeds by name; in the matches of a digest also by a pattern, and by a name that a source once had."""
    for slug, feed in feeds.items():
        for name in feed.sources:
            if name not in sources and name != "editions":
                yield f"feeds.{slug}.sources: there is no [sources.{name}]"
    known = {name for slug, source in sources.items() for name in (slug, *source.was)}
    for slug, digest in digests.items():
        for key, match in _matches(digest):
            for name in match.sources:
                if not any(fnmatchcase(each, name.casefold()) for each in known):
                    yield f"digests.{slug}.{key}.sources: there is no [sources.{name}]"


def _matches(digest: Digest) -> Iterator[tuple[str, Match]]:
    yield from ((f"sections.{number}.match", each.match) for number, each in enumerate(digest.sections))
    yield from ((f"exclude.{number}", each) for number, each in enumerate(digest.exclude))
