"""Feeds of every dialect and in every state: read, or refused in words, never a surprise."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.collect.links import absolute
from digest.collect.parse import Document, ReadItem
from digest.collect.parse.feed import parse_feed
from digest.collect.parse.page import parse_page
from digest.collect.parse.wordpress import offered, parse_posts
from digest.errors import ParseError

URL = "https://example.org/feed"
RSS1 = b"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>T</title>
</channel><item rdf:about="https://example.org/1"><title>One</title><link>https://example.org/1</link>
<dc:date>2024-05-06T07:08:09Z</dc:date><dc:creator>Ann</dc:creator></item></rdf:RDF>"""
RSS091 = b"""<rss version="0.91"><channel><title>T</title><language>es</language><ttl>90</ttl><item><title>One</title>
<link>https://example.org/1</link><description>Words</description></item></channel></rss>"""
RSS2 = b"""<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>T</title><link>https://example.org</link><item><title><![CDATA[A &amp; B]]></title><guid>https://example.org/1</guid>
<pubDate>Mon, 06 May 2024 07:08:09 GMT</pubDate><description>Short</description>
<content:encoded><![CDATA[<p>Long</p>]]></content:encoded>
<category>News</category><media:content url="/p.png" medium="image"><media:title>Alt</media:title></media:content>
<enclosure url="/a.mp3" type="audio/mpeg" length="12"/></item></channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xml:base="https://example.org/base/"><title>T</title>
<entry xml:lang="es"><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <b>bold</b> title</div></title>
<id>urn:1</id><link rel="enclosure" href="a.pdf" type="application/pdf"/><link href="one"/>
<updated>2024-05-06T07:08:09Z</updated>
<content type="xhtml"><x:div xmlns:x="http://www.w3.org/1999/xhtml"><x:p>Hi<x:br/>you</x:p></x:div></content>
<category term="c" label="Label"/><author><name>Ann</name></author></entry></feed>"""


def parse(body: bytes, **options: Any) -> Document:
    return parse_feed(body, url=URL, **options)


def test_rss_1() -> None:
    """RSS 1.0: items beside the channel, Dublin Core."""
    (item,) = parse(RSS1).items
    assert (item.title, item.link, item.published, item.authors) == (
        "One",
        "https://example.org/1",
        "2024-05-06T07:08:09Z",
        ("Ann",),
    )


def test_rss_091() -> None:
    """RSS 0.91: no guid, no date; the feed's language and its wish for peace are told."""
    found = parse(RSS091)
    assert (found.language, found.minutes, found.items[0].summary, found.items[0].guid) == ("es", 90, "Words", "")


def test_rss_2() -> None:
    """RSS 2.0 with its extensions: a CDATA title is HTML, a permalink guid is a link."""
    (item,) = parse(RSS2).items
    assert (item.title, item.title_is_html, item.link) == ("A &amp; B", True, "https://example.org/1")
    assert (item.content, item.summary, item.categories) == ("<p>Long</p>", "Short", ("News",))
    assert (item.picture, item.picture_alt, item.enclosures[0].length) == ("/p.png", "Alt", 12)


def test_atom() -> None:
    """Atom: XHTML becomes HTML, relative addresses have their base, languages nest."""
    (item,) = parse(ATOM).items
    assert (item.title, item.link, item.base, item.language) == (
        "A bold title",
        "one",
        "https://example.org/base/",
        "es",
    )
    assert "<p>Hi<br>you</p>" in item.content
    assert (item.categories, item.authors, item.published) == (("Label",), ("Ann",), "2024-05-06T07:08:09Z")


@pytest.mark.parametrize("sign", ["", "Fish & chips"])
def test_a_text_with_a_base_of_its_own(sign: str) -> None:
    """`xml:base` of a text is told beside its entry's, and is relative to that."""
    entry = '<entry xml:base="e/"><id>1</id><title>T</title><content type="html" xml:base="c/">x</content></entry>'
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/f/"><title>{sign}</title>{entry}</feed>'
    (item,) = parse(feed.encode()).items
    assert (item.base, item.text_base) == ("https://example.org/f/e/", "https://example.org/f/e/c/")
    assert [item.text_base for item in parse(RSS091).items] == [""]


def test_one_address_that_is_none_loses_nothing_else() -> None:
    """An `xml:base` that cannot be one is as good as none, and its neighbours are read."""
    bad, good = parse(
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry xml:base='http://[x'><title>A</title></entry>"
        b"<entry><title>B</title></entry></feed>"
    ).items
    assert (bad.title, bad.base, good.title) == ("A", URL, "B")


@pytest.mark.parametrize(
    "body",
    [
        RSS091.replace(b"Words", b"Fish & chips"),
        RSS091.replace(b"Words", b"a&nbsp;b"),
        RSS091.replace(b"Words", b"caf\xe9"),
        RSS091.replace(b"Words", b"\x0b"),
        RSS091.replace(b"Words", b"&#xD800; &#55296;"),
        RSS091.replace(b"<rss", b"<rss xmlns:a='b'").replace(b"Words", b"<c:d>x</c:d>"),
        b"\n\n<?xml version='1.0'?>" + RSS091,
        b"<?xml version='1.0' encoding='nonsense'?>" + RSS091,
        b"<br />\n<b>Notice</b>: Undefined index in /plugin.php<br />\n" + RSS091,
        RSS091 + b"<script>console.log('analytics')</script>",
    ],
)
def test_odd_feeds_are_read(body: bytes) -> None:
    """A stray sign, an unknown entity, bad bytes, a late declaration, a plugin's words: odd, and still read."""
    assert [item.title for item in parse(body).items] == ["One"]


def _faces(item: ReadItem) -> tuple[str, ...]:
    return item.guid, item.link and absolute(item.link, item.base), item.base, item.text_base, item.picture


@pytest.mark.parametrize("guid", ["<guid>5</guid>", "<guid isPermaLink='true'>/5</guid>", "<guid>tag:x,2024:5</guid>"])
def test_an_odd_feed_is_the_same_feed(guid: str) -> None:
    """One stray sign changes neither what an item is called, nor where it leads, nor its picture."""
    feed = RSS091.replace(b"<rss", b"<rss xmlns:media='http://search.yahoo.com/mrss/'")
    for link in (b"", b"<link>/one</link>"):
        more = guid.encode() + b"<media:content url='/p.png' medium='image'/>"
        whole = feed.replace(b"<link>https://example.org/1</link>", link + more)
        plain, odd = parse(whole), parse(whole.replace(b"Words", b"Words & signs"))
        assert list(map(_faces, odd.items)) == list(map(_faces, plain.items))
        assert (odd.minutes, odd.language) == (plain.minutes, plain.language)


def test_entities_of_a_document_type_are_decoded() -> None:
    """RSS 0.91 names a DTD that defines HTML's entities; it is not fetched, and they are known all the same."""
    named = b'<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://example.org/rss-0.91.dtd">'
    assert parse(named + RSS091.replace(b"One", b"Caf&eacute;")).items[0].title == "Caf\u00e9"


@pytest.mark.parametrize("encoding", ["utf-16", "shift_jis", "iso-8859-1"])
def test_encodings(encoding: str) -> None:
    """A document says its encoding, or the header does."""
    title = "日本" if encoding != "iso-8859-1" else "café"
    body = RSS091.decode().replace("One", title).encode(encoding)
    assert parse(body, content_type=f"text/xml; charset={encoding}").items[0].title == title


def test_a_servers_default_charset_is_no_truth() -> None:
    """What is UTF-8 and says nothing is read as that, whatever charset the server puts on everything."""
    body = RSS091.decode().replace("One", "caf\u00e9").encode()
    assert parse(body, content_type="text/xml; charset=ISO-8859-1").items[0].title == "caf\u00e9"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html></html>", "HTML page"),
        (b"<html><body><p>x</body></html>", "HTML page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a feed"),
        (RSS091[:-20], "broken XML"),
        (b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel/></rss>', "entities"),
        ('<!DOCTYPE r [<!ENTITY x "y">]><rss/>'.encode("utf-16"), "entities"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": {}}', "not a JSON Feed"),
        (b"{" + b'"a":{' * 50_000, "not JSON"),
        (b"plain words", "XML"),
        (b"\x89PNG\r\n\x1a\n", "not XML|broken"),
        (b"<rss " + b"a='' " * 20_000 + b"/>", "tag longer"),
        (b"<rss>" + b"<a>" * 5_000, "not XML|broken"),
    ],
    ids=range(13),
)
def test_refusals_are_in_words(body: bytes, words: str) -> None:
    """What is no feed is refused, and the words say what it is."""
    with pytest.raises(ParseError, match=words):
        parse(body)


SPLINTERS = [b"&#1114112;", b"&#xD800;", b"]]>", b"<![CDATA[", b"<item>", b"</item>", b"\0", b"&x;", b" xml:base='//['"]
CHANGES = st.lists(st.tuples(st.integers(0, 1200), st.binary(max_size=6) | st.sampled_from(SPLINTERS)), max_size=4)


@settings(max_examples=250)
@given(st.sampled_from([RSS1, RSS091, RSS2, ATOM]), CHANGES)
def test_mutants_never_surprise(body: bytes, changes: list[tuple[int, bytes]]) -> None:
    """Whatever becomes of a feed's bytes, it is read or refused."""
    for at, piece in changes:
        body = body[:at] + piece + body[at + 1 :]
    with suppress(ParseError):
        parse(body)


KEYS = [
    *("id", "title", "rendered", "date", "link", "_embedded", "wp:term", "name", "meta", "figures", "value", "share"),
    *("deadline", "translations", "guid", "authors", "attachments", "url"),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@given(st.lists(VALUES, max_size=3))
def test_json_never_surprises(values: list[Any]) -> None:
    """Values of any type where others are meant give items or nothing."""
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": values}
    parse(json.dumps(feed).encode())
    parse_posts(json.dumps(values).encode(), url=URL)


def test_marks_before_json() -> None:
    """However many files of a program put a byte order mark before what they send."""
    assert len(parse_posts(b"\xef\xbb\xbf\n\xef\xbb\xbf" + json.dumps([{"id": 1}]).encode(), url=URL).items) == 1


@given(st.binary(max_size=300))
def test_pages_never_surprise(body: bytes) -> None:
    """A listing page of any bytes is read or refused; so is what a front page says of its feed."""
    offered(body)
    with suppress(ParseError):
        parse_page(body, url=URL, select={"item": "p", "title": "a", "date": "b"})


@pytest.mark.parametrize(
    "link",
    [
        "<link rel=alternate type=application/rss+xml href=/feed/>",
        "<LINK HREF='/feed/' TYPE='application/rss+xml; charset=utf-8' REL='home Alternate'>",
        '<link title="News > all" rel="alternate" type="application/rss+xml" href="/feed/">',
    ],
)
def test_however_a_page_writes_that_it_has_a_feed(link: str) -> None:
    """Without quotes, in capitals, with a sign in the title: it is HTML, and what is commented out is not there."""
    old = "<!-- <link rel=alternate type=application/rss+xml href=/old/> -->"
    said = f"{old}{link}<link rel=alternate hreflang=es href=/es>"
    assert offered(said.encode()) == [("feed", "/feed/")]


@pytest.mark.parametrize(
    "source", ['src="/p.png"', 'src="data:image/gif;base64,R0" data-src="/p.png"', 'data-lazy-src="/p.png"']
)
def test_a_picture_that_is_loaded_late(source: str) -> None:
    """What stands in for a picture until a script brings it is not the picture."""
    body = f"<article><h2>T</h2><img {source}></article>".encode()
    (item,) = parse_page(body, url=URL, select={"item": "article", "title": "h2", "picture": "img"}).items
    assert item.picture == "/p.png"


def test_a_bad_selector_is_named() -> None:
    """A selector that is not CSS names its key."""
    with pytest.raises(ParseError, match="selector item"):
        parse_page(b"<p>x</p>", url=URL, select={"item": "p[[", "title": "a"})
