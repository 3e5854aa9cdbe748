"""Leaving: GET shows one button and changes nothing, POST acts at once, whoever or whatever posts (RFC 8058).

Below the button the page offers less, a pause or another newsletter, and more: everything at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.model.subscribers import Subscriber, SubscriptionState
from digest.service.house import now
from digest.subscribers import flow
from digest.subscribers.address import masked
from digest.subscribers.consent import Way
from digest.subscribers.flow import Left
from digest.subscribers.tokens import Purpose
from digest.web import forms
from digest.web.page import house, page, spoken

PAUSES = {"1": timedelta(days=30), "3": timedelta(days=91), "6": timedelta(days=182)}
"""Months to choose from."""
MOST = 50


async def show(request: Request) -> Response:
    """The button; also for somebody who has left already, since a letter may be old."""
    at = house(request)
    found = await flow.whose(at.store, at.keys, Purpose.UNSUBSCRIBE, request.path_params["token"])
    if found is None:
        raise HTTPException(404)
    gone = found.subscription is None or found.subscription.state is SubscriptionState.UNSUBSCRIBED
    return _page(request, "unsubscribe", found.claim.digest, found.subscriber, gone=gone)


async def act(request: Request) -> Response:
    """200 without redirect or cookie, as often as it comes; `undo` in the form takes it back."""
    at = house(request)
    form = await forms.read(request)
    if undo := form.get("undo"):
        return await _undo(request, undo)
    token = request.path_params["token"]
    if months := PAUSES.get(form.get("pause", "")):
        return _paused(request, await flow.pause(at.store, at.keys, token, now() + months, now=now()), now() + months)
    if form.get("all"):
        left = await flow.unsubscribe_all(at.store, at.keys, token, now=now())
        return _left(request, left, everything=True)
    way = Way.ONE_CLICK if form.get("List-Unsubscribe", "").strip() == "One-Click" else Way.PAGE
    return _left(request, await flow.unsubscribe(at.store, at.keys, token, way=way, now=now()))


def _left(request: Request, left: Left | None, *, everything: bool = False) -> Response:
    if left is None:
        raise HTTPException(404)
    return _page(request, "unsubscribed", left.digest, left.subscriber, undo=left.undo, everything=everything)


def _paused(request: Request, left: Left | None, until: datetime) -> Response:
    if left is None:
        raise HTTPException(404)
    return _page(request, "paused", left.digest, left.subscriber, until=until.date())


async def _undo(request: Request, tokens: str) -> Response:
    """Take back what one press did: one digest, or everything that was left at once."""
    at = house(request)
    each = [await flow.resubscribe(at.store, at.keys, token, now=now()) for token in tokens.split()[:MOST]]
    back = next(filter(None, each), None)
    if back is None:
        raise HTTPException(410)
    return _page(request, "resubscribed", back.digest, back.subscriber)


def _page(request: Request, name: str, slug: str, subscriber: Subscriber | None, **said: object) -> Response:
    digest = house(request).settings.digests.get(slug)
    return page(
        request,
        name,
        language=spoken(request, slug, subscriber),
        personal=True,
        title=digest.title if digest else slug,
        slug=slug if digest else "",
        address=masked(subscriber.email) if subscriber else "",
        others=[each for each in house(request).settings.digests.values() if each.slug != slug],
        gone=said.get("gone", False),
        undo=said.get("undo", ""),
        everything=said.get("everything", False),
        until=said.get("until"),
    )


routes = [
    Route("/unsubscribe/{token}", show, methods=["GET"]),
    Route("/unsubscribe/{token}", act, methods=["POST"]),
]
