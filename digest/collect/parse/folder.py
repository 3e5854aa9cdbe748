"""One Markdown file with front matter -> an item as read."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any
from unicodedata import normalize

import frontmatter
import yaml
from markdown_it import MarkdownIt

from digest.collect.parse import FIELD_LIMIT, ReadItem
from digest.collect.parse.jsonvalues import each, facts, member, words
from digest.errors import ParseError

KEYS = frozenset(
    {"title", "date", "updated", "draft", "id", "link", "language", "translation_of", "categories", "authors"}
    | {"summary", "picture", "picture_alt", "deadline", "figures", "figures_title"}
)
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A file as read; `draft` keeps it out of everything."""

    item: ReadItem
    draft: bool = False
    complaints: tuple[str, ...] = ()


def parse_markdown(body: bytes, *, name: str, base: str = "") -> Page:
    """A file of that relative name; raises ParseError naming the file and its line or key."""
    matter, content = _parts(body, name)
    title = _plain(matter.get("title"))
    if not title:
        raise ParseError("title is missing", about=name)
    path = PurePosixPath(name)
    # Some systems hand the same name over with its accents apart.
    path_ident = normalize("NFC", str(path.with_suffix("")))
    picture, file = _picture(matter, path)
    page = ReadItem(
        guid=words(matter.get("id")) or path_ident,
        aliases=tuple(dict.fromkeys((f"name:{path_ident}", f"name:{path_ident.rpartition('/')[2]}"))),
        link=words(matter.get("link")),
        base=base,
        title=title,
        summary=html.escape(_plain(matter.get("summary"))),
        content=_MARKDOWN.render(content) if content.strip() else "",
        published=_date(matter, "date", name),
        updated=_date(matter, "updated", name),
        language=words(matter.get("language")),
        translation_of=words(matter.get("translation_of")),
        categories=_list(matter.get("categories")),
        authors=_list(matter.get("authors")),
        picture=picture,
        picture_file=file,
        picture_alt=_plain(matter.get("picture_alt")),
        facts=facts(matter),
    )
    return Page(item=page, draft=_draft(matter, name), complaints=_complaints(matter, name))


def _parts(body: bytes, name: str) -> tuple[Mapping[str, Any], str]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError(f"is not UTF-8 (byte {error.start})", about=name) from error
    if len(text) > FIELD_LIMIT:
        raise ParseError(f"larger than {FIELD_LIMIT // 1000} kB", about=name)
    try:
        post = frontmatter.loads(text.replace("\r\n", "\n"))
    except yaml.MarkedYAMLError as error:
        # The front matter begins below its first line of dashes, and marks count from nought.
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise ParseError(f"front matter: {error.problem or error.context}", about=f"{name}:{line}") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ParseError(f"front matter: {error}", about=name) from error
    if not isinstance(post.metadata, Mapping) or not post.metadata:
        raise ParseError("has no front matter (--- title, date ---)", about=name)
    return post.metadata, str(post.content)


def _date(matter: Mapping[str, Any], key: str, name: str) -> str:
    value = matter.get(key)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is not None and not words(value):
        raise ParseError(f"{key} is not a date", about=name)
    return words(value)


def _draft(matter: Mapping[str, Any], name: str) -> bool:
    value = matter.get("draft", False)
    if not isinstance(value, bool):
        raise ParseError("draft must be true or false", about=name)
    return value


def _picture(matter: Mapping[str, Any], path: PurePosixPath) -> tuple[str, str]:
    value = words(matter.get("picture"))
    if not value or value.startswith(("http://", "https://")):
        return value, ""
    return "", str(path.parent / value)


def _list(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(text for part in each(value) if (text := words(part)))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else words(value)


def _complaints(matter: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = [f"{name}: unknown key {key!r} ignored" for key in matter if key not in KEYS]
    if matter.get("deadline") is not None and facts(matter).deadline is None:
        found.append(f"{name}: deadline is not a date; ignored")
    bad = sum(1 for figure in each(matter.get("figures")) if not words(member(figure, "value")))
    return (*found, f"{name}: figures need a value; {bad} ignored") if bad else tuple(found)
