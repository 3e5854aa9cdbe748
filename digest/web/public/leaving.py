"""Leaving: GET shows one button and changes nothing, POST acts at once, whoever or whatever posts (RFC 8058)."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.model.subscribers import Subscriber, SubscriptionState
from digest.service.house import now
from digest.subscribers import flow
from digest.subscribers.address import masked
from digest.subscribers.consent import Way
from digest.subscribers.tokens import Purpose
from digest.web import forms
from digest.web.page import house, page


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
    way = Way.ONE_CLICK if form.get("List-Unsubscribe") == "One-Click" else Way.PAGE
    left = await flow.unsubscribe(at.store, at.keys, request.path_params["token"], way=way, now=now())
    if left is None:
        raise HTTPException(404)
    return _page(request, "unsubscribed", left.digest, left.subscriber, undo=left.undo)


async def _undo(request: Request, token: str) -> Response:
    at = house(request)
    back = await flow.resubscribe(at.store, at.keys, token, now=now())
    if back is None:
        raise HTTPException(410)
    return _page(request, "resubscribed", back.digest, back.subscriber)


def _page(
    request: Request, name: str, slug: str, subscriber: Subscriber | None, *, gone: bool = False, undo: str = ""
) -> Response:
    digest = house(request).settings.digests.get(slug)
    return page(
        request,
        name,
        language=(subscriber.language if subscriber else "") or (digest.language if digest else "") or "",
        personal=True,
        title=digest.title if digest else slug,
        slug=slug if digest else "",
        address=masked(subscriber.email) if subscriber else "",
        gone=gone,
        undo=undo,
    )


routes = [
    Route("/unsubscribe/{token}", show, methods=["GET"]),
    Route("/unsubscribe/{token}", act, methods=["POST"]),
]
