"""What strangers' HTML may hold: the one list that both ways of cleaning go by."""

from __future__ import annotations

import re

from digest.collect.links import absolute

TAGS = frozenset(
    {"a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "dfn", "div"}
    | {"dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd"}
    | {"li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody"}
    | {"td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var"}
)
SILENT = frozenset({"script", "style", "noscript", "template", "iframe", "object", "svg", "math", "head", "title",
                    "textarea", "select", "button", "video", "audio", "canvas"})  # fmt: skip
"""Tags whose content goes with them."""
ATTRIBUTES = {
    "a": {"href", "title", "hreflang"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start", "reversed"},
    "time": {"datetime"},
    "abbr": {"title"},
    "*": {"lang", "dir"},
}
SCHEMES = {"http", "https", "mailto"}
REL = "noopener noreferrer nofollow"
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_PLAIN = re.compile(r"https?://[a-z0-9][^\s\\]*")


def is_absolute(found: str) -> bool:
    """Whether an address may be named as it stands, wherever that is."""
    return _PLAIN.fullmatch(found) is not None


def address(attribute: str, found: str, base: str) -> str | None:
    """The absolute address that an `href` or `src` may name; None for one that may not be named."""
    if is_absolute(found):
        return found
    target = absolute(found, base)
    scheme = target.partition(":")[0].lower()
    allowed = ("http", "https") if attribute == "src" else SCHEMES
    return target if scheme in allowed else None


def is_pixel(width: str, height: str) -> bool:
    """Whether a picture of that size is there to count its readers."""
    return any(size.strip().removesuffix("px") in ("0", "1") for size in (width, height))
