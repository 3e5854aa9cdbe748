"""Whatever stands in an announcement, the documents stay well-formed and their addresses harmless."""

from __future__ import annotations

from datetime import UTC, datetime

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.feeds.entries import Entry, channel, entry
from digest.feeds.jsonfeed import jsonfeed
from digest.feeds.printable import grown, href, instant, line
from digest.feeds.xml import atom, rss
from digest.model.announcements import Announcement, Enclosure, Picture, Version
from digest.settings import Feed, Site

from . import rules

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
SITE = Site(title="Metals \x00News ]]>", url="https://news.example.org")
FEED = Feed(slug="news", title="<b>&amp;\ud800")

nasty = st.sampled_from(
    [
        "\x00",
        "\x0b",
        "\ud800",
        "\udfff",
        "\ufffe",
        "\uffff",
        "]]>",
        "<!--",
        "&amp;",
        "&nope;",
        "&#0;",
        "<![CDATA[",
        "\r",
        "\x85",
        "<",
        '"',
    ]
)
hostile = st.lists(nasty | st.text(alphabet=st.characters(exclude_categories=())), max_size=8).map("".join)
address = hostile | hostile.map("https://example.org/{}".format) | hostile.map("http://{}/".format)
moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def announcements(draw: st.DrawFn) -> Announcement:
    number = draw(st.integers(min_value=0, max_value=2**60))
    version = Version(
        language=draw(st.sampled_from(["", "en", "pt-br"]) | hostile),
        source="news",
        link=draw(address),
        title=draw(hostile),
        summary=draw(hostile),
        content=draw(hostile),
        categories=tuple(draw(st.lists(hostile, max_size=2))),
        authors=tuple(draw(st.lists(hostile, max_size=2))),
        picture=draw(st.none() | st.builds(Picture, url=address, width=st.integers(-1, 9))),
        enclosures=tuple(
            draw(st.lists(st.builds(Enclosure, url=address, type=hostile, length=st.integers(-1, 9)), max_size=2))
        ),
        updated_at=draw(moments),
        fingerprint="",
    )
    return Announcement(
        id=number,
        public_id=f"tag:news.example.org,2026:announcement/{number:032x}",
        seq=number,
        effective_at=draw(moments),
        first_seen_at=WHEN,
        updated_at=WHEN,
        versions=(version,),
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(announcements(), max_size=3, unique_by=lambda each: each.public_id))
def test_no_content_breaks_a_document(found: list[Announcement]) -> None:
    """Every document is valid by the rules and holds every entry, with an absolute link and the title as it was."""
    top = channel(FEED, SITE, host="news.example.org")
    entries = [entry(each, FEED, SITE) for each in found]
    tree, items = rules.atom(atom(top, entries)), rules.rss(rss(top, entries)).findall("item")
    titles = [each.title for each in entries]
    assert [each.findtext("{*}title") for each in tree.findall("{*}entry")] == titles
    assert [each.findtext("title") for each in items] == titles
    assert [each["title"] for each in rules.jsonfeed(jsonfeed(top, entries))["items"]] == titles
    assert all(_is_web(each.get("href")) for each in tree.iter("{*}link"))
    assert all(_is_web(each.findtext("link")) for each in items)


@settings(max_examples=200, deadline=None)
@given(address)
def test_an_address_is_web_ascii_and_stays_as_it_is(url: str) -> None:
    """What is printed as a link needs no further cleaning; what is no web address is dropped."""
    made = href(url)
    assert made == "" or _is_web(made)
    assert href(made) == made


@given(moments, st.none() | moments)
def test_time_only_grows(moment: datetime, previous: datetime | None) -> None:
    """In whole seconds, and each change later than the last."""
    later = grown(moment, previous)
    assert later.microsecond == 0
    assert later >= instant(moment)
    assert previous is None or later > instant(previous)


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("https://example.org/a b?q=ä&x=%zz#é", "https://example.org/a%20b?q=%C3%A4&x=%25zz#%C3%A9"),
        ("https://exämple.org/", "https://xn--exmple-cua.org/"),
        ("http://user:pass@EXAMPLE.org:8080/%7Ea", "http://example.org:8080/%7Ea"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("HTTPS://example.org", "https://example.org"),
        ("javascript:alert(1)", ""),
        ("//example.org/x", ""),
        ("/relative", ""),
        ("http://exa mple.org/", ""),
        ("http://[broken/", ""),
        ("https://example.org:99999/", ""),
    ],
)
def test_addresses(url: str, printed: str) -> None:
    """Absolute http and https only, in ASCII, without a password."""
    assert href(url) == printed


def test_a_reader_sees_the_text_and_no_tag() -> None:
    """A title with markup in it is shown as it was written."""
    title = "<script>alert(1)</script> & [/] \x1b[31m\r\nBcc: x"
    made = Entry(
        id="tag:x,2026:1", title=line(title), link="https://example.org/", language="en", summary="", content="",
        published=WHEN, updated=WHEN, categories=(), authors=(), picture=None, enclosures=(),
    )  # fmt: skip
    found = feedparser.parse(atom(channel(FEED, SITE, host="x"), [made]), sanitize_html=False).entries[0]
    assert found.title == "<script>alert(1)</script> & [/] [31m Bcc: x"


def _is_web(url: str) -> bool:
    return url.isascii() and url.startswith(("http://", "https://")) and not set(url) & set(' <>"\\^`{|}\n\t')
