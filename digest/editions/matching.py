"""Whether an announcement fits a match of the configuration (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from digest.model.announcements import Announcement
from digest.settings import DigestSection, Match


def fits(match: Match, announcement: Announcement) -> bool:
    """All that the match names must hold; within a list, any. Case does not matter, `*` stands for anything."""
    versions = announcement.versions
    return all(
        not patterns or _any(patterns, values)
        for patterns, values in (
            (match.title, (version.title for version in versions)),
            (match.categories, (name for version in versions for name in version.categories)),
            (match.sources, iter(announcement.sources)),
            (match.language, (tag for version in versions for tag in (version.language, version.language[:2]))),
        )
    )


def section_of(sections: Iterable[DigestSection], announcement: Announcement) -> DigestSection | None:
    """The first section it fits; None for those that no section asks for."""
    return next((section for section in sections if fits(section.match, announcement)), None)


def _any(patterns: Iterable[str], values: Iterable[str]) -> bool:
    # A bracket is a letter like any other here: titles begin with them.
    wanted = [pattern.casefold().replace("[", "[[]") for pattern in patterns]
    return any(fnmatchcase(value.casefold(), pattern) for value in values for pattern in wanted)
