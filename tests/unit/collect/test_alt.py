"""Words for pictures: what a source says, but never the name of a file."""

from __future__ import annotations

import pytest

from digest.collect.text import described


@pytest.mark.parametrize(
    "alt",
    [
        *(
            "mine.jpg",
            "DSC_0041.JPG",
            "IMG_2041",
            "IMG 2041",
            "mine_final-1024x683",
            "Screenshot 2024-05-01",
            "image (1)",
        ),
        *("untitled", "photo", "5f2c9a7be1d04c33a8b6", "https://example.org/a/b.png", ""),
    ],
)
def test_the_name_of_a_file_tells_nothing(alt: str) -> None:
    """It is no description: the picture then has none, and the check-up names it."""
    assert "" == described(alt)


@pytest.mark.parametrize(
    "alt",
    [
        *(
            "Dusk over brown hills",
            "Smelter",
            "Co-operation",
            "The mine in 2024",
            "A photo of the board",
            "Image of Zambia",
        ),
        *("Well-known", "CO2", "Mine.", "冶炼厂", "Photo: Ada Whitfield"),
    ],
)
def test_what_is_said_stays(alt: str) -> None:
    """As it was said."""
    assert alt == described(alt)
