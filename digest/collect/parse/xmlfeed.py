"""A well-formed RSS or Atom tree -> items as read."""

from __future__ import annotations

import html
from collections.abc import Iterable

from lxml import etree

from digest.collect.links import absolute
from digest.collect.parse import Document, ReadItem
from digest.collect.parse.elements import Children, Element, all_text, local_name
from digest.errors import ParseError
from digest.model.announcements import Enclosure

_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_DC = "http://purl.org/dc/elements/1.1/"
_MEDIA = "http://search.yahoo.com/mrss/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SY = "http://purl.org/rss/1.0/modules/syndication/"
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_ATOM = "http://www.w3.org/2005/Atom"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10080, "monthly": 43200, "yearly": 525600}


def read_tree(root: Element, *, url: str) -> Document:
    """The items of a parsed feed, whatever its dialect; raises ParseError when it is no feed."""
    kind = local_name(root).lower()
    if kind == "feed":
        entries = [each for each in root if local_name(each) == "entry"]
        items = tuple(_atom_item(each, url) for each in entries)
        deleted = tuple(each.get("ref", "").strip() for each in root.findall(f"{{{_TOMBSTONES}}}deleted-entry"))
        return Document(items=items, language=root.get(f"{_XML}lang", ""), deleted=tuple(filter(None, deleted)))
    if kind not in ("rss", "rdf"):
        raise ParseError(f"its root is <{kind[:40]}>, not a feed's", about=url)
    channel = next((each for each in root if local_name(each) == "channel"), None)
    if channel is None:
        raise ParseError("a feed without a channel", about=url)
    found = [each for parent in (channel, root) for each in parent if local_name(each) == "item"]
    about = Children(channel)
    language = about.text("language") or about.text("language", _DC)
    items = tuple(_rss_item(each, url) for each in found)
    return Document(items=items, language=language, minutes=_minutes(about))


def _base(element: Element, url: str) -> str:
    # Without one, the address the document came from.
    return _own_base(element, url) or url


def _own_base(element: Element, url: str) -> str:
    """What `xml:base` says, nested; empty where none is there, or one that cannot be."""
    return absolute(str(element.base), url) if element.base else ""


def _minutes(channel: Children) -> int:
    ttl = channel.text("ttl")
    if ttl.isascii() and ttl.isdigit():
        return min(int(ttl[:6]), 1440)
    period = _PERIODS.get(channel.text("updatePeriod", _SY), 0)
    frequency = channel.text("updateFrequency", _SY)
    times = int(frequency[:6]) if frequency.isascii() and frequency.isdigit() else 1
    return min(period // max(times, 1), 1440)


def _rss_item(item: Element, url: str) -> ReadItem:
    said = Children(item)
    title = said.first("title")
    guid = said.first("guid")
    ident = "" if guid is None else all_text(guid)
    pages = _pages(said.all("link", _ATOM))
    about = item.get(f"{{{_RDF}}}about", "")
    link = said.text("link") or (pages[0].get("href", "") if pages else "") or about
    permalink = guid is not None and guid.get("isPermaLink", "true").lower() != "false"
    if not link and permalink and ident.startswith(("http://", "https://")):
        link = ident
    picture, alt = _picture(item, said.all("enclosure"))
    return ReadItem(
        guid=ident or about,
        link=link,
        base=_base(item, url),
        text_base=_own_base(item, url),
        title="" if title is None else all_text(title),
        title_is_html=title is not None and _is_cdata(title),
        summary=said.text("description"),
        content=said.text("encoded", _CONTENT),
        published=said.text("pubDate") or said.text("date", _DC),
        updated=said.text("updated", _ATOM),
        translations=_elsewhere(pages, link),
        language=said.text("language", _DC) or item.get(f"{_XML}lang", ""),
        categories=tuple(map(all_text, said.all("category"))),
        authors=tuple(map(all_text, said.all("creator", _DC) or said.all("author"))),
        picture=picture,
        picture_alt=alt,
        enclosures=tuple(_enclosure(each, "url") for each in said.all("enclosure") if each.get("url")),
    )


def _is_cdata(element: Element) -> bool:
    # Only what holds a sign that would be escaped elsewhere can tell.
    text = element.text or ""
    return ("&" in text or "<" in text) and "<![CDATA[" in etree.tostring(element, encoding="unicode", with_tail=False)


def _enclosure(element: Element, attribute: str) -> Enclosure:
    length = element.get("length", "")
    return Enclosure(
        url=element.get(attribute, ""),
        type=element.get("type") or "application/octet-stream",
        length=int(length[:15]) if length.isascii() and length.isdigit() else 0,
    )


def _picture(item: Element, enclosures: Iterable[Element]) -> tuple[str, str]:
    for each in item.iter(f"{{{_MEDIA}}}content", f"{{{_MEDIA}}}thumbnail"):
        kind = each.get("medium") or each.get("type") or "image"
        if each.get("url") and kind.startswith("image"):
            about = Children(each)
            return each.get("url", ""), about.text("description", _MEDIA) or about.text("title", _MEDIA)
    for each in enclosures:
        if each.get("type", "").startswith("image/"):
            return each.get("url", ""), ""
    return "", ""


def _atom_item(entry: Element, url: str) -> ReadItem:
    title, is_html = _atom_title(entry)
    published = next((found for name in ("published", "issued", "created") if (found := _atom_text(entry, name))), "")
    updated = _atom_text(entry, "updated") or _atom_text(entry, "modified")
    picture, alt = _picture(entry, ())
    languages = entry.xpath("ancestor-or-self::*/@xml:lang")
    language = str(languages[-1]) if languages else ""
    pages = _pages(_links(entry, "alternate"), language)
    link = pages[0].get("href", "") if pages else ""
    body = next((each for name in ("content", "summary") if (each := _atom_child(entry, name)) is not None), entry)
    terms = [each.get("label") or each.get("term") or "" for each in entry if local_name(each) == "category"]
    return ReadItem(
        guid=_atom_text(entry, "id"),
        link=link,
        base=_base(entry, url),
        text_base=_own_base(body, url),
        title=title,
        title_is_html=is_html,
        summary=_atom_html(entry, "summary"),
        content=_atom_html(entry, "content"),
        published=published or updated,
        updated=updated,
        language=language or (pages[0].get("hreflang", "") if pages else ""),
        translations=_elsewhere(pages, link),
        categories=tuple(terms),
        authors=tuple(_atom_text(each, "name") for each in entry if local_name(each) == "author"),
        picture=picture,
        picture_alt=alt,
        enclosures=tuple(_enclosure(each, "href") for each in _links(entry, "enclosure")),
    )


def _atom_child(entry: Element, name: str) -> Element | None:
    return next(
        (each for each in entry if local_name(each) == name and etree.QName(each).namespace not in (_MEDIA, _DC)), None
    )


def _atom_text(entry: Element, name: str) -> str:
    child = _atom_child(entry, name)
    return "" if child is None else all_text(child)


def _atom_title(entry: Element) -> tuple[str, bool]:
    child = _atom_child(entry, "title")
    if child is None:
        return "", False
    kind = child.get("type", "text")
    return all_text(child), kind in ("html", "text/html") or child.get("mode") == "escaped"


def _atom_html(entry: Element, name: str) -> str:
    child = _atom_child(entry, name)
    if child is None:
        return ""
    kind = child.get("type", "text")
    if kind in ("xhtml", "application/xhtml+xml"):
        return _inner(child)
    if kind in ("html", "text/html"):
        return all_text(child)
    return html.escape(all_text(child)) if kind in ("text", "text/plain") else ""


def _inner(element: Element) -> str:
    for each in element.iter():
        each.tag = local_name(each)
    parts = [html.escape(element.text or "")]
    parts.extend(etree.tostring(child, encoding="unicode", method="html") for child in element)
    return "".join(parts)


def _links(entry: Element, relation: str) -> list[Element]:
    links = (each for each in entry if local_name(each) == "link" and each.get("href"))
    return [each for each in links if each.get("rel", "alternate") == relation]


def _pages(links: list[Element], language: str = "") -> list[Element]:
    """The links to where an entry can be read, best first: pages, and of these the one in its own language."""
    links = [each for each in links if each.get("rel", "alternate") == "alternate" and each.get("href")]
    pages = [each for each in links if each.get("type", "text/html") in ("text/html", "application/xhtml+xml")]
    return sorted(pages or links, key=lambda each: not _speaks(each.get("hreflang", ""), language))


def _speaks(one: str, other: str) -> bool:
    return not one or not other or one.lower().partition("-")[0] == other.lower().partition("-")[0]


def _elsewhere(pages: list[Element], link: str) -> tuple[str, ...]:
    """The same in other languages: what else is linked to with a language of its own."""
    own = next((each.get("hreflang", "") for each in pages if each.get("href") == link), "")
    others = (each for each in pages if each.get("hreflang") and each.get("hreflang") != own)
    return tuple(each.get("href", "") for each in others if each.get("href") != link)
