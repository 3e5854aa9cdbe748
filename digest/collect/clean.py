"""Strangers' HTML -> HTML that is safe to show: an allow-list, absolute addresses, no pixels that count readers."""

from __future__ import annotations

import html
import re

import nh3

from digest.collect.links import absolute
from digest.collect.parse import DEPTH_LIMIT, FIELD_LIMIT
from digest.collect.text import html_text, legal

TAGS = frozenset(
    {"a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "dfn", "div"}
    | {"dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd"}
    | {"li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody"}
    | {"td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var"}
)
_SILENT = frozenset({"script", "style", "noscript", "template", "iframe", "object", "svg", "math", "head", "title",
                     "textarea", "select", "button", "video", "audio", "canvas"})  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title", "hreflang"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start", "reversed"},
    "time": {"datetime"},
    "abbr": {"title"},
    "*": {"lang", "dir"},
}
_SCHEMES = {"http", "https", "mailto"}
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
# Their end tags may be left out, and none of them nests in itself without a container between.
_OPTIONAL = frozenset({"p", "li", "dt", "dd", "td", "th", "tr", "thead", "tbody", "tfoot", "option", "colgroup"})
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_MOST_CONTAINERS = 8_000
_IMG = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')


def clean_html(value: str, *, base: str) -> str:
    """Safe HTML with absolute addresses; what is too large or nested too deep comes out as plain paragraphs.

    Takes time linear in its input, whatever that is: the sanitiser alone is quadratic in depth.
    """
    source = legal(value)
    if not source.strip():
        return ""
    if len(source) > FIELD_LIMIT or too_deep(source):
        return f"<p>{html.escape(html_text(source[: FIELD_LIMIT * 2])[:FIELD_LIMIT], quote=False)}</p>"

    def resolve(tag: str, attribute: str, found: str) -> str | None:
        if attribute not in ("href", "src"):
            return found
        target = absolute(found, base)
        scheme = target.partition(":")[0].lower()
        allowed = ("http", "https") if attribute == "src" else _SCHEMES
        return target if scheme in allowed else None

    cleaned = nh3.clean(
        source,
        tags=set(TAGS),
        clean_content_tags=set(_SILENT),
        attributes=_ATTRIBUTES,
        attribute_filter=resolve,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return _IMG.sub(_kept_image, cleaned).strip()


def too_deep(value: str) -> bool:
    """Whether elements may nest deeper than the sanitiser can take in good time; errs towards yes."""
    open_tags: dict[str, int] = {}
    depth = deepest = containers = 0
    for closing, name in _ANY_TAG.findall(value):
        tag = name.lower()
        if tag in _VOID or tag in _OPTIONAL:
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
    if not attributes.get("src"):
        return ""
    sizes = (attributes.get("width", ""), attributes.get("height", ""))
    return "" if any(size.strip().removesuffix("px") in ("0", "1") for size in sizes) else found[0]
