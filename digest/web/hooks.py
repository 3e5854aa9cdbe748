"""Where programs speak to us: signed, small, and each word once."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from digest.collect.flow import SourceReport
from digest.service import pushing, reports
from digest.service.pushing import Refused, Unreadable
from digest.web import body
from digest.web.page import house

MOST = 1_000_000
"""Bytes of a push."""

_STATUS = {Refused.NO_HOOK: 404, Refused.UNSIGNED: 401, Refused.STALE: 401, Refused.AGAIN: 409}
_WORDS = {
    Refused.NO_HOOK: "no source here is a hook",
    Refused.UNSIGNED: "the signature is missing or wrong",
    Refused.STALE: "the timestamp is more than five minutes from now",
    Refused.AGAIN: "this was taken already; sign anew to send it again",
}

_REPORT_STATUS = {reports.Refused.NO_HOOK: 404, reports.Refused.UNSIGNED: 401, reports.Refused.UNREADABLE: 422}
_REPORT_WORDS = {
    reports.Refused.NO_HOOK: "no such provider is declared in [bounces.hooks]; say which by ?provider=",
    reports.Refused.UNSIGNED: "the signature or the secret is missing, wrong or too old",
    reports.Refused.UNREADABLE: "this is no JSON",
}


async def announcements(request: Request) -> Response:
    """Announcements as JSON, signed in `Digest-Timestamp` and `Digest-Signature`; what became of them."""
    signed = request.headers.get("digest-signature", "").strip().lower().removeprefix("sha256=")
    timestamp = request.headers.get("digest-timestamp", "").strip()
    answer = await pushing.take(house(request), await body.read(request, MOST), timestamp=timestamp, signed=signed)
    if isinstance(answer, Refused):
        return _said(_STATUS[answer], error=_WORDS[answer])
    if isinstance(answer, Unreadable):
        return _said(422, error=answer.words)
    return _taken(answer)


async def bounces(request: Request) -> Response:
    """What a provider reports of our letters, `?provider=` saying which; how many judgements were taken."""
    provider = request.query_params.get("provider", "")
    given = {name.lower(): value for name, value in request.headers.items()}
    answer = await reports.take(house(request), provider, given, await body.read(request, MOST))
    if isinstance(answer, reports.Refused):
        return _said(_REPORT_STATUS[answer], error=_REPORT_WORDS[answer])
    return _said(200, taken=len(answer.came))


def _taken(report: SourceReport) -> Response:
    if report.error:
        return _said(503, error=report.error)
    return _said(
        200,
        source=report.source,
        new=report.new,
        revised=report.revised,
        unchanged=report.unchanged,
        warnings=list(report.warnings),
    )


def _said(status: int, **words: object) -> Response:
    headers = {"cache-control": "no-store"} | ({"www-authenticate": "Digest-Signature"} if status == 401 else {})
    return JSONResponse(words, status_code=status, headers=headers)


routes = [
    Route("/hooks/announcements", announcements, methods=["POST"]),
    Route("/hooks/bounces", bounces, methods=["POST"]),
]
