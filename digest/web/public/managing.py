"""One's own subscriptions: which digests, in which language, and leaving each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest import templating
from digest.model.subscribers import Subscription, SubscriptionState
from digest.service import moving
from digest.service.house import now
from digest.service.moving import Ask
from digest.store import subscribers
from digest.subscribers import flow
from digest.subscribers.address import Refused, masked, read_language
from digest.subscribers.consent import Way
from digest.subscribers.flow import Left, Person
from digest.subscribers.tokens import Claim, Purpose
from digest.web import forms
from digest.web.forms import Form
from digest.web.page import house, page, spoken
from digest.web.public.leaving import PAUSES


@dataclass(frozen=True, slots=True)
class Row:
    """A subscription on the page."""

    slug: str
    title: str
    state: SubscriptionState
    paused_until: date | None = None
    offered: bool = True
    """Whether it still is one of ours."""


async def show(request: Request) -> Response:
    return _page(request, await _person(request))


async def act(request: Request) -> Response:
    """Do what one of the page's buttons asks, and show the page again with what was done."""
    form = await forms.read(request)
    found = await _person(request)
    if form.get("action") == "language":
        return _page(request, await _speak(request, found, form.get("language", "")), done="language")
    if form.get("action") in ("text", "whole"):
        return _page(request, await _prefer(request, found, form["action"] == "text"), done=form["action"])
    if form.get("action") == "leave":
        left = await _leave(request, found, form.get("digest", ""))
        return _page(request, await _person(request), done="left", left=left)
    if form.get("action") in ("pause", "go_on"):
        return _page(request, await _put_off(request, found, form), done=form["action"])
    if form.get("action") == "undo":
        at = house(request)
        back = await flow.resubscribe(at.store, at.keys, form.get("undo", ""), now=now())
        return _page(request, await _person(request), done="back" if back else "late")
    if form.get("action") in tuple(Ask):
        await moving.link(house(request), found, Ask(form["action"]), now=now())
        return _page(request, found, done="mailed")
    return _page(request, found)


async def _person(request: Request) -> Person:
    at = house(request)
    found = await flow.whose(at.store, at.keys, Purpose.MANAGE, request.path_params["token"])
    if found is None:
        raise HTTPException(404)
    return found


async def _speak(request: Request, found: Person, tag: str) -> Person:
    language = read_language(tag)
    known = templating.languages(house(request).templates)
    if found.subscriber is None or isinstance(language, Refused) or language not in known:
        raise HTTPException(400)
    async with house(request).store.write() as tx:
        await subscribers.set_language(tx, found.subscriber.id, language)
    return await _person(request)


async def _prefer(request: Request, found: Person, text_only: bool) -> Person:
    if found.subscriber is None:
        raise HTTPException(400)
    async with house(request).store.write() as tx:
        await subscribers.set_text_only(tx, found.subscriber.id, text_only)
    return await _person(request)


async def _put_off(request: Request, found: Person, form: Form) -> Person:
    """Pause one digest for some months, or let it come again."""
    at = house(request)
    months = PAUSES.get(form.get("months", ""))
    if found.subscriber is None or (months is None and form["action"] == "pause"):
        raise HTTPException(400)
    if form.get("digest") not in {each.digest for each in found.standings}:
        raise HTTPException(400)
    claim = Claim(found.subscriber.handle, form.get("digest", ""))
    await flow.put_off(at.store, claim, now() + months if months and form["action"] == "pause" else None, now=now())
    return await _person(request)


async def _leave(request: Request, found: Person, slug: str) -> Left:
    at = house(request)
    if found.subscriber is None:
        raise HTTPException(400)
    claim = Claim(found.subscriber.handle, slug)
    return await flow.leave(at.store, at.keys, claim, way=Way.MANAGE, now=now())


def _page(request: Request, found: Person, *, done: str = "", left: Left | None = None) -> Response:
    at = house(request)
    rows = _rows(request, found)
    if left and left.digest not in {row.slug for row in rows}:
        # What a form calls a newsletter is not repeated as if it were one of theirs.
        done, left = "", None
    return page(
        request,
        "manage",
        language=spoken(request, found.claim.digest, found.subscriber),
        personal=True,
        address=masked(found.subscriber.email) if found.subscriber else "",
        rows=rows,
        others=[each for each in at.settings.digests.values() if each.slug not in {row.slug for row in rows}],
        text_only=found.subscriber is not None and found.subscriber.text_only,
        spoken=templating.languages(at.templates),
        done=done,
        undo=left.undo if left else "",
        left=_title(request, left.digest) if left else "",
    )


def _rows(request: Request, found: Person) -> list[Row]:
    ours = house(request).settings.digests
    return [
        Row(each.digest, _title(request, each.digest), each.state, _until(each), each.digest in ours)
        for each in found.standings
    ]


def _until(standing: Subscription) -> date | None:
    paused = standing.paused_until
    return paused.date() if paused and paused > now() else None


def _title(request: Request, slug: str) -> str:
    digest = house(request).settings.digests.get(slug)
    return digest.title if digest else slug


routes = [
    Route("/manage/{token}", show, methods=["GET"]),
    Route("/manage/{token}", act, methods=["POST"]),
]
