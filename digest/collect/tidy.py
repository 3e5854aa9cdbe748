"""The quick way through HTML that is plain already: the same rules, by its tags alone.

A fragment goes this way only if each `<` in it begins a tag of the list, written in the plainest way, and all that
are opened are closed in order. What comes out is made of such tags and of text without any `<`, so that no browser
can read it as anything else. Whatever is odd is left to the sanitiser.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import NamedTuple

from digest.collect.allowed import ATTRIBUTES, REL, TAGS, VOID, address, is_absolute, is_pixel
from digest.collect.parse import DEPTH_LIMIT
from digest.collect.text import legal

_TAG = re.compile(r"(/?)([a-z][a-z0-9]*+)((?:\s++[a-z][a-z0-9_:.-]*+(?:=\"[^\"]*+\")?)*+)\s*+(/?)")
_ATTRIBUTE = re.compile(r"\s([a-z][a-z0-9_:.-]*+)(?:=\"([^\"]*+)\")?")
_ESCAPED = re.compile(r"(?:[^&]|&(?:amp|quot|lt|gt|nbsp|#[0-9]{1,6}|#x[0-9a-f]{1,5});)*+")
# What may stand only somewhere: elsewhere a browser moves it, or closes what is around it.
_WITHIN = {
    **dict.fromkeys(("li",), ("ul", "ol")),
    **dict.fromkeys(("dt", "dd"), ("dl",)),
    **dict.fromkeys(("tr", "td", "th", "thead", "tbody", "tfoot", "caption", "col", "colgroup"), ("table",)),
}
_APART = frozenset(
    {"p", "div", "br", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "td", "th", "table", "blockquote"}
    | {"figure", "figcaption", "hr", "dd", "dt", "dl", "caption", "pre"}
)


class _Tag(NamedTuple):
    """A tag as it may stand; `written` is None where an address in it must be resolved first.

    `space` is what stands for it among the words.
    """

    name: str
    closes: bool
    holds: bool
    around: tuple[str, ...]
    written: str | None
    attributes: tuple[tuple[str, str], ...]
    space: str


def tidy(source: str, *, base: str) -> tuple[str, str] | None:
    """The fragment cleaned, and its words with their white space as it stood; None where it is odd."""
    start, *rest = source.split("<")
    safe, words, stack = [start], [start], list[str]()
    for piece in rest:
        token, ended, text = piece.partition(">")
        tag = _tag(token) if ended else None
        if tag is None or not _follows(tag, stack):
            return None
        safe += (_opened(tag.name, tag.attributes, base) if tag.written is None else tag.written, text)
        words += (tag.space, text)
    return None if stack else ("".join(safe), html.unescape("".join(words)))


@lru_cache(maxsize=2_000)
def _tag(token: str) -> _Tag | None:
    """What a tag says that may stay; None for one that is odd."""
    found = _TAG.fullmatch(token)
    if found is None or found[2] not in TAGS:
        return None
    closing, name, written, ended = found.groups()
    if (ended and name not in VOID) or (closing and (written or name in VOID)):
        return None
    space = " " if name in _APART else ""
    if closing:
        return _Tag(name, True, True, (), f"</{name}>", (), space)
    allowed = ATTRIBUTES.get(name, frozenset()) | ATTRIBUTES["*"]
    kept = [(key, value) for key, value in _ATTRIBUTE.findall(written) if key in allowed]
    if len(dict(kept)) < len(kept) or any("&" in value and not _ESCAPED.fullmatch(value) for _, value in kept):
        return None
    attributes = tuple((key, legal(html.unescape(value)) if "&" in value else value) for key, value in kept)
    relative = any(key in ("href", "src") and not is_absolute(value) for key, value in attributes)
    written = None if relative else _opened(name, attributes, "")
    return _Tag(name, False, name not in VOID, _WITHIN.get(name, ()), written, attributes, space)


def _follows(tag: _Tag, stack: list[str]) -> bool:
    """Whether a tag may stand here; the stack of what is open is kept."""
    if tag.closes:
        return bool(stack) and stack.pop() == tag.name
    if tag.around and not any(each in stack for each in tag.around):
        return False
    if tag.name == "a" and "a" in stack:
        return False
    if tag.holds:
        stack.append(tag.name)
    return len(stack) <= DEPTH_LIMIT


def _opened(name: str, attributes: tuple[tuple[str, str], ...], base: str) -> str:
    if not attributes and name != "a":
        return "" if name == "img" else f"<{name}>"
    written = []
    for key, value in attributes:
        target = address(key, value, base) if key in ("href", "src") else value
        if target is not None:
            written.append((key, target))
    if name == "a":
        written.append(("rel", REL))
    if name == "img" and not _is_kept(dict(written)):
        return ""
    return f"<{name} {' '.join([f'{key}={_quoted(value)}' for key, value in written])}>"


def _is_kept(image: dict[str, str]) -> bool:
    return bool(image.get("src")) and not is_pixel(image.get("width", ""), image.get("height", ""))


def _quoted(value: str) -> str:
    if "&" in value or "<" in value or ">" in value or '"' in value:
        return f'"{html.escape(value, quote=False).replace(chr(34), "&quot;")}"'
    return f'"{value}"'
