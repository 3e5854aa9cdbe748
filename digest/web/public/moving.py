"""Another address: said on a page that a fresh letter leads to, agreed to from the new mailbox, undone from the old."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.service import moving as service
from digest.service.house import now
from digest.subscribers import address as addresses
from digest.subscribers import moving, tokens
from digest.subscribers.address import Refused, masked
from digest.subscribers.joining import Person
from digest.subscribers.moving import Moved, Moving
from digest.subscribers.tokens import Purpose
from digest.web import forms
from digest.web.page import house, page, spoken, visitor
from digest.web.public.owner import is_fresh, owner


async def form(request: Request) -> Response:
    return _form(request, await owner(request, Purpose.ADDRESS))


async def ask(request: Request) -> Response:
    """Take a new address; refused in words on the form itself, else answered alike whoever has it."""
    found, fields = await owner(request, Purpose.ADDRESS), await forms.read(request)
    if not is_fresh(found):
        return _form(request, found)
    typed = fields.get("email", "")
    address = addresses.read(typed)
    if isinstance(address, Refused):
        return _form(request, found, wrong=address.why, typed=typed)
    if found.subscriber and found.subscriber.email_norm == address.norm:
        return _form(request, found, same=True, typed=typed)
    if not await service.ask(house(request), found, address, ip=visitor(request), now=now()):
        raise HTTPException(429, headers={"retry-after": "3600"})
    return _form(request, found, sent=True)


async def show_move(request: Request) -> Response:
    found = await _moving(request, Purpose.MOVE)
    return _moved(request, found, moving.judge(found, now()), asked=True)


async def move(request: Request) -> Response:
    found = await _moving(request, Purpose.MOVE)
    return _moved(request, found, await service.move(house(request), found.claim, now=now()))


async def show_back(request: Request) -> Response:
    found = await _moving(request, Purpose.MOVE_BACK)
    return _moved(request, found, moving.judge_back(found, now()), asked=True, back=True)


async def move_back(request: Request) -> Response:
    found = await _moving(request, Purpose.MOVE_BACK)
    outcome = await moving.move_back(house(request).store, found.claim, now=now())
    return _moved(request, found, outcome, back=True)


async def _moving(request: Request, purpose: Purpose) -> Moving:
    at = house(request)
    found = await moving.whose(at.store, at.keys, purpose, request.path_params["token"])
    if found is None:
        raise HTTPException(404)
    return found


def _form(
    request: Request, found: Person, *, wrong: str = "", same: bool = False, typed: str = "", sent: bool = False
) -> Response:
    who = found.subscriber
    return page(
        request,
        "address",
        language=spoken(request, found.claim.digest, who),
        personal=True,
        status=422 if wrong or same else 200,
        address=masked(who.email) if who else "",
        stale=not is_fresh(found),
        manage=tokens.manage_token(house(request).keys, found.claim.handle, found.claim.digest),
        wrong=wrong,
        same=same,
        sent=sent,
        email=typed[: addresses.LONGEST],
    )


def _moved(request: Request, found: Moving, outcome: Moved, *, asked: bool = False, back: bool = False) -> Response:
    """`asked` is the page before its button is pressed, if there is anything left to press it for."""
    change, who = found.change, found.subscriber
    target = (change.was_email if back else change.email) if change else ""
    return page(
        request,
        "moved",
        language=spoken(request, found.claim.digest, who),
        personal=True,
        outcome="" if asked and outcome is Moved.DONE else str(outcome),
        back=back,
        address=masked(target) if target else "",
        slug=found.claim.digest if found.claim.digest in house(request).settings.digests else "",
    )


routes = [
    Route("/manage/address/{token}", form, methods=["GET"]),
    Route("/manage/address/{token}", ask, methods=["POST"]),
    Route("/manage/move/{token}", show_move, methods=["GET"]),
    Route("/manage/move/{token}", move, methods=["POST"]),
    Route("/manage/back/{token}", show_back, methods=["GET"]),
    Route("/manage/back/{token}", move_back, methods=["POST"]),
]
