"""A rich edition, its site, and people whose names and addresses are hard on mail."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from jinja2 import Environment

from digest import templating
from digest.letter.headers import Heading, Mailbox
from digest.letter.holes import Markers, Personal
from digest.letter.views import SiteView
from digest.model.announcements import Facts, Figure, Picture, Version
from digest.model.editions import Snapshot, SnapshotItem, SnapshotSection

STAMP = datetime(2026, 6, 26, 8, 0, tzinfo=UTC)


def version(title: str, **fields: Any) -> Version:
    """A version of an announcement, its link made from the title."""
    slug = "-".join(re.findall("[a-z]+", title.lower()))
    given = {
        "language": "en",
        "source": "news",
        "link": f"https://example.org/{slug}",
        "updated_at": STAMP,
        "fingerprint": "f",
        "published_on": date(2026, 5, 7),
    }
    return Version(title=title, **{**given, **fields})


def item(title: str, *, older: bool = False, **fields: Any) -> SnapshotItem:
    """An announcement with one version."""
    return SnapshotItem(public_id=f"tag:example.org,2026:{title}", versions=(version(title, **fields),), older=older)


def rich_snapshot(**changed: Any) -> Snapshot:
    """What a full month looks like: every kind of section, two languages, a picture, a deadline, figures."""
    lead = item(
        "The emissions curve now marks the mines that hold an award",
        summary="The data service for some 260 copper mines shows which of them have been assured, back to 2007.",
        picture=Picture(
            url="https://example.org/a.jpg", alt="Dusk over brown hills", sha256="ab" * 32, width=1200, height=520
        ),
        categories=("Data",),
    )
    news = (
        item(
            "Steel standard accepts the Mark for three of its levels",
            summary="Makers of steel may count assured metals as responsible input. The rule holds at once.",
            categories=("Recognition",),
        ),
        item(
            "Más del 15 % del cobre mundial procede de centros certificados",
            summary="Seis nuevos centros se suman; ya son veinticuatro.",
            language="es",
        ),
        item("A late word on “fees & dues” <2027>", summary="Fees stay as they are.", older=True),
    )
    cases = (item("How a smelter halved its use of water", summary="Three years, two dams.", categories=("Water",)),)
    consultations = (
        item(
            "Risk criteria: your comments, please",
            summary="Open to everyone for sixty days.",
            facts=Facts(deadline=date(2026, 7, 1)),
        ),
    )
    figures = (
        item(
            "The half-year in numbers",
            facts=Facts(
                figures=(
                    Figure(value="100+", label="participants at the end of 2025"),
                    Figure(value="50+", label="partners along the value chain"),
                    Figure(value="15 %", label="March 2022", share=0.15),
                    Figure(value="20 %", label="Aug 2022", share=0.2),
                ),
                figures_title="Share of mined copper from assured sites",
            ),
        ),
    )
    given = {
        "digest": "newsflash",
        "title": "Newsflash",
        "label": "2026-06-26",
        "number": 14,
        "date": date(2026, 6, 26),
        "language": "en",
        "subject": "Newsflash {{ edition.date | month_year }}",
        "introduction": '<p>A short one before the summer: <a href="https://example.org/two">two sites join</a>, '
        "a consultation closes soon, and the half-year figures are in.</p>",
        "since": date(2026, 5, 29),
        "lead": lead,
        "sections": (
            SnapshotSection(title="News", kind="news", items=news),
            SnapshotSection(title="Case studies", kind="case", items=cases),
            SnapshotSection(title="Consultations", kind="consultations", items=consultations),
            SnapshotSection(title="Facts & Figures", kind="figures", items=figures),
        ),
        "more": (item("Office closed on 3 July"), item("New member of the board")),
    }
    return Snapshot(**{**given, **changed})


@pytest.fixture(scope="session")
def environment() -> Environment:
    return templating.environment()


@pytest.fixture
def snapshot() -> Snapshot:
    return rich_snapshot()


@pytest.fixture
def site() -> SiteView:
    return SiteView(
        title="Metals Mark",
        url="https://news.example.org",
        postal_address="1 Example Street, London EC1A 1AA",
        privacy_url="https://example.org/privacy",
        feed_url="https://news.example.org/feeds/news.atom",
    )


@pytest.fixture
def markers() -> Markers:
    return Markers(token="0123456789abcdef" * 2)


@pytest.fixture
def heading() -> Heading:
    return Heading(
        sender=Mailbox("Metals Mark", "news@example.org"),
        list_title="Newsflash",
        list_id="newsflash.news.example.org",
        reply_to="office@example.org",
        archive="https://news.example.org/editions/newsflash/",
    )


@pytest.fixture
def personal() -> Personal:
    return Personal(
        name="Ada Lovelace",
        address="ada@example.org",
        reason="you asked for it on 3 May 2025",
        unsubscribe="https://news.example.org/unsubscribe/" + "tO-k_en" * 8,
        manage="https://news.example.org/manage/" + "mAn-ag_" * 8,
        message_id="<00112233@example.org>",
        date=STAMP,
    )
