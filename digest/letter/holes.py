"""The places in a letter that differ from one recipient to the next, and the markers that keep them open."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from digest.errors import LetterError


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What fills one recipient's letter; text is plain, escaped where it goes."""

    name: str
    address: str
    reason: str
    """Why one gets it, after "because": see `render.reason`."""
    unsubscribe: str
    """https address, also of List-Unsubscribe."""
    manage: str
    message_id: str
    """With its angle brackets: see `headers.message_id`."""
    date: datetime
    mailto: str = ""
    """The second address of List-Unsubscribe (mailto:…); only where its mail is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The holes a template may leave open, by the same names as in `Personal`."""

    name: str
    address: str
    reason: str
    unsubscribe: str
    manage: str


HOLES = tuple(field.name for field in fields(Recipient))


@dataclass(frozen=True, slots=True, kw_only=True)
class Markers:
    """One composition's markers: a secret word that no content can hold, and a number for each hole."""

    token: str
    """32 hexadecimal digits."""

    @property
    def recipient(self) -> Recipient:
        """The recipient that templates are rendered for: a marker in every place."""
        return Recipient(**{hole: self.of(hole) for hole in HOLES})

    def of(self, hole: str) -> str:
        """The marker that stands for `hole`: letters and digits only, one word to every wrapper and escaper."""
        return f"x{self.token}{HOLES.index(hole):02d}x"

    def split(self, text: str) -> Iterator[tuple[str, str]]:
        """(text, hole after it) in order; the last hole is empty."""
        parts = re.split(rf"x{self.token}(\d\d)x", text)
        for at in range(0, len(parts) - 1, 2):
            yield parts[at], HOLES[int(parts[at + 1])]
        yield parts[-1], ""

    def refuse(self, content: str, about: str) -> None:
        """Raise LetterError if `content` holds the secret word: somebody guessed, or it was used before."""
        if self.token in content:
            raise LetterError("holds the marker of a hole", about=about)


def new_markers(token_hex: Callable[[int], str]) -> Markers:
    """Markers for one composition; `token_hex` as of `secrets`: 128 random bits."""
    return Markers(token=token_hex(16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One variant, rendered and sealed, not yet addressed: text and HTML hold the markers of its holes."""

    language: str
    subject: str
    html: str
    text: str
    markers: Markers

    def shown(self, personal: Personal) -> Letter:
        """The same letter as `personal` reads it: for previews, never for sending."""
        return Letter(
            language=self.language,
            subject=self.subject,
            html=_filled(self.html, self.markers, personal, html.escape),
            text=_filled(self.text, self.markers, personal, str),
            markers=self.markers,
        )


def _filled(text: str, markers: Markers, personal: Personal, escape: Callable[[str], str]) -> str:
    return "".join(part + (escape(getattr(personal, hole)) if hole else "") for part, hole in markers.split(text))
