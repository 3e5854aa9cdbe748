"""Strangers' HTML -> HTML that is safe to show: an allow-list, absolute addresses, no pixels that count readers."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

import nh3

from digest.collect.allowed import ATTRIBUTES, REL, SCHEMES, SILENT, TAGS, VOID, address, is_pixel
from digest.collect.parse import DEPTH_LIMIT, FIELD_LIMIT
from digest.collect.text import html_text, legal, one_line
from digest.collect.tidy import tidy

# Their end tags may be left out, and none of them nests in itself without a container between.
_OPTIONAL = frozenset({"p", "li", "dt", "dd", "td", "th", "tr", "thead", "tbody", "tfoot", "option", "colgroup"})
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_MOST_CONTAINERS = 8_000
_IMG = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')


class Cleaned(NamedTuple):
    """Safe HTML, and its words on one line."""

    html: str
    words: str


def cleaned(value: str, *, base: str) -> Cleaned:
    """Safe HTML with absolute addresses, and its words, of what is legal already.

    What is too large or nested too deep comes out as plain paragraphs: it takes time linear in its input, whatever
    that is, where the sanitiser alone is quadratic in depth.
    """
    source = value.strip()
    if not source:
        return Cleaned("", "")
    if len(source) <= FIELD_LIMIT and (plain := tidy(source, base=base)) is not None:
        return Cleaned(plain[0].strip(), one_line(plain[1]))
    if len(source) > FIELD_LIMIT or too_deep(source):
        words = html_text(source[: FIELD_LIMIT * 2])[:FIELD_LIMIT]
        return Cleaned(f"<p>{html.escape(words, quote=False)}</p>", words)
    safe = _sanitised(source, base)
    return Cleaned(safe, html_text(safe))


def _sanitised(source: str, base: str) -> str:
    def resolve(tag: str, attribute: str, found: str) -> str | None:
        return address(attribute, found, base) if attribute in ("href", "src") else found

    safe = nh3.clean(
        source,
        tags=set(TAGS),
        clean_content_tags=set(SILENT),
        attributes=ATTRIBUTES,
        attribute_filter=resolve,
        url_schemes=SCHEMES,
        link_rel=REL,
    )
    # Numeric references were decoded: some of them are what no XML document may hold.
    return _IMG.sub(_kept_image, legal(safe).replace("&nbsp;", "\u00a0")).strip()


def too_deep(value: str) -> bool:
    """Whether elements may nest deeper than the sanitiser can take in good time; errs towards yes."""
    open_tags: dict[str, int] = {}
    depth = deepest = containers = 0
    for closing, name in _ANY_TAG.findall(value):
        tag = name.lower()
        if tag in VOID or tag in _OPTIONAL:
            continue
        if not closing:
            containers += 1
            open_tags[tag] = open_tags.get(tag, 0) + 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_tags.get(tag):
            open_tags[tag] -= 1
            depth -= 1
    # End tags can be faked inside comments and attributes; the mere number of containers bounds the damage.
    return deepest > DEPTH_LIMIT or containers > _MOST_CONTAINERS


def _kept_image(found: re.Match[str]) -> str:
    attributes = dict(_ATTRIBUTE.findall(found[1]))
    if not attributes.get("src") or is_pixel(attributes.get("width", ""), attributes.get("height", "")):
        return ""
    return found[0]
