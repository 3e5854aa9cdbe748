"""Text and HTML from strangers: safe, decoded once, and never slow."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.collect.clean import cleaned
from digest.collect.links import canonical_link, link_key
from digest.collect.text import html_text, is_cut, legal, shorten, teaser, title_key, title_text

ANY = st.text(max_size=300)
PIECES = [
    *("<p>", "</p>", "<div>", "</div>", "<script>", "</script>", "<!--", "-->", "<style>", "<math>", "<b", "<", ">"),
    *("<img src=x onerror=alert(1)>", "<a href='javascript:x'>", "<svg onload=x>", "<iframe src='//x'>"),
    *("&lt;", "&#60;script&#62;", '"', "'", "text"),
]
TAGGY = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def clean_html(value: str, *, base: str) -> str:
    return cleaned(legal(value), base=base).html


@pytest.mark.parametrize(
    ("value", "is_html", "title"),
    [
        ("Facts &#038; Figures &#8217;24", True, "Facts & Figures ’24"),
        ("How to write &amp;amp;", True, "How to write &amp;"),
        ("How to write &amp;", False, "How to write &amp;"),
        ("It&#8217;s &#x41;", False, "It’s A"),
        ("<em>New</em> rules", True, "New rules"),
        ("5 < 6 & 7 > 3", False, "5 < 6 & 7 > 3"),
        ("A&nbsp;B\u00a0 C", True, "A B C"),
        ("one\r\nBcc: two", False, "one Bcc: two"),
        ("[/] \x1b[31mred\x00\u202e", False, "[/] [31mred"),
        ("a\ud800b", False, "ab"),
        ("Don\x92t \x96 it\x85", False, "Don\u2019t \u2013 it\u2026"),
        ("\u200b&#8203;\u00ad \u2060", True, ""),
        ("\u0645\u06cc\u200c\u062e", True, "\u0645\u06cc\u200c\u062e"),
    ],
)
def test_titles(value: str, is_html: bool, title: str) -> None:
    """A title is decoded once to one line of text without controls."""
    assert title_text(value, is_html=is_html) == title


@given(ANY | TAGGY, st.booleans())
def test_titles_are_printable(value: str, is_html: bool) -> None:
    """Whatever comes in, a title is one line of at most 500 characters that XML can carry."""
    title = title_text(value, is_html=is_html)
    assert len(title) <= 500
    assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e]", title)
    assert title == title.strip()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("<p>The test of the standard [&hellip;]</p>", "The test of the standard…"),
        ("<p>It is over. [&#8230;]</p>", "It is over."),
        ("It is over. Read more", "It is over."),
        ('<p>Long text <a href="/x">Continue reading →</a></p>', "Long text…"),
        ("Text [...] Read More »", "Text…"),
        ("Nothing cut here", "Nothing cut here"),
        ("<ul><li>one</li><li>two</li></ul>", "one two"),
        ("<style>p{}</style>a<script>x</script>b<!-- c -->", "a b"),
    ],
)
def test_teasers(value: str, words: str) -> None:
    """A teaser is words, without the ending that only says there is more."""
    assert teaser(value) == words


@given(ANY)
def test_shorten(text: str) -> None:
    """What is shortened keeps to its limit."""
    assert len(shorten(text, 40)) <= 40


def test_cut() -> None:
    """An excerpt is known by its end."""
    assert is_cut("and so on […]")
    assert is_cut("and so on…")
    assert not is_cut("and so on.")


@settings(max_examples=150)
@given(TAGGY | ANY)
def test_html_is_safe(value: str) -> None:
    """No script, handler or foreign scheme survives, and cleaning twice changes nothing."""
    once = clean_html(value, base="https://example.org/a/")
    assert not re.search(r"<(?:script|style|iframe|svg|math|object|form)\b|<[^>]*\son\w+\s*=", once, re.IGNORECASE)
    assert not re.search(r"(?:href|src)=\"(?!https?:|mailto:)", once)
    assert clean_html(once, base="https://example.org/a/") == once


def test_addresses_become_absolute() -> None:
    """Links and pictures are resolved; counting pixels and pictures in data are dropped."""
    html = '<a href="../b">x</a><img src="c.png" alt="C"><img src="/p.gif" width="1" height="1"><img src="data:x">'
    assert clean_html(html, base="https://example.org/a/d") == (
        '<a href="https://example.org/b" rel="noopener noreferrer nofollow">x</a>'
        '<img src="https://example.org/a/c.png" alt="C">'
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 50_000,
        "<div></div " * 20_000,
        "<div><!--</div>-->" * 14_000,
        "<p>" * 80_000,
        "<a " * 80_000,
        "<!--" * 60_000,
        "<script>" * 30_000,
        "&" * 250_000,
        "<" * 250_000,
        " " * 250_000 + "x",
        "[…] " * 60_000,
        "<b>" * 80_000,
        "x" * 2_000_000,
    ],
    ids=range(13),
)
def test_never_slow(hostile: str) -> None:
    """A quarter of a megabyte of anything is dealt with in a moment."""
    started = time.process_time()
    clean_html(hostile, base="https://example.org/")
    html_text(hostile)
    teaser(hostile)
    title_text(hostile, is_html=True)
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Example.ORG:80/A/b/?utm_source=x&b=2&a=1#top", "http://example.org/A/b/?b=2&a=1"),
        ("https://user:pw@example.org", "https://example.org/"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("https://example.org:8443/a?fbclid=1", "https://example.org:8443/a"),
        ("javascript:alert(1)", ""),
        ("//example.org/a", ""),
        ("https://[::1", ""),
        ("https://Example.org./a", "https://example.org/a"),
        ("https://example.org/?p=12&mc_cid=3", "https://example.org/?p=12"),
    ],
)
def test_canonical_links(url: str, canonical: str) -> None:
    """Two spellings of an address become one; what is no address becomes nothing."""
    assert canonical_link(url) == canonical


@given(ANY | st.from_regex(r"https?://[a-z.]{1,20}(:[0-9]{1,5})?/[!-~]{0,60}", fullmatch=True))
def test_canonical_is_canonical(url: str) -> None:
    """The canonical form of a canonical link is itself, and only http(s) comes out."""
    once = canonical_link(url)
    assert canonical_link(once) == once
    assert once == "" or once.startswith(("http://", "https://"))
    assert "://" not in link_key(once)[:8]


@given(ANY)
def test_title_keys(title: str) -> None:
    """Case and white space do not tell titles apart."""
    assert title_key(f"  {title} ") == title_key(title)
