"""The editions on the web, from the very snapshot that their letters were made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from digest.letter.look import edition_view
from digest.letter.render import calendar_at, no_calendar
from digest.letter.views import EditionView, Length
from digest.model.editions import PUBLISHED, Edition, Snapshot
from digest.settings import Digest
from digest.store import editions, retracting
from digest.web.page import PUBLIC_CACHE, asked_language, base, house, page, site_view
from digest.web.search import LONGEST


@dataclass(frozen=True, slots=True)
class DatedEdition:
    """An edition in a list; its label begins with its local date."""

    digest: str
    label: str
    number: int
    day: date


def dated(edition: Edition) -> DatedEdition:
    return DatedEdition(edition.digest, edition.label, edition.number, date.fromisoformat(edition.label[:10]))


async def archive(request: Request) -> Response:
    """All editions of a digest by year, the newest first; with `?q=` those that say so."""
    digest, at = known_digest(request), house(request)
    asked = " ".join(request.query_params.get("q", "").split())[:LONGEST]
    async with at.store.glance() as tx:
        out = [each for each in await editions.listed(tx, digest.slug) if each.status in PUBLISHED]
    found = await request.app.state.index.find(at.store, out, asked) if asked else ()
    years = [(year, list(each)) for year, each in groupby(map(dated, out), key=lambda each: each.day.year)]
    return page(
        request,
        "archive",
        language=asked_language(request, digest.language or ""),
        headers=PUBLIC_CACHE,
        digest=digest,
        years=years,
        asked=asked,
        found=[(dated(each.edition), each.titles) for each in found],
        laid=request.app.state.laid,
    )


async def without_slash(request: Request) -> Response:
    digest = known_digest(request)
    return RedirectResponse(f"{base(house(request))}/editions/{digest.slug}/", status_code=308)


async def edition(request: Request) -> Response:
    """One edition, in the language asked for, else in its own."""
    at = house(request)
    digest = known_digest(request)
    async with at.store.glance() as tx:
        found = await editions.by_label(tx, digest.slug, request.path_params["label"])
        if found is None or found.status not in PUBLISHED:
            raise HTTPException(404)
        sealed = await editions.snapshot(tx, found.id, found.revision)
        gone = await retracting.retracted(tx, [item.public_id for item in sealed.items])
    snapshot = sealed.without(gone)
    language = asked_language(request, snapshot.language)
    view = _view(snapshot, request, language)
    languages = sorted({version.language for item in snapshot.items for version in item.versions if version.language})
    return page(
        request,
        "edition",
        language=language,
        headers=PUBLIC_CACHE,
        digest=digest,
        edition=view,
        languages=languages if len(languages) > 1 and not request.app.state.laid else [],
        corrected=found.revision > 1,
    )


def known_digest(request: Request) -> Digest:
    """The digest of the path; 404 when there is none."""
    digest = house(request).settings.digests.get(request.path_params["digest"])
    if digest is None:
        raise HTTPException(404)
    return digest


def _view(snapshot: Snapshot, request: Request, language: str) -> EditionView:
    site = site_view(house(request))
    # Files that are laid out hold no calendars.
    calendar = no_calendar if request.app.state.laid else calendar_at(site.url, language)
    return edition_view(snapshot, subject="", language=language, site=site, length=Length(), calendar_link=calendar)


routes = [
    Route("/editions/{digest}", without_slash),
    Route("/editions/{digest}/", archive),
    Route("/editions/{digest}/{label}", edition),
]
