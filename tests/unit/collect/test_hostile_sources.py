"""Whatever a source sends: no crash, nothing past its time, nothing unsafe kept, and the others unharmed."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from tests.sites import Route, Site, answer
from tests.unit.collect.conftest import House, Press

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>x</a><svg/onload=alert(1)>"
GOOD = b"<rss version='2.0'><channel><title>x</title><item><title>Good</title><guid>g</guid></item></channel></rss>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
FIELD = "<title>A</title><guid>1</guid><description>{}</description>"


def rss(item: str, *, before: str = "") -> bytes:
    return f'<?xml version="1.0"?>{before}<rss version="2.0"><channel><item>{item}</item></channel></rss>'.encode()


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/xml")
    handler.end_headers()
    for _ in range(60):
        handler.wfile.write(b"<rss>")
        handler.wfile.flush()
        time.sleep(0.1)
    handler.close_connection = True


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"<item><title>more</title></item>" * 4096)


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)
    handler.close_connection = True


HOSTILE: dict[str, Route] = {
    "billion laughs": answer(rss("<title>&l9;</title>", before=f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]>')),
    "a file by XXE": answer(rss("<title>&x;</title>", before='<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>')),
    "an address by XXE": answer(rss("", before='<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">')),
    "400 KB of attributes": answer(rss("<x " + " ".join(f'a{n}="1"' for n in range(40_000)) + "/>")),
    "the same, and odd": answer(rss("<title>A & B</title><x " + " ".join(f'a{n}="1"' for n in range(40_000)) + "/>")),
    "nested elements": answer(rss("<a>" * 100_000)),
    "nested divs": answer(rss(FIELD.format("&lt;div&gt;" * 100_000))),
    "nested JSON": answer(b"[" * 100_000),
    "a long number": answer(b'{"version": "https://jsonfeed.org/version/1", "items": [' + b"9" * 10_000 + b"]}"),
    "a gzip bomb": answer(gzip.compress(bytes(100_000_000), 9), Content_Encoding="gzip"),
    "gzip in gzip": answer(gzip.compress(gzip.compress(bytes(50_000_000))), Content_Encoding="gzip, gzip"),
    "an endless body": endless,
    "a dripping body": drip,
    "nobody speaks": silent,
    "a ring": answer(b"", status=302, Location="/it"),
    "to the metadata service": answer(b"", status=302, Location="http://169.254.169.254/latest/meta-data/"),
    "to the router": answer(b"", status=301, Location="http://192.168.1.1/"),
    "to ourselves, by number": answer(b"", status=302, Location="http://2130706433:1/"),
    "to a file": answer(b"", status=302, Location="file:///etc/passwd"),
    "UTF-32": answer(GOOD.decode().encode("utf-32")),
    "another charset": answer(
        b'<?xml version="1.0" encoding="utf-16"?>' + GOOD, Content_Type="text/xml; charset=koi8-r"
    ),
    "no charset at all": answer(b'<?xml version="1.0" encoding="x-nobody"?>' + GOOD[:-30]),
    "surrogates and controls": answer(rss("<title>&#xD800;&#0;&#1114112;\x00\x08</title><guid>&#99999999999;</guid>")),
    "noise": answer(random.Random(1).randbytes(200_000)),
    "half a header": lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "no HTTP": lambda handler: handler.wfile.write(b"220 mail.example.org ESMTP\r\n"),
    "a megabyte of headers": lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200_000),
}


LONG = pytest.mark.long


@pytest.mark.parametrize("kind", ["feed", pytest.param("wordpress", marks=LONG), pytest.param("page", marks=LONG)])
def test_the_others_are_unharmed(house: House, site: Site, kind: str) -> None:
    """All of it at once, beside a good source: that one is read, each other says why not, and in time."""
    site.serve("/good", GOOD)
    house.sources = {}
    for number, route in enumerate(HOSTILE.values()):
        bad = Site()
        bad.routes = dict.fromkeys(("/it", "/it/wp-json/wp/v2/posts", "/wp-json/wp/v2/posts"), route)
        house.sources[f"bad{number}"] = {"kind": kind, "url": f"{bad.url}/it"}
    house.sources["good"] = {"kind": "feed", "url": f"{site.url}/good"}
    started = time.monotonic()
    reports = house.collect()
    assert time.monotonic() - started < 60
    good = reports.pop("good")
    assert (1, "") == (good.new, good.error)
    assert "Good" in {each.versions[0].title for each in house.listed()}
    unexplained = [name for name, each in reports.items() if not each.error and not each.seen and not each.warnings]
    assert [] == unexplained
    assert not [each.error for each in reports.values() if "Traceback" in each.error or "Error:" in each.error]


@pytest.mark.parametrize("kind", ["rss", "atom", "json", "rest", "page"])
def test_script_in_every_field(house: House, press: Press, kind: str) -> None:
    """Nothing that a browser would run comes through, wherever it stood."""
    press.serve()
    declared = press.sources()[kind]
    path = declared["url"].removeprefix(press.site.url) or "/wp-json/wp/v2/posts"
    body = _body(press, kind)
    press.site.serve(path, body)
    house.sources = {kind: declared}
    assert "" == house.collect()[kind].error
    for announcement in house.listed():
        for version in announcement.versions:
            bare = re.sub(r'"[^"]*"', '""', version.content)
            assert not re.search(r"<(?:script|svg|iframe)|\son\w+=", bare, re.IGNORECASE)
            assert not re.search(r"(?:href|src)=\"(?!https?:|mailto:)", version.content)
            for link in (version.link, *(each.url for each in version.enclosures)):
                assert link == "" or link.startswith(("http://", "https://"))
            assert not re.search(r"[\x00-\x1f]", version.title + version.summary + "".join(version.categories))


def _body(press: Press, kind: str) -> bytes:
    """The press' own document with script wherever a stranger may write."""
    if kind == "json":
        feed = json.loads(press.json())
        fields = {"title", "summary", "content_html", "url", "external_url", "image", "language", "date_published"}
        for item in feed["items"]:
            item |= dict.fromkeys(fields, SCRIPT) | {"tags": [SCRIPT], "authors": [{"name": SCRIPT}]}
            item |= {"attachments": [{"url": "javascript:alert(1)", "mime_type": SCRIPT}]}
        return json.dumps(feed).encode()
    if kind == "rest":
        posts = press.posts()
        for post in posts:
            post |= {
                "title": {"rendered": SCRIPT},
                "content": {"rendered": f"<p>{SCRIPT}</p>" * 30},
                "link": "javascript:x",
            }
        return json.dumps(posts).encode()
    original = {"rss": press.rss, "atom": press.atom, "page": press.page}[kind]().decode()
    escaped = SCRIPT.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return original.replace("Text ", f"Text {escaped} ").replace("Zinc", f"Zinc {escaped}").encode()


@LONG
def test_mutated_documents(house: House, press: Press) -> None:
    """Bytes of every dialect, cut, doubled, swapped: each visit ends with a report, and what was known stays."""
    chance = random.Random(20260601)
    rounds = max(3, int(25 * float(os.environ.get("SCALE") or 1)))
    sources: dict[str, Callable[[], bytes]] = {
        "rss": press.rss,
        "atom": press.atom,
        "json": press.json,
        "page": press.page,
    }
    house.sources = {name: press.sources()[name] for name in sources}
    house.collect()
    known = {each.public_id for each in house.listed()}
    for _ in range(rounds):
        for name, original in sources.items():
            press.site.serve(press.sources()[name]["url"].removeprefix(press.site.url), mutated(original(), chance))
        reports = house.collect()
        assert sources.keys() == reports.keys()
    assert known <= {each.public_id for each in house.listed()}


def mutated(body: bytes, chance: random.Random) -> bytes:
    """Some of it cut out, doubled, or overwritten with what parsers stumble over."""
    tokens = [
        b"<",
        b">",
        b"&",
        b"]]>",
        b"<![CDATA[",
        b"&#xD800;",
        b"&#99999999;",
        b"\x00",
        b"\xff",
        b'"',
        b"<!--",
        b"{}",
    ]
    for _ in range(chance.randint(1, 6)):
        at, end = sorted(chance.randrange(len(body) + 1) for _ in range(2))
        end = min(end, at + 400)
        body = chance.choice(
            [body[:at] + body[end:], body[:end] + body[at:], body[:at] + chance.choice(tokens) + body[at:]]
        )
    return body
