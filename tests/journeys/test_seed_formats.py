"""Twenty announcements, served in five forms, are the same twenty: titles decoded once, days never shifted."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.builders import Desk, web_source
from tests.fakes import LONDON, Post, Site, served, utc

# Two runs out of order, as archives are; one at a quarter past midnight of a British summer day.
_WHEN = [
    (2022, 10, 25, 9), (2022, 9, 14, 9), (2022, 8, 29, 23, 15), (2022, 5, 2, 8), (2022, 4, 13, 8),
    (2022, 3, 28, 9), (2022, 2, 10, 10), (2022, 1, 17, 10), (2021, 12, 16, 10), (2021, 12, 6, 10),
    (2025, 6, 19, 9), (2025, 6, 5, 9), (2025, 3, 31, 9), (2025, 3, 25, 9), (2025, 3, 18, 9),
    (2025, 1, 10, 9), (2024, 12, 5, 9), (2024, 11, 25, 9), (2024, 11, 7, 9), (2024, 10, 16, 9),
]  # fmt: skip
_TITLES = ["Facts & Figures – December", "Case Study: Smelter & Refinery", "“Quoted” & more", "Año y ñandú"]

SELECT = 'select = { item = "article", title = "h2 a", date = ".date", summary = ".excerpt" }'
FORMS = {
    "rest": ("wordpress", "", ""),
    "rss": ("feed", "/feed/", ""),
    "atom": ("feed", "/atom.xml", ""),
    "json": ("feed", "/feed.json", ""),
    "page": ("page", "/news/", SELECT),
}


def posts() -> list[Post]:
    numbers = count(1)
    titles = (*_TITLES, *(f"Announcement number {number}" for number in range(5, 21)))
    return [Post(next(numbers), title, utc(*when)) for title, when in zip(titles, _WHEN, strict=True)]


EXPECTED = sorted((post.title, f"{post.at.astimezone(LONDON):%Y-%m-%d}") for post in posts())


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with served(Site(posts())) as running:
        yield running


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_same_twenty(desk: Desk, site: Site, form: str) -> None:
    """Titles with "&" are decoded once; a post at 00:15 summer time keeps its day; again gives nothing new."""
    kind, path, extra = FORMS[form]
    desk.declare(sources=web_source("news", kind, site.base + path, extra))
    first = desk.done("collect", "--json").json()
    found = desk.done("announcements", "list", "--json").json()
    again = desk.done("collect", "--json").json()
    assert EXPECTED == sorted((each["title"], each["published_on"]) for each in found)
    assert (20, 20, 0) == (first[0]["seen"], first[0]["new"], again[0]["new"])


def test_five_forms_of_one_site_fold_into_twenty(desk: Desk, site: Site) -> None:
    """The same announcement seen five ways is one, and the fullest telling is shown."""
    sources = [web_source(slug, kind, site.base + path, extra) for slug, (kind, path, extra) in FORMS.items()]
    desk.declare(sources="\n".join(sources))
    desk.done("collect")
    found = desk.done("announcements", "list", "--json").json()
    assert EXPECTED == sorted((each["title"], each["published_on"]) for each in found)
    assert [5] * 20 == [len(each["sources"]) for each in found]
