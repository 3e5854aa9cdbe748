"""A listing page, by CSS selectors -> items as read."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from digest.collect.links import absolute
from digest.collect.parse import BODY_LIMIT, Document, ReadItem
from digest.errors import ParseError


def parse_page(body: bytes, *, url: str, select: Mapping[str, str], content_type: str = "") -> Document:
    """The items that the selectors find, with the link to the next page; raises ParseError naming a selector.

    `select` has item and title, and where wanted date, summary, link, picture and next. A selector for all items that
    matches in none of them is an error: the page was redesigned, and silence would look like no news.
    """
    if len(body) > BODY_LIMIT:
        raise ParseError(f"larger than {BODY_LIMIT / 1_000_000:g} MB", about=url)
    tree = LexborHTMLParser(_decoded(body, content_type))
    nodes = _all(tree, select.get("item", ""), "item", url)
    if not nodes:
        raise ParseError(f"selector item = {select.get('item', '')!r} matches nothing", about=url)
    base = _base(tree, url)
    items = tuple(_item(node, select, base, url) for node in nodes)
    if not any(item.title for item in items):
        raise ParseError(f"selector title = {select.get('title', '')!r} matches nothing", about=url)
    if select.get("date") and not any(item.published for item in items):
        raise ParseError(f"selector date = {select['date']!r} matches nothing", about=url)
    if select.get("link") and not any(item.link for item in items):
        raise ParseError(f"selector link = {select['link']!r} matches nothing", about=url)
    untitled = sum(1 for item in items if not item.title)
    return Document(
        items=tuple(item for item in items if item.title),
        language=_language(tree),
        next_link=_next(tree, select.get("next", ""), url),
        complaints=(*_barren(items, select), *((f"{untitled} items without a title left out",) if untitled else ())),
    )


def _barren(items: Sequence[ReadItem], select: Mapping[str, str]) -> Iterator[str]:
    """What an item may do without, and yet somebody declared, and none has."""
    for key in ("summary", "picture"):
        if select.get(key) and not any(getattr(item, key) for item in items):
            yield f"selector {key} = {select[key]!r} matches nothing"


def _decoded(body: bytes, content_type: str) -> str:
    charset = content_type.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    start = body[:2048].lower()
    if not charset and b"charset=" in start:
        charset = (
            start.partition(b"charset=")[2]
            .lstrip(b"\"'")
            .split(b'"')[0]
            .split(b"'")[0]
            .split(b">")[0]
            .decode("latin-1")
        )
    try:
        return body.decode(charset.strip(" /;") or "utf-8", "replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace")


def _item(node: LexborNode, select: Mapping[str, str], base: str, url: str) -> ReadItem:
    title = _first(node, select.get("title", ""), "title", url)
    date = _first(node, select.get("date", ""), "date", url)
    summary = _first(node, select.get("summary", ""), "summary", url)
    picture = _first(node, select.get("picture", ""), "picture", url)
    return ReadItem(
        link=_link(node, title, select.get("link", ""), url),
        base=base,
        title=_text(title),
        summary=html.escape(_text(summary, gap=" ")),
        published=_date(date),
        picture=_source(picture),
        picture_alt=_attribute(picture, "alt"),
        language=_attribute(node, "lang"),
    )


def _date(node: LexborNode | None) -> str:
    return _attribute(node, "datetime") or _text(node)


def _link(node: LexborNode, title: LexborNode | None, selector: str, url: str) -> str:
    if selector:
        return _attribute(_first(node, selector, "link", url), "href")
    if title is not None and title.tag == "a":
        return _attribute(title, "href")
    inside = title.css_first("a[href]") if title is not None else None
    around = node if node.tag == "a" else None
    return _attribute(inside or around or node.css_first("a[href]"), "href")


def _source(node: LexborNode | None) -> str:
    """Where a picture is; one that is loaded late has something else in its `src` until then."""
    found = (_attribute(node, name) for name in ("src", "data-src", "data-lazy-src", "data-original"))
    return next((each for each in found if each and not each.startswith("data:")), "")


def _text(node: LexborNode | None, *, gap: str = "") -> str:
    return "" if node is None else " ".join(node.text(deep=True, separator=gap).split())


def _attribute(node: LexborNode | None, name: str) -> str:
    return "" if node is None else (node.attributes.get(name) or "").strip()


def _first(node: LexborNode, selector: str, key: str, url: str) -> LexborNode | None:
    # Selectors are looked for inside the item only; lexbor starts at the node and takes itself in.
    return next(iter(_all(node, selector, key, url)), None) if selector else None


def _all(node: LexborNode | LexborHTMLParser, selector: str, key: str, url: str) -> list[LexborNode]:
    try:
        return list(node.css(selector))
    except (SelectolaxError, ValueError) as error:
        raise ParseError(f"selector {key} = {selector!r} is not CSS: {error}", about=url) from error


def _next(tree: LexborHTMLParser, selector: str, url: str) -> str:
    if not selector:
        return ""
    found = _all(tree, selector, "next", url)
    if not found:
        return ""
    return _attribute(found[0], "href") or _attribute(found[0].css_first("a[href]"), "href")


def _language(tree: LexborHTMLParser) -> str:
    return _attribute(tree.css_first("html"), "lang")


def _base(tree: LexborHTMLParser, url: str) -> str:
    return absolute(_attribute(tree.css_first("base[href]"), "href"), url) or url


def matches(body: bytes, url: str, select: Mapping[str, str], content_type: str = "") -> dict[str, tuple[int, str]]:
    """What each selector finds: in how many items, and the first of it; `item` and `next` are counted on the page."""
    tree = LexborHTMLParser(_decoded(body, content_type))
    items = _all(tree, select["item"], "item", url)
    found: dict[str, tuple[int, str]] = {}
    for key, selector in select.items():
        if not selector:
            continue
        places = [tree] if key in ("item", "next") else items
        nodes = [node for place in places for node in _all(place, selector, key, url)[: None if key == "item" else 1]]
        found[key] = (len(nodes), _seen(key, nodes[0]) if nodes else "")
    return found


def _seen(key: str, node: LexborNode) -> str:
    if key in ("link", "next"):
        return _attribute(node, "href") or _attribute(node.css_first("a[href]"), "href")
    if key == "picture":
        return _source(node)
    return (_date(node) if key == "date" else _text(node, gap=" "))[:120]


def guess(body: bytes, url: str, content_type: str = "") -> dict[str, str]:
    """Selectors that seem to fit a page nobody has described yet; empty when none does."""
    tree = LexborHTMLParser(_decoded(body, content_type))
    best, most = {}, 1
    for item in _ITEMS:
        nodes = tree.css(item)
        for title in _TITLES:
            titled = [node for node in nodes if _first(node, title, "title", url) is not None]
            dated = sum(1 for node in titled if _first(node, _DATES, "date", url) is not None)
            # An entry with a date is worth two: menus have none.
            score = len(titled) + dated if len(nodes) < 3 * len(titled) else 0
            if score > most:
                best, most = {"item": item, "title": title, "date": _DATES if dated else ""}, score
    if best and (following := next((each for each in _NEXTS if tree.css_first(each) is not None), "")):
        best["next"] = following
    return best


_ITEMS = ("article", ".post", ".news-item", ".entry", ".card", ".teaser", ".item", "main li", "li", "tr", "section")
_TITLES = ("h2 a", "h3 a", "h4 a", "h2", "h3", ".title a", "a")
_DATES = "time, .date"
_NEXTS = ("a[rel=next]", "a.next", ".next a", ".pagination a[aria-label*=ext]")
