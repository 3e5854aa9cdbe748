"""WordPress' REST API -> items as read."""

from __future__ import annotations

from datetime import date
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from digest.collect.parse import Document, ReadItem
from digest.collect.parse.jsonvalues import each, facts, load, member, words
from digest.errors import ParseError

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")


def parse_posts(body: bytes, *, url: str) -> Document:
    """The posts of one page of `/wp/v2/posts?_embed`; raises ParseError when it is anything else."""
    if body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise ParseError("an HTML page, not the REST API", about=url)
    posts = load(body, url=url)
    if not isinstance(posts, list):
        raise ParseError(f"not a list of posts: {words(member(posts, 'message'))[:200]}", about=url)
    return Document(items=tuple(_post(post, url) for post in posts if isinstance(post, dict)))


def offered(page: bytes) -> list[tuple[str, str]]:
    """Every feed and API that a page names, in its order: (`feed` or `api`, address as written)."""
    found: list[tuple[str, str]] = []
    for node in LexborHTMLParser(page.decode("utf-8", "replace")).css("link[href]"):
        link = {name: value or "" for name, value in node.attributes.items()}
        relation, address = link.get("rel", "").lower().split(), link["href"].strip()
        media_type = link.get("type", "").partition(";")[0].strip().lower()
        if "alternate" in relation and media_type in _FEED_TYPES and "comments" not in address:
            found.append(("feed", address))
        if "https://api.w.org/" in relation:
            found.append(("api", address))
    return found


def _post(post: dict[str, Any], url: str) -> ReadItem:
    local = words(post.get("date"))
    gmt = words(post.get("date_gmt"))
    modified = words(post.get("modified_gmt"))
    picture, alt = _picture(post)
    meta = post.get("meta")
    return ReadItem(
        guid=words(member(post, "guid", "rendered")).replace("&#038;", "&"),
        aliases=tuple(f"wp:{number}" for number in (words(post.get("id")),) if number),
        link=words(post.get("link")),
        base=words(post.get("link")) or url,
        title=words(member(post, "title", "rendered")),
        title_is_html=True,
        summary=words(member(post, "excerpt", "rendered")),
        content=words(member(post, "content", "rendered")),
        published=_utc(gmt) or local,
        published_on=_day(local),
        updated=_utc(modified) or words(post.get("modified")),
        language=words(post.get("lang")) or words(post.get("wpml_current_locale")) or words(post.get("locale")),
        translation_of=words(member(meta, "translation_of")),
        translations=_translations(post),
        categories=_terms(post),
        authors=tuple(
            name for author in each(member(post, "_embedded", "author")) if (name := words(member(author, "name")))
        ),
        picture=picture,
        picture_alt=alt,
        facts=facts(meta),
    )


def _utc(gmt: str) -> str:
    return f"{gmt}Z" if gmt and not gmt.startswith("0000") and not gmt.endswith("Z") else ""


def _day(local: str) -> date | None:
    try:
        return date.fromisoformat(local[:10])
    except ValueError:
        return None


def _terms(post: dict[str, Any]) -> tuple[str, ...]:
    groups = each(member(post, "_embedded", "wp:term"))
    terms = [term for group in groups for term in each(group)]
    named = [words(member(term, "name")) for term in terms if words(member(term, "taxonomy")) in ("category", "")]
    return tuple(name for name in named if name and name.lower() != "uncategorized")


def _picture(post: dict[str, Any]) -> tuple[str, str]:
    for media in each(member(post, "_embedded", "wp:featuredmedia")):
        if words(member(media, "source_url")):
            return words(member(media, "source_url")), words(member(media, "alt_text"))
    direct = words(post.get("jetpack_featured_media_url"))
    return direct, ""


def _translations(post: dict[str, Any]) -> tuple[str, ...]:
    """Polylang's map of language to post, or WPML's list: a number, or a link, whichever the site's version gives."""
    found = post.get("translations") or post.get("wpml_translations")
    values = list(found.values()) if isinstance(found, dict) else list(each(found))
    own = words(post.get("id"))
    named = [name for value in values for name in _named(value) if name != own]
    return tuple(f"wp:{name}" if name.isdigit() else name for name in named)


def _named(value: Any) -> tuple[str, ...]:
    said = (words(member(value, key)) for key in ("id", "link", "href"))
    return tuple(filter(None, said)) or tuple(filter(None, (words(value),)))
