"""Whose a link is that was freshly mailed to its owner."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from digest.service.house import now
from digest.subscribers import flow, tokens
from digest.subscribers.joining import Person
from digest.subscribers.tokens import FRESH_FOR, Purpose
from digest.web.page import house


async def owner(request: Request, purpose: Purpose) -> Person:
    """Who the link in the request's path is for; 404 where it is not ours, or they were erased since."""
    at = house(request)
    found = await flow.whose(at.store, at.keys, purpose, request.path_params["token"])
    if found is None or found.subscriber is None:
        raise HTTPException(404)
    return found


def is_fresh(found: Person) -> bool:
    """Whether the link may still be used."""
    return tokens.fresh(found.claim, now(), lasts=FRESH_FOR)
