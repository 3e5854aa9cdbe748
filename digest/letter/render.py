"""A sealed snapshot as a letter: subject, text and HTML in one language, short enough never to be clipped."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from urllib.parse import quote

from jinja2 import Environment

from digest import templating
from digest.errors import LetterError
from digest.letter import check, headers
from digest.letter.holes import Letter, Markers
from digest.letter.inline import inlined
from digest.letter.look import edition_view
from digest.letter.views import CalendarLink, Length, SiteView
from digest.model import codec
from digest.model.announcements import slug_of
from digest.model.editions import Snapshot, SnapshotItem

_SHORTER = (220, 140, 80, 0)
_MOST = 400  # items: no more could ever fit, however short
_BLANKS = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+\n")


def no_calendar(item: SnapshotItem) -> str:
    """The calendar link of a house without calendar files: none."""
    return ""


def calendar_at(url: str, language: str) -> CalendarLink:
    """Where our own pages below `url` have an item's deadline as a calendar file."""
    return lambda item: f"{url}/announcements/{quote(slug_of(item.public_id))}/deadline.ics?lang={language}"


def render(
    snapshot: Snapshot,
    *,
    language: str,
    site: SiteView,
    environment: Environment,
    markers: Markers,
    calendar_link: CalendarLink = no_calendar,
) -> Letter:
    """The letter of `snapshot` in `language`, its holes held open by `markers`.

    Where it would be clipped (see `check.MAX_HTML`) excerpts shorten, then go, then items are only counted.
    Raises TemplateError for a broken template, LetterError for content that holds a marker or a letter
    that fails its own checks.
    """
    markers.refuse(codec.dumps(snapshot), about=f"{snapshot.digest} {snapshot.label}")
    subject = subject_of(snapshot, language)
    length = Length(items=min(len(snapshot.items), _MOST))
    while True:
        view = edition_view(
            snapshot, subject=subject, language=language, site=site, length=length, calendar_link=calendar_link
        )
        context = {"language": language, "site": site, "edition": view, "recipient": markers.recipient}
        html = inlined(templating.render(environment, "email/digest/letter.html", **context))
        size = check.size(html, markers)
        if size <= check.MAX_HTML:
            break
        length = _shorter(length, size)
    text = tidy(templating.render(environment, "email/digest/letter.txt", **context))
    letter = Letter(language=language, subject=subject, html=html, text=text, markers=markers)
    check.letter(letter)
    return letter


def subject_of(snapshot: Snapshot, language: str) -> str:
    """The subject line in `language`, from the template source that was sealed.

    It may name `edition` (title, label, number, date, since), `lead` (its title, "" for none) and `count`.
    """
    lead = snapshot.lead.version(language, snapshot.language).title if snapshot.lead else ""
    line = templating.subject(
        snapshot.subject, language=language, edition=snapshot, lead=lead, count=len(snapshot.items)
    )
    return headers.clean(line)


def tidy(text: str) -> str:
    """Rendered plain text without trailing blanks, two empty lines at most, one line end at the end."""
    return _BLANKS.sub("\n\n\n", _TRAILING.sub("\n", text)).strip() + "\n"


@lru_cache(maxsize=4096)
def reason(environment: Environment, language: str, basis: str, day: date | None = None) -> str:
    """Why somebody gets a digest, as it reads after "because"; `basis` as in `Basis`, `day` that of the consent."""
    words = templating.render(environment, "email/digest/reason.txt", language=language, basis=basis, day=day)
    return " ".join(words.split())


def _shorter(length: Length, size: int) -> Length:
    """The next length to try where `size` octets were too many: excerpts first, then items."""
    if length.excerpt:
        excerpt = next(each for each in _SHORTER if each < length.excerpt)
        return Length(excerpt=excerpt if size < 2 * check.MAX_HTML else 0, items=length.items)
    if length.items > 1:
        return Length(excerpt=0, items=max(1, min(length.items - 1, length.items * check.MAX_HTML // size)))
    raise LetterError("too long even with nothing but its first item", about=f"{size} octets")
