"""What every page says to the browser about itself: nothing foreign, no frames, and no trace of a person's link."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PERSONAL = ("/unsubscribe/", "/manage/", "/confirm/")
"""Paths that bear somebody's token: never indexed, kept, or told to the next site."""

_EVERYWHERE = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
_PUBLIC = [(b"referrer-policy", b"strict-origin-when-cross-origin")]
_PERSONAL = [
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"cache-control", b"no-store"),
]


class Shield:
    """ASGI middleware: puts those headers on whatever `app` answers, errors included; its own word wins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        personal = scope["path"].startswith(PERSONAL)
        wanted = [*_EVERYWHERE, *(_PERSONAL if personal else _PUBLIC)]

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name for name, _ in given}
                message = {**message, "headers": given + [pair for pair in wanted if pair[0] not in names]}
            await send(message)

        await self._app(scope, receive, shielded)
