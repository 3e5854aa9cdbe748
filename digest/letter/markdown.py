"""An operator's Markdown as clean HTML."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

_SCHEMES = ("http", "https", "mailto")


def to_html(text: str) -> str:
    """CommonMark without pictures and headings; HTML in it is text, and links lead to http, https and mailto only."""
    return str(_reader().render(text)).strip()


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).disable(["image", "heading", "lheading", "code", "fence"])
    reader.validateLink = _leads_somewhere  # type: ignore[method-assign]
    return reader


def _leads_somewhere(url: str) -> bool:
    return urlsplit(url.strip()).scheme.lower() in _SCHEMES
