"""Posts that say the same in two languages, one after the other."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.identify import Habits, identify
from digest.collect.parse import ReadItem
from digest.collect.tongues import one_tongue

ENGLISH = "Six mines have been given the mark this spring. With them it is held by 24 sites of the region."
SPANISH = "Seis minas han recibido el sello esta primavera. Con ellas lo tienen ya 24 sitios de la regi\u00f3n."
FRENCH = "Six mines ont re\u00e7u le label ce printemps. Avec elles, 24 sites de la r\u00e9gion sont dans le programme."
GERMAN = (
    "Sechs Minen haben das Siegel in diesem Fr\u00fchjahr bekommen. Damit tragen es 24 Standorte, und es werden mehr."
)
ALL = {"en": ENGLISH, "es": SPANISH, "fr": FRENCH, "de": GERMAN}


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("other", ALL)
def test_the_one_it_is_in(language: str, other: str) -> None:
    """Whichever stands first, and whatever name or date leads it."""
    assert ALL[language] == one_tongue(ALL[language], language)
    if language != other:
        assert ALL[language] == one_tongue(f"{ALL[language]} {ALL[other]}", f"{language}-cl")
        assert ALL[language] == one_tongue(f"{ALL[other]} {ALL[language]}", language)
        assert f"Santiago, 4 May. {ALL[language]}" == one_tongue(
            f"Santiago, 4 May. {ALL[language]} {ALL[other]}", language
        )


@pytest.mark.parametrize(
    "pointer",
    [
        "Versi\u00f3n en Espa\u00f1ol abajo. ",
        "(Spanish version below) ",
        "Deutsche Fassung unten: ",
        "English below \u2013 ",
    ],
)
def test_where_the_other_stands_is_no_news(pointer: str) -> None:
    """A line that only points further down is left out."""
    assert ENGLISH == one_tongue(f"{pointer}{ENGLISH} {SPANISH}", "en")


@given(st.text(max_size=400), st.sampled_from([*ALL, "pt", "zh-hant", ""]))
def test_nothing_is_made_up(text: str, language: str) -> None:
    """What is left is of the text, and never nothing of something."""
    left = one_tongue(text, language)
    assert set(left.split()) <= set(text.split())
    assert bool(left.strip()) <= bool(text.strip())


def test_a_post_shows_one_excerpt_in_its_language() -> None:
    """Also where the site's own excerpt is of the other half; the text keeps both."""

    def shown(summary: str, content: str, language: str) -> tuple[str, str, bool]:
        read = ReadItem(
            title="Mines", link="https://example.org/1", summary=summary, content=content, language=language
        )
        item = identify(read, Habits(zone=ZoneInfo("UTC")), now=datetime(2026, 1, 1, tzinfo=UTC)).item
        return item.summary, item.language, "Seis minas" in item.content

    both = f"<p>{SPANISH}</p><p>{ENGLISH}</p>"
    assert (ENGLISH, "en", True) == shown("", both, "en")
    assert (ENGLISH, "en", True) == shown(SPANISH, both, "en")
    assert (SPANISH, "es", True) == shown(SPANISH, both, "es")
    assert (SPANISH, "en", True) == shown(SPANISH, f"<p>{SPANISH}</p>", "en")
