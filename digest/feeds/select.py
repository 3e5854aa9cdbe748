"""Which announcements belong to a configured feed, in which version and order."""

from __future__ import annotations

from collections.abc import Iterable

from digest.model.announcements import EDITIONS, Announcement, Version
from digest.settings import Feed


def choose(announcements: Iterable[Announcement], feed: Feed, *, site_language: str) -> tuple[Announcement, ...]:
    """The feed's announcements, newest first by the moment fixed at first sight, at most `feed.entries`.

    Retracted ones are left out, and so is a second announcement under a public id already chosen.
    """
    there = (each for each in announcements if each.retracted_at is None)
    chosen = {each.public_id: each for each in there if belongs(each, feed, site_language=site_language)}
    newest = sorted(chosen.values(), key=lambda each: (each.effective_at, each.seq), reverse=True)
    return tuple(newest[: feed.entries])


def belongs(announcement: Announcement, feed: Feed, *, site_language: str) -> bool:
    """Whether all that the feed asks for holds, for one that was retracted too; within a list, any.

    Our own editions are in a feed only where it asks for them.
    """
    return (
        _from(announcement, feed.sources)
        and _about(announcement, feed.categories)
        and shown(announcement, feed.language, site_language=site_language) is not None
    )


def shown(announcement: Announcement, language: str | None, *, site_language: str) -> Version | None:
    """The version a feed shows: in its language or not at all; without one, the site's language first.

    A version without a language is in the site's.
    """
    wanted = language or site_language
    exact = [each for each in announcement.versions if (each.language or site_language) == wanted]
    near = [each for each in announcement.versions if _primary(each.language or site_language) == _primary(wanted)]
    return next(iter((*exact, *near, *(() if language else announcement.versions))), None)


def _from(announcement: Announcement, sources: tuple[str, ...]) -> bool:
    known = {*announcement.sources, *(version.source for version in announcement.versions)}
    return not known.isdisjoint(sources) if sources else known != {EDITIONS}


def _about(announcement: Announcement, categories: tuple[str, ...]) -> bool:
    known = {_folded(name) for version in announcement.versions for name in version.categories}
    return not categories or not known.isdisjoint(map(_folded, categories))


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()
