"""A note as words: the one-off letters of the house, from templates of the same face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from jinja2 import Environment

from digest import templating
from digest.letter import headers
from digest.letter.inline import inlined
from digest.letter.render import tidy
from digest.letter.views import SiteView


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note rendered and whole: it has one reader, so nothing in it is open."""

    subject: str
    html: str
    text: str


class Subject(StrEnum):
    """What a letter about one's own subscription is for."""

    ADDRESS = "address"
    EXPORT = "export"
    MOVE = "move"
    """To a new address, which has to agree."""
    MOVED = "moved"
    """To the old one, which can take it back."""


def confirm(environment: Environment, *, language: str, site: SiteView, digest_title: str, link: str) -> Note:
    """Asks for the confirmation of a subscription; says nothing that the asker has written."""
    return _note(environment, "confirm", language, site, digest_title=digest_title, link=link)


def manage(
    environment: Environment, *, subject: Subject, language: str, site: SiteView, digest_title: str, link: str
) -> Note:
    """Brings a link to one's own subscription."""
    return _note(environment, "manage", language, site, digest_title=digest_title, link=link, about=subject.value)


def alert(
    environment: Environment,
    *,
    language: str,
    site: SiteView,
    title: str,
    lines: Sequence[str],
    link: str = "",
    calm: bool = False,
) -> Note:
    """Tells operators what happened and where to look; `lines` are paragraphs of plain text.

    A `calm` one asks for no attention in its subject.
    """
    return _note(environment, "alert", language, site, title=title, lines=tuple(lines), link=link, calm=calm)


def _note(environment: Environment, kind: str, language: str, site: SiteView, **said: object) -> Note:
    subject = headers.clean(
        templating.render(environment, f"email/{kind}/subject.txt", language=language, site=site, **said)
    )
    context = {"language": language, "site": site, "subject": subject, **said}
    return Note(
        subject=subject,
        html=inlined(templating.render(environment, f"email/{kind}/letter.html", **context)),
        text=tidy(templating.render(environment, f"email/{kind}/letter.txt", **context)),
    )
