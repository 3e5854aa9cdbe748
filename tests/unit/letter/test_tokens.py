"""The colours of the house can be read, light and dark."""

import pytest
from jinja2 import Environment

from digest import templating


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB (WCAG 2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_text_can_be_read(environment: Environment, scheme: str) -> None:
    """4.5 : 1 or more, on card and ground, light and dark."""
    look = templating.tokens(environment)[scheme]
    pairs = [(look[ink], look[paper]) for ink in ("text", "muted", "accent", "figure") for paper in ("card", "ground")]

    assert [] == [pair for pair in (*pairs, (look["on_accent"], look["accent"])) if contrast(*pair) < 4.5]
