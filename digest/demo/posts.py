"""The sample announcements as the demo's site publishes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import frontmatter
from markdown_it import MarkdownIt

LONDON = ZoneInfo("Europe/London")
FACTS = ("deadline", "figures", "figures_title")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    number: int
    slug: str
    title: str
    at: datetime
    """UTC."""
    language: str
    translation_of: str
    categories: tuple[str, ...]
    summary: str
    html: str
    picture: str
    """File name, "" for none."""
    picture_alt: str
    meta: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/{self.at.astimezone(LONDON):%Y/%m}/{self.slug}/"


def read(folder: Path) -> tuple[Post, ...]:
    """Every sample file as a post, the newest first."""
    markdown = MarkdownIt("commonmark")
    files = sorted(folder.glob("*.md"))
    posts = [_post(number, file, markdown) for number, file in enumerate(files, 101)]
    return tuple(sorted(posts, key=lambda post: (post.at, post.number), reverse=True))


def _post(number: int, file: Path, markdown: MarkdownIt) -> Post:
    page = frontmatter.load(str(file))
    known: dict[str, Any] = dict(page.metadata)
    picture = str(known.get("picture", ""))
    facts: dict[str, Any] = {key: _plain(known[key]) for key in FACTS if key in known}
    return Post(
        number=number,
        slug=str(known.get("id") or file.stem[11:]),
        title=str(known["title"]),
        at=_instant(known["date"]),
        language=str(known.get("language", "en")),
        translation_of=str(known.get("translation_of", "")),
        categories=tuple(known.get("categories", ())),
        summary=str(known.get("summary", "")),
        html=markdown.render(page.content),
        picture=Path(picture).name if picture else "",
        picture_alt=str(known.get("picture_alt", "")),
        meta=facts,
    )


def _instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=LONDON)).astimezone(UTC)
    # A post has a time of day; for a bare date the site's editor takes nine in the morning.
    return datetime(value.year, value.month, value.day, 9, tzinfo=LONDON).astimezone(UTC)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
