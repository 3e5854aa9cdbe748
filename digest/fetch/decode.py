"""Undo one content coding while it streams, within the limits."""

from __future__ import annotations

import zlib

from digest.errors import FetchError
from digest.fetch.limits import Limits

_RATIO_FROM = 1_000_000
"""Below this many decoded bytes the ratio says nothing: small, regular documents pack very well."""


class Body:
    """Collects an answer's bytes; raises FetchError as soon as a limit is passed, decoding no further."""

    def __init__(self, coding: str, limits: Limits, *, about: str) -> None:
        self._limits = limits
        self._about = about
        self._wire = 0
        self._size = 0
        self._parts: list[bytes] = []
        self._coding = _known(coding, about)
        self._inflate = _inflater(self._coding)

    def feed(self, chunk: bytes) -> None:
        """Take bytes as they came over the wire."""
        self._wire += len(chunk)
        if self._wire > self._limits.wire:
            raise FetchError(f"larger than {_megabytes(self._limits.wire)}", about=self._about)
        if self._inflate is None:
            self._keep(chunk)
            return
        try:
            self._unpack(chunk)
        except zlib.error as error:
            raise FetchError(f"its {self._coding} is broken: {error}", about=self._about) from error

    def finish(self) -> bytes:
        """The whole body; raises FetchError when a compressed one was cut short."""
        if self._inflate is not None and self._wire and not self._inflate.eof:
            raise FetchError(f"its {self._coding} ends too soon", about=self._about)
        return b"".join(self._parts)

    def _unpack(self, chunk: bytes) -> None:
        rest = chunk
        while rest and self._inflate is not None:
            if self._inflate.eof:
                if not rest.startswith(b"\x1f\x8b"):
                    return  # padding after the end: harmless, and seen in the wild
                self._inflate = _inflater(self._coding)
                continue
            self._keep(self._inflate.decompress(rest, 65_536))
            rest = self._inflate.unconsumed_tail or self._inflate.unused_data

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limits.decoded:
            raise FetchError(f"unpacks to more than {_megabytes(self._limits.decoded)}", about=self._about)
        if self._size > max(_RATIO_FROM, self._limits.ratio * self._wire):
            raise FetchError(f"unpacks to more than {self._limits.ratio} times its size", about=self._about)
        self._parts.append(data)


def _known(coding: str, about: str) -> str:
    name = coding.strip().lower()
    if name in ("", "identity"):
        return ""
    if name in ("gzip", "x-gzip"):
        return "gzip"
    if name == "deflate":
        return "deflate"
    raise FetchError(f"content coding {name[:40]!r} was not asked for", about=about)


def _inflater(coding: str) -> zlib._Decompress | None:
    if not coding:
        return None
    return zlib.decompressobj(wbits=31 if coding == "gzip" else 15)


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:g} MB" if size >= 100_000 else f"{size} bytes"
