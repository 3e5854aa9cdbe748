"""The quick way of cleaning is no laxer than the sanitiser."""

from __future__ import annotations

import html
import re

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.allowed import ATTRIBUTES, SCHEMES, TAGS
from digest.collect.clean import cleaned
from digest.collect.tidy import tidy

BASE = "https://example.org/a/"
NAMES = [
    "p",
    "div",
    "a",
    "b",
    "em",
    "ul",
    "li",
    "table",
    "tr",
    "td",
    "h2",
    "span",
    "blockquote",
    "script",
    "svg",
    "form",
]
VALUES = [
    "https://example.org/x",
    "../y",
    "javascript:alert(1)",
    "&#106;avascript:x",
    "data:x",
    "1",
    "a &amp; b",
    "a&b",
]
ATTRIBUTE = st.tuples(
    st.sampled_from(["href", "src", "title", "lang", "onclick", "style", "class", "width"]), st.sampled_from(VALUES)
)
WORDS = st.text(st.sampled_from("abc &;#1<>\"'/=\x00\x1b\u202e\u00a0\n"), max_size=12)


def element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    tag = st.tuples(st.sampled_from(NAMES), st.lists(ATTRIBUTE, max_size=3), st.lists(children, max_size=3))
    return tag.map(lambda each: f"<{each[0]}{written(each[1])}>{''.join(each[2])}</{each[0]}>")


def written(attributes: list[tuple[str, str]]) -> str:
    return "".join(f' {name}="{value}"' for name, value in attributes)


PICTURE = st.lists(ATTRIBUTE, max_size=4).map(lambda each: f"<img{written(each)} />")
FRAGMENT = st.lists(st.recursive(WORDS | PICTURE | st.just("<br>"), element, max_leaves=8), max_size=4).map("".join)


def sanitised(value: str) -> str:
    return nh3.clean(value, tags=set(TAGS), attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=None)


@given(FRAGMENT)
def test_the_sanitiser_would_take_nothing_out(fragment: str) -> None:
    """Whatever goes the quick way holds no tag, attribute or address that the sanitiser would drop."""
    quick = tidy(fragment, base=BASE)
    if quick is None:
        return
    allowed = {tag: {*names, "rel"} if tag == "a" else names for tag, names in ATTRIBUTES.items()}
    kept = nh3.clean(quick[0], tags=set(TAGS), attributes=allowed, url_schemes=SCHEMES, link_rel=None)
    tags = re.compile(r'<[^<>"]*(?:"[^"]*"[^<>"]*)*>')
    assert set(tags.findall(quick[0])) <= {*tags.findall(kept), "</p>", "</br>"} | set(tags.findall(sanitised(kept)))
    assert not re.search(r"(?:href|src)=\"(?!https?:|mailto:)|\son\w+=|style=", quick[0])


@given(FRAGMENT)
def test_tags_are_closed_in_order(fragment: str) -> None:
    """What goes the quick way cannot close what it is put into."""
    quick = tidy(fragment, base=BASE)
    stack: list[str] = []
    for closing, name in re.findall(r"<(/?)([a-z0-9]+)", quick[0] if quick else ""):
        if closing:
            assert stack.pop() == name
        elif name not in ("img", "br"):
            stack.append(name)
    assert stack == []


@given(FRAGMENT)
def test_words_are_all_the_words(fragment: str) -> None:
    """Both ways find the same words, white space aside."""
    quick = tidy(fragment, base=BASE)
    if quick is not None and "\x00" not in fragment:
        slow = html.unescape(re.sub(r"<[^<>]*>", "", sanitised(fragment)))
        assert "".join(quick[1].split()) == "".join(slow.split())


@pytest.mark.parametrize(
    "odd",
    [
        "<p>a", "a</p>", "<p><b></p></b>", "<P>a</P>", "<p class=x>a</p>", "<a href='x'>a</a>", "a < b",
        "<script>x</script>", "<div>" * 300 + "</div>" * 300,
        "<li>a</li>", "<td>a</td>", "<a href=\"x\"><a href=\"y\">a</a></a>", "<svg><p>a</p></svg>", "<p/>",
        "<!-- x -->",
        '<a title="a>b">x</a>', '<a href="?a=1&copy=2">x</a>', '<p lang="a" lang="b">x</p>',
    ],
)  # fmt: skip
def test_what_is_odd_is_left_to_the_sanitiser(odd: str) -> None:
    """Unclosed, crossed, misplaced, unquoted or foreign: not this way."""
    assert tidy(odd, base=BASE) is None


def test_plain_html_goes_the_quick_way() -> None:
    """What WordPress writes comes out with its words, absolute and bare of all that is not listed."""
    source = (
        '<p class="x" style="color:red">Zinc &#038; <strong>tin</strong></p>\n<figure id="f"><img decoding="async" '
        'src="/a.png" alt="A &quot;B&quot;" srcset="x"/></figure><p><a href="b?c=1&amp;d=2" target="_blank">'
        "more</a></p>"
    )
    safe, words = tidy(source, base=BASE) or ("", "")
    assert safe == (
        '<p>Zinc &#038; <strong>tin</strong></p>\n<figure><img src="https://example.org/a.png" '
        'alt="A &quot;B&quot;"></figure><p><a href="https://example.org/a/b?c=1&amp;d=2" '
        'rel="noopener noreferrer nofollow">more</a></p>'
    )
    assert cleaned(source, base=BASE).words == "Zinc & tin more" == " ".join(words.split())
