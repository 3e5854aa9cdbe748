"""From a sealed snapshot to its letters: which languages, which templates, and what the site says of itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import jinja2

from digest import templating
from digest.letter.holes import Letter, Markers, Personal, new_markers
from digest.letter.render import calendar_at, reason, render
from digest.letter.views import SiteView
from digest.model.editions import Snapshot
from digest.model.subscribers import Basis
from digest.service.house import House
from digest.settings import Digest, Feed, Settings
from digest.store.mailings import LetterRow


def site_view(house: House, language: str = "") -> SiteView:
    """The site as letters in `language`, by default its own, show it."""
    site, feed = house.settings.site, _feed(house.settings, language)
    return SiteView(
        title=site.title,
        url=site.url,
        language=site.language,
        postal_address=site.postal_address,
        privacy_url=site.privacy_url,
        feed_url=f"{site.url}/feeds/{feed.slug}.atom" if feed else "",
    )


def _feed(settings: Settings, language: str) -> Feed | None:
    """The feed that letters name: the first in their language, else in the site's own or in none, else the first."""
    own = settings.site.language.partition("-")[0]
    tongue = (language or own).partition("-")[0]
    feeds = [((each.language or "").partition("-")[0], each) for each in settings.feeds.values()]
    orders = ({tongue}, {own, ""}) if tongue != own else ({own, ""},)
    found = (each for spoken in orders for tag, each in feeds if tag in spoken)
    return next(found, feeds[0][1] if feeds else None)


def templates_of(house: House, digest: Digest) -> jinja2.Environment:
    """The digest's own templates first, then the house's, then those we ship."""
    if digest.templates is None:
        return house.templates
    own = (digest.templates, house.settings.templates)
    return templating.environment([folder for folder in own if folder])


def rendered(house: House, snapshot: Snapshot, languages: Iterable[str]) -> tuple[Letter, ...]:
    """A letter for each language, the digest's own first: that is the one for everybody else."""
    digest = house.digest(snapshot.digest)
    environment = templates_of(house, digest)
    known = set(templating.languages(environment))
    wanted = dict.fromkeys((snapshot.language, *(tag for tag in languages if tag.partition("-")[0] in known)))
    url, markers = house.settings.site.url, new_markers(secrets.token_hex)
    return tuple(
        render(
            snapshot,
            language=tag,
            site=site_view(house, tag),
            environment=environment,
            markers=markers,
            calendar_link=calendar_at(url, tag),
        )
        for tag in wanted
    )


def rows(letters: Iterable[Letter], *, text_only: bool = False) -> tuple[LetterRow, ...]:
    """The letters as the store seals them; with `text_only` each once more behind them, without its HTML."""
    whole = tuple(letters)
    again = tuple(replace(letter, html="") for letter in whole) if text_only else ()
    return tuple(
        LetterRow(
            variant=variant,
            language=letter.language,
            subject=letter.subject,
            html=letter.html,
            text=letter.text,
            markers=json.dumps({"token": letter.markers.token}),
        )
        for variant, letter in enumerate((*whole, *again))
    )


def letter_of(row: LetterRow) -> Letter:
    """A sealed row as the letter it was."""
    markers = Markers(token=json.loads(row.markers)["token"])
    return Letter(language=row.language, subject=row.subject, html=row.html, text=row.text, markers=markers)


def specimen(house: House, letter: Letter, *, name: str = "", address: str = "you@example.org") -> Personal:
    """A recipient that does not exist, for previews: links go to the front page."""
    because = reason(house.templates, letter.language, Basis.CONSENT)
    url = house.settings.site.url
    return Personal(
        name=name,
        address=address,
        reason=because,
        unsubscribe=f"{url}/",
        manage=f"{url}/",
        message_id="<preview@localhost>",
        date=datetime.now(UTC),
    )
