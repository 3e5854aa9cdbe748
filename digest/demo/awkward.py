"""Editions that are hard on a letter: what a template has to bear before anybody gets it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from digest.model.announcements import Facts, Figure, Picture, Version
from digest.model.editions import Snapshot, SnapshotItem, SnapshotSection

_STAMP = datetime(2026, 6, 26, 8, 0, tzinfo=UTC)
_LONG = "Assured sites report on water, energy and the people who work there. " * 12
WIDE, UPRIGHT, SQUARE, SMALL, TALL = "wide", "upright", "square", "small", "tall"
SIZES = {WIDE: (1200, 520), UPRIGHT: (480, 640), SQUARE: (900, 900), SMALL: (160, 120), TALL: (400, 1600)}
"""Pictures by name, with width and height: whoever draws the gallery says where they are."""


def editions() -> Mapping[str, Snapshot]:
    """Each by what is awkward about it; "full" is an ordinary month."""
    return {
        "full": _full(),
        "one item": _news("One item", _item("The only thing that happened", summary="It was a quiet month.")),
        "sixty items": _news("Sixty items", *(_item(f"Announcement number {n}", summary=_LONG) for n in range(1, 61))),
        "no picture": _with_lead(None),
        "upright picture": _with_lead(_picture(UPRIGHT)),
        "odd pictures": _odd_pictures(),
        "long title": _news("Long titles", _item("A title that goes on and on " * 11, summary=_LONG), _item("W" * 120)),
        "many scripts": _news(
            "Many scripts",
            _item("铜业协会发布新标准,冶炼厂须于年底前完成评估" * 3, language="zh", summary="自七月起施行。" * 9),
            _item("مبادرة النحاس تنشر معيارها الجديد", language="ar", summary="يسري المعيار الجديد من شهر يوليو. " * 6),
            _item("מכרות הנחושת מפרסמים תקן חדש", language="he", summary="התקן ייכנס לתוקף ביולי."),
            _item("👩‍👩‍👧‍👦 A family day at the smelter 🚀", summary="Bring sun cream ☀️ and boots 🥾."),
        ),
        "hostile": _news(
            "Hostile",
            _item(
                "<script>alert(1)</script> {{ 7 * 7 }} [/] \x1b[31m",
                summary="</td></table><img src=x onerror=a()>",
            ),
            _item('"><a href="javascript:alert(1)">click', link="javascript:alert(1)", summary="&lt;b&gt; and &amp;"),
        ),
        "figures": _news("Figures", _figures(7), _figures(1)),
        "consultations": _consultations(),
    }


def _full() -> Snapshot:
    lead = _item(
        "The emissions curve now shows which mines hold the Mark",
        summary="An industry data service ranks some 260 working copper mines by their emissions.",
        picture=_picture(WIDE),
        categories=("Data",),
    )
    news = (
        replace(
            _item("Steel standard accepts the Mark for three of its levels", summary="Assured metals count from July."),
            also_at=("https://www.steel.example/news/1",),
        ),
        _item("Más del 15 % del cobre procede de centros certificados", summary="Seis centros más.", language="es"),
        _item("A late word on “fees & dues” <2027>", summary="Fees stay as they are.", older=True),
    )
    picture = _picture(WIDE)
    water = "How a smelter halved its use of water"
    cases = (_item(water, summary="Three years, two dams.", categories=("Water",), picture=picture),)
    return _edition(
        "Newsflash",
        introduction="<p>Dear readers, <strong>a short month</strong>, <a href='https://example.org/'>a plan</a>.</p>",
        since=date(2026, 5, 29),
        lead=lead,
        sections=(
            SnapshotSection(title="News", items=news),
            SnapshotSection(title="Case studies", kind="case", items=cases),
            *_consultations().sections,
            SnapshotSection(title="Facts & Figures", kind="figures", items=(_figures(4),)),
        ),
        more=(_item("Minutes of the assembly"), _item("A new colleague in Lusaka")),
    )


def _with_lead(picture: Picture | None) -> Snapshot:
    title = "A lead story with an upright picture" if picture else "A lead story without a picture"
    lead = _item(title, summary=_LONG, picture=picture)
    return _edition(title, lead=lead, sections=(SnapshotSection(title="News", items=(_item("And one more"),)),))


def _odd_pictures() -> Snapshot:
    cases = tuple(_item(f"A {name} picture", picture=_picture(name), summary=_LONG) for name in (SMALL, TALL))
    lead = _item(
        "A lead story with a square picture", picture=_picture(SQUARE), summary=_LONG, facts=_closes(2026, 7, 1)
    )
    return _edition(
        "Odd pictures", lead=lead, sections=(SnapshotSection(title="Case studies", kind="case", items=cases),)
    )


def _consultations() -> Snapshot:
    items = (
        _item("Risk criteria: your comments, please", summary="Open for sixty days.", facts=_closes(2026, 7, 1)),
        _item("A draft that closed last month", summary="Thank you all.", facts=_closes(2026, 5, 31)),
        _item("Closes next year", summary="There is time.", facts=_closes(2027, 1, 15)),
        _item("A consultation without a date", summary="Write when you like."),
    )
    section = SnapshotSection(title="Consultations", kind="consultations", items=items)
    return _edition("Consultations", sections=(section,))


def _figures(count: int) -> SnapshotItem:
    numbers = (("100+", "participants"), ("54", "partners from mine to market"), ("1,234,567", "tonnes a year"))
    plain = tuple(Figure(value=value, label=label) for value, label in numbers[: max(1, count // 2)])
    shares = (0.15, 0.2, 0.3, 1.0, 0.004)[: count // 2]
    bars = tuple(Figure(value=f"{share:.1%}", label=f"In {2022 + n}", share=share) for n, share in enumerate(shares))
    facts = Facts(figures=(*plain, *bars), figures_title="Share of mined copper from assured sites" if bars else "")
    return _item(f"{count} figures" if count > 1 else "One figure", facts=facts)


def _news(title: str, *items: SnapshotItem) -> Snapshot:
    return _edition(title, sections=(SnapshotSection(title="News", items=items),))


def _edition(title: str, **fields: Any) -> Snapshot:
    given = {"digest": "newsflash", "label": "2026-06-26", "number": 7, "date": date(2026, 6, 26), "language": "en"}
    return Snapshot(**{**given, "title": title, "subject": "Newsflash {{ edition.date | month_year }}", **fields})


def _item(title: str, *, older: bool = False, **fields: Any) -> SnapshotItem:
    slug = "-".join(re.findall("[a-z0-9]+", title.lower())[:6]) or "item"
    given = {"language": "en", "source": "news", "link": f"https://example.org/{slug}", "updated_at": _STAMP}
    version = Version(title=title, **{**given, "fingerprint": "f", "published_on": date(2026, 6, 7), **fields})
    return SnapshotItem(public_id=f"tag:example.org,2026:{slug}", versions=(version,), older=older)


def _closes(year: int, month: int, day: int) -> Facts:
    return Facts(deadline=date(year, month, day))


def _picture(name: str) -> Picture:
    width, height = SIZES[name]
    return Picture(url="", alt="Bars rise like a skyline at dusk", sha256=name, width=width, height=height)
