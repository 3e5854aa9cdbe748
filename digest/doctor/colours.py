"""Whether the tokens of a look can be read: contrast by WCAG 2.2, 1.4.3, light and dark (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from digest.doctor.finding import Finding, fine, wrong

LEAST = 4.5
_PAIRS = (
    *((ink, paper) for ink in ("text", "muted", "accent") for paper in ("card", "ground")),
    *(("figure", "card"), ("on_accent", "accent")),
)
_HEX = re.compile(r"#([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})")


def look(slug: str, tokens: Mapping[str, Any]) -> list[Finding]:
    """A finding for each scheme."""
    return [_scheme(f"contrast of {slug}, {name}", tokens.get(name, {})) for name in ("light", "dark")]


def contrast(one: str, other: str) -> float:
    """The ratio of two colours written #RRGGBB; 0 for what is none."""
    if not (_HEX.fullmatch(one) and _HEX.fullmatch(other)):
        return 0.0
    darker, lighter = sorted((_light(one), _light(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _scheme(what: str, colours: Mapping[str, Any]) -> Finding:
    ratios = {
        f"{ink} on {paper}": contrast(str(colours.get(ink, "")), str(colours.get(paper, ""))) for ink, paper in _PAIRS
    }
    faint = [f"{pair} {ratio:.1f}" for pair, ratio in ratios.items() if ratio < LEAST]
    if faint:
        return wrong(what, f"below {LEAST}:1: {', '.join(faint)}", "change these colours in tokens.toml")
    return fine(what, f"{min(ratios.values()):.1f}:1 or more")


def _light(colour: str) -> float:
    parts = [int(each, 16) / 255 for each in (colour[1:3], colour[3:5], colour[5:7])]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
