"""A sealed snapshot looked at in one language and at one length: which version, link, picture and excerpt to show."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from digest.letter.headers import clean
from digest.letter.text import plain, shortened
from digest.letter.views import Bar, CalendarLink, EditionView, ItemView, Length, PictureView, SectionView, SiteView
from digest.model.announcements import Facts, Figure, Picture, Version, slug_of
from digest.model.editions import Snapshot, SnapshotItem

_MOST_BESIDE = 20
_WIDEST, _TALLEST, _TALLEST_UPRIGHT = 600, 460, 320
_LEAST = 40  # what is narrower counts readers, or shows nothing
_WEB = re.compile(r"https?://\S+")


def edition_view(
    snapshot: Snapshot, *, subject: str, language: str, site: SiteView, length: Length, calendar_link: CalendarLink
) -> EditionView:
    """All that the letter in `language` shows of `snapshot`, at `length`."""
    look = _Look(snapshot, language, site, length, calendar_link)
    lead = look.item(snapshot.lead) if snapshot.lead else None
    sections = tuple(
        SectionView(title=section.title, kind=section.kind, items=items)
        for section in snapshot.sections
        if (items := look.items(section.items, section.title))
    )
    more = look.items(snapshot.more)
    # What it leads to speaks as it does.
    tongue = "" if language == snapshot.language else f"?lang={language}"
    return EditionView(
        subject=subject,
        title=snapshot.title,
        label=snapshot.label,
        number=snapshot.number,
        date=snapshot.date,
        since=snapshot.since,
        count=len(snapshot.items),
        introduction=Markup(snapshot.introduction),  # noqa: S704  cleaned when it was sealed
        introduction_text=plain(snapshot.introduction),
        introduction_language=look.foreign(snapshot.language),
        correction=snapshot.correction,
        preheader=_preheader(snapshot, language),
        lead=lead,
        sections=sections,
        more=more,
        updated=look.beside(snapshot.updated),
        unlisted=len(snapshot.items) - look.shown,
        web_url=f"{site.url}/editions/{snapshot.digest}/{snapshot.label}{tongue}",
        subscribe_url=f"{site.url}/subscribe/{snapshot.digest}{tongue}",
    )


class _Look:
    """One walk over a snapshot: counts what it shows, and keeps every title one of a kind."""

    def __init__(
        self, snapshot: Snapshot, language: str, site: SiteView, length: Length, calendar_link: CalendarLink
    ) -> None:
        self.snapshot, self.language, self.site, self.length = snapshot, language, site, length
        self.calendar_link = calendar_link
        self.shown = 0
        self._titles: dict[str, int] = {}
        self._calendars = 0

    def items(self, items: tuple[SnapshotItem, ...], section: str = "") -> tuple[ItemView, ...]:
        room = max(0, self.length.items - self.shown)
        return tuple(self.item(item, section) for item in items[:room])

    def beside(self, items: tuple[SnapshotItem, ...]) -> tuple[ItemView, ...]:
        """Items that are named and not counted."""
        shown, most = self.shown, min(_MOST_BESIDE, self.length.items)
        views = tuple(self.item(item) for item in items[:most])
        self.shown = shown
        return views

    def item(self, item: SnapshotItem, section: str = "") -> ItemView:
        self.shown += 1
        version = item.version(self.language, self.snapshot.language)
        facts = version.facts
        title = self._unlike(clean(version.title))
        view = ItemView(
            title=title,
            link=self._link(version, item),
            language=self.foreign(version.language or self.site.language),
            teaser=shortened(clean(version.summary), self.length.excerpt),
            day=version.day,
            category=next((word for word in version.categories if word.casefold() != section.casefold()), ""),
            older=item.older,
            deadline=facts.deadline,
            closed=facts.deadline is not None and facts.deadline < self.snapshot.date,
            calendar_link="",
            calendar_words="",
            figures=numbers(facts),
            bars=bars(facts),
            figures_title=facts.figures_title,
            picture=picture_view(version.picture, self.site),
            also_at=_hosts(item.also_at, version.link),
        )
        return self._with_calendar(view, item)

    def _with_calendar(self, view: ItemView, item: SnapshotItem) -> ItemView:
        if view.deadline is None or view.closed or not (link := self.calendar_link(item)):
            return view
        self._calendars += 1
        return replace(view, calendar_link=link, calendar_words=view.title if self._calendars > 1 else "")

    def _unlike(self, title: str) -> str:
        seen = self._titles[title] = self._titles.get(title, 0) + 1
        return title if seen == 1 else f"{title} ({seen})"

    def _link(self, version: Version, item: SnapshotItem) -> str:
        if _WEB.fullmatch(version.link):
            return version.link
        tongue = "" if self.language == self.site.language else f"?lang={self.language}"
        return f"{self.site.url}/announcements/{quote(slug_of(item.public_id))}{tongue}"

    def foreign(self, tag: str) -> str:
        """`tag`, or "" where it is the letter's own language."""
        return "" if tag.partition("-")[0] == self.language.partition("-")[0] else tag


def picture_view(picture: Picture | None, site: SiteView) -> PictureView | None:
    """The picture as it is shown, if it shows something and is ours: somebody else's may vanish, or watch who reads."""
    if picture is None or not picture.sha256:
        return None
    width = _WIDEST
    if picture.width and picture.height:
        tallest = _TALLEST_UPRIGHT if picture.height > picture.width else _TALLEST
        width = min(width, picture.width, tallest * picture.width // picture.height)
    if width < _LEAST:
        return None
    return PictureView(url=f"{site.url}/media/{picture.sha256}", alt=picture.alt, width=width)


def _hosts(links: tuple[str, ...], own: str) -> tuple[str, ...]:
    """Where else it was announced, by name: an item has one link, and that is its own."""
    hosts = ((urlsplit(link).hostname or "").removeprefix("www.") for link in (own, *links))
    return tuple(dict.fromkeys(filter(None, hosts)))[1 if urlsplit(own).hostname else 0 :]


def numbers(facts: Facts) -> tuple[Figure, ...]:
    """Those that stand by themselves."""
    return tuple(figure for figure in facts.figures if figure.share is None)


def bars(facts: Facts) -> tuple[Bar, ...]:
    """Those that are a share of a whole."""
    return tuple(_bar(figure) for figure in facts.figures if figure.share is not None)


def _bar(figure: Figure) -> Bar:
    share = min(1.0, max(0.0, figure.share or 0.0))
    return Bar(label=figure.label, value=figure.value, percent=max(round(share * 100), 1 if share else 0))


def _preheader(snapshot: Snapshot, language: str) -> str:
    titles = (clean(item.version(language, snapshot.language).title) for item in snapshot.items[:6])
    return shortened(" · ".join(titles), 130)
