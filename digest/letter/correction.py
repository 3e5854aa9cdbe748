"""The letter that tells those who have an edition what was wrong in it, and where it is right."""

from __future__ import annotations

from datetime import date

from jinja2 import Environment

from digest import templating
from digest.letter import check, headers
from digest.letter.holes import Letter, Markers
from digest.letter.inline import inlined
from digest.letter.look import edition_view
from digest.letter.render import no_calendar, subject_of, tidy
from digest.letter.views import Length, SiteView
from digest.model.editions import Snapshot


def render(snapshot: Snapshot, *, language: str, site: SiteView, environment: Environment, markers: Markers) -> Letter:
    """The correction that `snapshot` bears, in `language`, its holes held open by `markers`.

    Raises TemplateError for a broken template, LetterError as for any letter.
    """
    markers.refuse(snapshot.correction, about=f"{snapshot.digest} {snapshot.label}")
    said = {"language": language, "site": site}
    title = subject_of(snapshot, language)
    subject = headers.clean(templating.render(environment, "email/correction/subject.txt", subject=title, **said))
    view = edition_view(
        snapshot, subject=subject, language=language, site=site, length=Length(), calendar_link=no_calendar
    )
    context = {**said, "subject": subject, "edition": view, "recipient": markers.recipient}
    html = inlined(templating.render(environment, "email/correction/letter.html", **context))
    text = tidy(templating.render(environment, "email/correction/letter.txt", **context))
    letter = Letter(language=language, subject=subject, html=html, text=text, markers=markers)
    check.letter(letter)
    return letter


def words(environment: Environment, language: str, day: date) -> str:
    """What readers are told of a correction where nobody says what was wrong."""
    said = templating.render(environment, "email/correction/words.txt", language=language, day=day)
    return " ".join(said.split())
