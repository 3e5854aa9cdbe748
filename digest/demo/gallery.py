"""The gallery of the letter: awkward editions in every language, each as a page to look at, and a page of all."""

from __future__ import annotations

import html
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image, ImageDraw

from digest import templating
from digest.demo import awkward
from digest.letter.holes import Letter, Personal, new_markers
from digest.letter.render import calendar_at, reason, render
from digest.letter.views import SiteView
from digest.model.subscribers import Basis

_URL = "https://news.example.org"
_SITE = SiteView(
    title="Metals Mark News",
    url=_URL,
    postal_address="Metals Mark, 1 Smelter Lane, Exampletown",
    privacy_url="https://example.org/privacy",
    feed_url=f"{_URL}/feeds/news.atom",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hung:
    """One letter in the gallery."""

    case: str
    language: str
    file: Path
    octets: int


def hang(folder: Path, templates: Sequence[Path], languages: Sequence[str]) -> tuple[Hung, ...]:
    """Draw every case in these languages with these templates into `folder`; TemplateError, LetterError as in earnest.

    Open its index.html: each letter stands there wide and narrow, light and dark as the browser is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = templating.environment(templates)
    for name, (width, height) in awkward.SIZES.items():
        _drawn(width, height).save(folder / f"{name}.png")
    hung = []
    for case, snapshot in awkward.editions().items():
        for language in languages:
            markers = new_markers(secrets.token_hex)
            letter = render(
                snapshot,
                language=language,
                site=_SITE,
                environment=environment,
                markers=markers,
                calendar_link=calendar_at(_URL, language),
            )
            because = reason(environment, language, Basis.CONSENT)
            hung.append(_hang(folder, case, letter, because))
    (folder / "index.html").write_text(_index(hung), "utf-8")
    return tuple(hung)


def _hang(folder: Path, case: str, letter: Letter, because: str) -> Hung:
    somebody = Personal(
        name="Ada Whitfield",
        address="ada@example.org",
        reason=because,
        unsubscribe=f"{_URL}/",
        manage=f"{_URL}/",
        message_id="<gallery@localhost>",
        date=datetime(2026, 6, 26, 9, tzinfo=UTC),
    )
    shown = letter.shown(somebody)
    file = folder / f"{case.replace(' ', '-')}.{letter.language}.html"
    page = shown.html.replace(f'src="{_URL}/media/', 'src="')
    for name in awkward.SIZES:
        page = page.replace(f'src="{name}"', f'src="{name}.png"')
    file.write_text(page, "utf-8")
    file.with_suffix(".txt").write_text(shown.text, "utf-8")
    return Hung(case=case, language=letter.language, file=file, octets=len(shown.html.encode()))


def _index(hung: Sequence[Hung]) -> str:
    return "".join(
        (
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=color-scheme content='light dark'>",
            "<title>The letter</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem}",
            "iframe{border:1px solid gray;height:900px;margin-right:1rem}</style><h1>The letter</h1>",
            *_frames(hung),
        )
    )


def _frames(hung: Sequence[Hung]) -> Iterator[str]:
    for each in hung:
        name, file = html.escape(f"{each.case}, {each.language}"), html.escape(each.file.name, quote=True)
        text = html.escape(each.file.with_suffix(".txt").name, quote=True)
        yield f"<h2>{name}</h2><p>{each.octets:,} octets, <a href='{file}'>alone</a>, <a href='{text}'>as text</a></p>"
        yield "".join(f"<iframe title='{name} at {w}' src='{file}' width={w}></iframe>" for w in (600, 360))


def _drawn(width: int, height: int) -> Image.Image:
    """Bars under a low sun."""
    picture = Image.new("RGB", (width, height), "#17474C")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((width * 0.15, height * 0.15, width * 0.15 + height * 0.2, height * 0.35), fill="#FBE3C8")
    count, bar = 40, width / 40
    for number in range(count):
        top = height * (0.95 - 0.6 * (number / count) ** 2)
        pen.rectangle(
            (number * bar + 1, top, (number + 1) * bar - 1, height), fill="#9A4A16" if number % 4 else "#FBE3C8"
        )
    return picture
