"""All that is served over HTTP, in one application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from digest.errors import StoreError
from digest.service.house import House
from digest.web import errors, health, hooks, metrics, public, style
from digest.web.feeds import Feeds
from digest.web.kept import SECONDS, Kept
from digest.web.search import Index
from digest.web.security import Shield


def create(house: House, *, laid: bool = False, keep: float = SECONDS) -> Kept:
    """The ASGI application of an open house: feeds first, then pages; nothing in it runs in the background.

    `laid`: its pages are laid out as files, where nobody is there to search. `keep`: how long a page that is the same
    for everybody is served as it was made, in seconds.
    """
    app = Starlette(
        routes=[*public.routes, *health.routes, *metrics.routes, *style.routes, *hooks.routes],
        exception_handlers={
            HTTPException: errors.refused,
            StoreError: errors.unavailable,
            Exception: errors.failed,
        },
    )
    # An address with a slash too many is no page; a redirect would be built from the Host header.
    app.router.redirect_slashes = False
    app.state.house = house
    app.state.style = style.made(house)
    app.state.icon = style.icon(house)
    app.state.index = Index()
    app.state.laid = laid
    return Kept(Feeds(Shield(app), house.store, house.settings, templates=house.templates), seconds=keep)
