"""What robots.txt keeps from programs is not read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.parse.robots import forbids
from tests.sites import Route
from tests.unit.collect.conftest import House, Press

RULES = """User-agent: other
Disallow: /
user-agent: *
Disallow: /private   # a comment
Allow: /private/open
Disallow: /*.pdf$
Disallow: /a*b*c
Disallow:
Disallow: /café
User-agent: Someone
User-agent: Digest
Disallow: /not-for-us
"""


@pytest.mark.parametrize(
    ("agent", "path", "forbidden"),
    [
        ("Other", "/x", True),
        ("x", "/x", False),
        ("x", "/private/x", True),
        ("x", "/private/open/x", False),
        ("x", "/x.pdf", True),
        ("x", "/x.pdf?a", False),
        ("x", "/a1b2c3", True),
        ("x", "/abba", False),
        ("x", "/caf%C3%A9", True),
        ("Digest", "/private/x", False),
        ("Digest", "/not-for-us/x", True),
    ],
)
def test_the_longest_rule_of_the_own_group_counts(agent: str, path: str, forbidden: bool) -> None:
    """And those for all where there is no group of one's own (RFC 9309, 2.2)."""
    assert forbidden == forbids(RULES.encode(), agent, path)


@given(st.binary(max_size=400), st.text(st.characters(max_codepoint=126, min_codepoint=33), max_size=40))
def test_any_bytes_will_do(body: bytes, path: str) -> None:
    """Whatever stands there is a yes or a no; an empty file forbids nothing."""
    assert forbids(b"User-agent: *\nDisallow: /\n" + body, "Digest", f"/{path}") in (True, False)
    assert not forbids(b"", "Digest", f"/{path}")


def test_a_page_that_is_kept_from_programs(house: House, press: Press, respond: Callable[..., Route]) -> None:
    """Is not asked for, and the error says why; who has no such file, or whose owner agreed, is read."""
    source = press.sources()["page"]
    press.site.serve("/robots.txt", b"User-agent: *\nDisallow: /news")
    house.sources = {"page": source}
    assert "robots.txt keeps programs out" in house.collect()["page"].error
    assert ["/robots.txt"] == [path for path, _ in press.site.asked]
    house.sources = {"page": source | {"robots": "ignore"}}
    assert ("", 20) == ((report := house.collect()["page"]).error, report.new)
    house.sources = {"page": source}
    press.site.routes["/robots.txt"] = respond(b"", status=503)
    assert "robots.txt: answered 503" in house.collect()["page"].error
    del press.site.routes["/robots.txt"]
    assert "" == house.collect()["page"].error
