"""Bounces read from a mailbox by IMAP (RFC 3501): what was ours is deleted there, anything else is left for people."""

from __future__ import annotations

import asyncio
import imaplib
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from digest.errors import DeliveryError
from digest.service import bouncing
from digest.service.house import House
from digest.subscribers.bouncing import Came, Effect

MOST = 500
"""Messages of one look."""
TIMEOUT = 60
LARGEST = 20_000_000
LOOKED = "$DigestLooked"
"""The keyword of messages that were read and left where they are."""

_RECOGNISED = frozenset({Effect.SUPPRESSED, Effect.LEFT, Effect.COUNTED, Effect.KNOWN})


@dataclass(frozen=True, slots=True)
class Polled:
    """What one look came to: messages of ours, now deleted there, and others, left."""

    ours: int = 0
    left: int = 0


async def poll(house: House) -> Polled:
    """Look into the mailbox once; DeliveryError when it cannot be read. Looking twice does nothing twice."""
    url = house.settings.bounces.imap
    if url is None:
        return Polled()
    ours = left = 0
    try:
        async with _Box(url.get_secret_value()) as box:
            for uid in await box.new():
                came = await bouncing.take(house, await box.read(uid), source="imap")
                recognised = _is_ours(came)
                await (box.delete(uid) if recognised else box.leave(uid))
                ours, left = ours + recognised, left + (not recognised)
    except (imaplib.IMAP4.error, OSError) as error:
        host = urlsplit(url.get_secret_value()).hostname or ""
        raise DeliveryError(f"the mailbox for bounces cannot be read: {error}", about=host) from error
    return Polled(ours, left)


def _is_ours(came: Sequence[Came]) -> bool:
    """Whether a token of ours was in it: only then nobody else needs it."""
    tokened = [each for each in came if each.mailing is not None or each.effect is Effect.LEFT]
    return bool(tokened) and all(each.effect in _RECOGNISED for each in came)


class _Box:
    """The mailbox while the block runs; every command in a thread, for the library waits."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._folder = unquote(parts.path.strip("/")) or "INBOX"
        self._host, self._port, self._secure = parts.hostname or "", parts.port, parts.scheme == "imaps"
        self._box: imaplib.IMAP4 | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._close)

    async def new(self) -> tuple[str, ...]:
        """Who is there that was not looked at, oldest first."""
        _, found = await self._uid("SEARCH", "UNDELETED", "UNKEYWORD", LOOKED)
        return tuple((found[0] or b"").decode().split()[:MOST])

    async def read(self, uid: str) -> bytes:
        """A whole message; it stays unread."""
        _, found = await self._uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST}>)")
        return next((bytes(part[1]) for part in found if isinstance(part, tuple)), b"")

    async def delete(self, uid: str) -> None:
        """Take one message away, and no other that somebody marked."""
        await self._uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
        if self._box and "UIDPLUS" in self._box.capabilities:
            await self._uid("EXPUNGE", uid)

    async def leave(self, uid: str) -> None:
        # Where a server keeps no such mark it is looked at again, which changes nothing.
        with suppress(imaplib.IMAP4.error):
            await self._uid("STORE", uid, "+FLAGS.SILENT", f"({LOOKED})")

    async def _uid(self, command: str, *words: str) -> tuple[str, list[Any]]:
        assert self._box is not None  # noqa: S101 - inside the block
        status, found = await asyncio.to_thread(self._box.uid, command, *words)
        if status != "OK":
            raise imaplib.IMAP4.error(f"{command} was refused")
        return status, found

    def _open(self) -> None:
        if self._secure:
            safe = ssl.create_default_context()
            self._box = imaplib.IMAP4_SSL(self._host, self._port or 993, ssl_context=safe, timeout=TIMEOUT)
        else:
            self._box = imaplib.IMAP4(self._host, self._port or 143, timeout=TIMEOUT)
        self._box.login(self._user, self._password)
        folder = re.sub(r'(["\\])', r"\\\1", self._folder)
        status, _ = self._box.select(f'"{folder}"')
        if status != "OK":
            raise imaplib.IMAP4.error(f"there is no folder {self._folder}")

    def _close(self) -> None:
        if self._box is not None:
            try:
                self._box.logout()
            except (imaplib.IMAP4.error, OSError):
                self._box.shutdown()
