"""Joining: a form, the same answer whoever asks, and a link from the inbox whose button confirms."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest import templating
from digest.service import joining
from digest.service.house import now
from digest.service.joining import Asked
from digest.settings import Digest
from digest.subscribers import address as addresses
from digest.subscribers import flow, tokens
from digest.subscribers.address import Address, Refused, masked
from digest.subscribers.joining import Confirmed, Person, judge
from digest.subscribers.tokens import Purpose
from digest.web import forms
from digest.web.asking import wording
from digest.web.forms import Form
from digest.web.page import asked_language, house, page, spoken, visitor
from digest.web.public.editions import known_digest

TRAP = "website"
"""A field nobody sees: neither eyes, nor assistive technology, nor autofill. What fills it is asked once more."""


async def form(request: Request) -> Response:
    digest = known_digest(request)
    return _form(request, digest, {"language": asked_language(request, digest.language or "")})


async def ask(request: Request) -> Response:
    """Take an address; refused in words on the form itself, else answered alike for everybody."""
    digest = known_digest(request)
    fields = await forms.read(request)
    address = addresses.read(fields.get("email", ""))
    if isinstance(address, Refused):
        return _form(request, digest, fields, wrong=address.why, status=422)
    if fields.get(TRAP):
        return _form(request, digest, fields, again=True)
    return await _ask(request, digest, address, _language(request, digest, fields))


async def _ask(request: Request, digest: Digest, address: Address, language: str) -> Response:
    asked = await joining.ask(
        house(request),
        digest,
        address,
        language=language,
        wording=wording(house(request), "asked", language, digest.title),
        ip=visitor(request),
        now=now(),
    )
    if asked is Asked.TOO_OFTEN:
        raise HTTPException(429, headers={"retry-after": "3600"})
    return page(request, "asked", language=language, headers={"cache-control": "no-store"}, digest=digest)


async def show(request: Request) -> Response:
    """The button that confirms; opening the page changes nothing."""
    at = house(request)
    found = await flow.whose(at.store, at.keys, Purpose.CONFIRM, request.path_params["token"])
    if found is None:
        raise HTTPException(404)
    judged = judge(found, now())
    return _confirm(request, found, "" if judged is Confirmed.DONE else judged)


async def confirm(request: Request) -> Response:
    """Confirm; once more is no mistake, too late is told with the way to ask again."""
    at = house(request)
    form = await forms.read(request)
    token = request.path_params["token"]
    found = await flow.whose(at.store, at.keys, Purpose.CONFIRM, token)
    if found is None:
        raise HTTPException(404)
    language, title = _told(request, found)
    if "again" in form and (digest := at.settings.digests.get(found.claim.digest)) and found.subscriber:
        # The link is theirs and too old: one press, and a new one is on its way to the same address.
        return await _ask(request, digest, flow.address(found.subscriber.email), language)
    outcome = await flow.confirm(
        at.store,
        at.keys,
        token,
        wording=wording(house(request), "agreed", language, title),
        ip=visitor(request),
        now=now(),
    )
    return _confirm(request, found, outcome or Confirmed.EXPIRED)


def _form(
    request: Request, digest: Digest, fields: Form, *, wrong: str = "", again: bool = False, status: int = 200
) -> Response:
    language = _language(request, digest, fields)
    return page(
        request,
        "subscribe",
        language=language,
        wording=wording(house(request), "asked", language, digest.title),
        status=status,
        headers={"cache-control": "no-store"},
        digest=digest,
        spoken=templating.languages(house(request).templates),
        email=fields.get("email", "")[: addresses.LONGEST],
        trap=TRAP,
        wrong=wrong,
        again=again,
    )


def _confirm(request: Request, found: Person, outcome: Confirmed | str) -> Response:
    at, claim = house(request), found.claim
    language, title = _told(request, found)
    return page(
        request,
        "confirm",
        language=language,
        personal=True,
        title=title,
        slug=claim.digest if claim.digest in at.settings.digests else "",
        wording=wording(house(request), "agreed", language, title),
        address=masked(found.subscriber.email) if found.subscriber else "",
        outcome=str(outcome),
        again=found.subscriber is not None,
        manage=tokens.manage_token(at.keys, claim.handle, claim.digest),
    )


def _told(request: Request, found: Person) -> tuple[str, str]:
    """The language to speak to them in, and what they confirm is called."""
    digest = house(request).settings.digests.get(found.claim.digest)
    language = spoken(request, found.claim.digest, found.subscriber) or house(request).settings.site.language
    return language, digest.title if digest else found.claim.digest


def _language(request: Request, digest: Digest, fields: Form) -> str:
    tag, spoken = fields.get("language", "").lower(), templating.languages(house(request).templates)
    return next((each for each in (tag, tag.partition("-")[0]) if each in spoken), digest.language or "en")


routes = [
    Route("/subscribe/{digest}", form, methods=["GET"]),
    Route("/subscribe/{digest}", ask, methods=["POST"]),
    Route("/confirm/{token}", show, methods=["GET"]),
    Route("/confirm/{token}", confirm, methods=["POST"]),
]
