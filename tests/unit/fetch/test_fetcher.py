"""The way out over HTTP: what is refused, what is cut off, and what is sent."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from typing import Any

import httpx
import pytest

from digest.errors import FetchError
from digest.fetch import Fetcher, Guard, Limits, Response
from digest.fetch.journey import Journey
from digest.fetch.pace import Pace
from tests.sites import Route, Site

SMALL = Limits(connect=2, read=0.5, total=1.0, wire=100_000, decoded=2_000_000)
LOOPBACK = ("127.0.0.0/8",)


def get(url: str, *, own: str | None = None, allow: tuple[str, ...] = LOOPBACK, **options: Any) -> Response:
    async def go() -> Response:
        async with Fetcher(allow_private=allow, gap=timedelta(0), user_agent="Digest (test)", limits=SMALL) as fetcher:
            return await fetcher.get(url, own=url if own is None else own, **options)

    return asyncio.run(go())


def test_reads_an_answer(site: Site) -> None:
    """An answer comes back whole, with its headers in lower case."""
    site.serve("/a", b"hello", ETag='"x"', Content_Type="Text/Plain; charset=utf-8")
    found = get(f"{site.url}/a")
    assert (found.body, found.etag, found.media_type, found.url) == (b"hello", '"x"', "text/plain", f"{site.url}/a")


def test_sends_validators_byte_for_byte(site: Site, respond: Callable[..., Route]) -> None:
    """A conditional request repeats the validators as given, and 304 is an answer."""
    site.routes["/a"] = respond(b"", status=304)
    assert get(f"{site.url}/a", etag='W/"ü', last_modified="once upon a time").not_modified
    sent = site.asked[0][1]
    assert sent["if-none-match"].encode("latin-1") == 'W/"ü'.encode("latin-1")
    assert sent["if-modified-since"] == "once upon a time"
    assert sent["user-agent"] == "Digest (test)"


def test_ignores_the_proxy_of_the_environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment variables redirect nothing."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    site.serve("/a", b"hello")
    assert get(f"{site.url}/a").body == b"hello"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_refuses_private_addresses(site: Site, host: str) -> None:
    """Without an allowance no spelling of a private address is connected to."""
    with pytest.raises(FetchError, match=r"public address|name is not known|no address"):
        get(f"http://{host}/", allow=())
    assert site.asked == []


def test_a_name_is_allowed_by_name(site: Site) -> None:
    """`allow_private` takes host names as well as networks."""
    site.serve("/a", b"hello")
    url = site.url.replace("127.0.0.1", "localhost") + "/a"
    assert get(url, allow=("localhost",)).body == b"hello"
    assert site.asked[0][1]["host"] == url.split("/")[2]


def test_an_allowance_is_the_sources_own(site: Site) -> None:
    """What a source may not reach by itself, it may not reach for another: the allowance is its own host and port."""
    site.serve("/a", b"hello")
    with pytest.raises(FetchError, match=r"port|public"):
        get(f"{site.url}/a", own="http://127.0.0.1:1/")
    with pytest.raises(FetchError):
        get(f"{site.url}/a", own="")
    assert site.asked == []


def test_a_name_is_resolved_once_and_that_address_is_connected_to(site: Site) -> None:
    """Whatever the name means a moment later; and one address that is not public among others refuses them all."""
    site.serve("/a", b"hello")
    url = httpx.URL(site.url.replace("127.0.0.1", "rebound.example") + "/a")
    meant = [["127.0.0.1"], ["10.0.0.1"]]

    async def resolve(url: httpx.URL) -> list[Any]:
        return [ip_address(each) for each in meant.pop(0)]

    async def go() -> Response:
        async with httpx.AsyncHTTPTransport() as wire:
            journey = Journey(
                resolve=resolve, guard=Guard(LOOPBACK), pace=Pace(timedelta(0)), away=lambda url: False, wire=wire,
                own=url, headers={}, limits=SMALL,
            )  # fmt: skip
            return await journey.follow(url)

    assert (asyncio.run(go()).body, len(meant), site.asked[0][1]["host"]) == (b"hello", 1, url.netloc.decode())
    for found in (["127.0.0.1", "10.0.0.1"], ["1.1.1.1", "10.0.0.1"]):
        meant[:] = [found]
        with pytest.raises(FetchError, match=r"10\.0\.0\.1 is not a public"):
            asyncio.run(go())
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:1/", "http://169.254.169.254/latest", "http://10.0.0.1/", "ftp://x/", "file:///etc/passwd"],
)
def test_a_redirect_is_checked_anew(site: Site, respond: Callable[..., Route], target: str) -> None:
    """A redirect never reaches a private place, nor another scheme."""
    site.routes["/a"] = respond(b"", status=302, Location=target)
    with pytest.raises(FetchError):
        get(f"{site.url}/a")


def test_follows_redirects_at_home(site: Site, respond: Callable[..., Route]) -> None:
    """Five redirects are followed and permanence is told; rings and six are refused."""
    for number in range(6):
        site.routes[f"/{number}"] = respond(b"", status=301, Location=f"/{number + 1}")
    site.serve("/6", b"there")
    found = get(f"{site.url}/1")
    assert (found.body, found.url, found.moved_for_good) == (b"there", f"{site.url}/6", True)
    with pytest.raises(FetchError, match="more than 5 redirects"):
        get(f"{site.url}/0")
    site.routes["/for-now"] = respond(b"", status=302, Location="/5")
    assert not get(f"{site.url}/for-now").moved_for_good
    site.routes["/ring"] = respond(b"", status=302, Location="/ring")
    with pytest.raises(FetchError, match="ring"):
        get(f"{site.url}/ring")


def test_status_and_retry_after_are_told(site: Site, respond: Callable[..., Route]) -> None:
    """A refusal names the URL, its status, and how long to stay away."""
    site.routes["/a"] = respond(b"", status=503, Retry_After="120")
    with pytest.raises(FetchError) as caught:
        get(f"{site.url}/a")
    assert (caught.value.status, caught.value.retry_after, caught.value.about) == (503, 120.0, f"{site.url}/a")


@pytest.mark.parametrize(("status", "heeded"), [(429, True), (503, True), (500, False), (410, False)])
def test_who_asks_for_time_gets_it(site: Site, respond: Callable[..., Route], status: int, heeded: bool) -> None:
    """From the whole host, for the rest of the round: it is not asked again; other failures ask for nothing."""
    site.routes["/a"] = respond(b"", status=status, Retry_After="120")
    site.serve("/b", b"hello")

    async def go() -> bytes:
        async with Fetcher(allow_private=LOOPBACK, gap=timedelta(0), limits=SMALL) as fetcher:
            with pytest.raises(FetchError, match=f"answered {status}"):
                await fetcher.get(f"{site.url}/a", own=site.url)
            assert list(fetcher.asked_away.values()) == ([120.0] if heeded else [])
            return (await fetcher.get(f"{site.url}/b", own=site.url)).body

    with pytest.raises(FetchError, match="asked us to stay away") if heeded else nullcontext():
        assert asyncio.run(go()) == b"hello"
    assert len(site.asked) == (1 if heeded else 2)


def test_nothing_new_is_no_answer_to_somebody_who_has_nothing(site: Site, respond: Callable[..., Route]) -> None:
    """A server that says 304 whoever asks was never read, and must not look as if it were."""
    site.routes["/a"] = respond(b"", status=304)
    with pytest.raises(FetchError, match="304"):
        get(f"{site.url}/a")


def test_no_password_is_printed(site: Site) -> None:
    """A URL's password is sent to its own host and shown to nobody."""
    url = site.url.replace("http://", "http://ann:s3cret@") + "/none"
    with pytest.raises(FetchError) as caught:
        get(url)
    assert "s3cret" not in str(caught.value)
    assert site.asked[0][1]["authorization"].startswith("Basic ")


def test_gzip_is_unpacked_within_limits(site: Site) -> None:
    """Gzip is decoded; a bomb, a cut one and an unknown coding are failures."""
    packed = gzip.compress(b"hello " * 1000, mtime=0)
    site.serve("/good", packed, Content_Encoding="gzip")
    site.serve("/cut", packed[:-12], Content_Encoding="gzip")
    site.serve("/bomb", gzip.compress(bytes(50_000_000), mtime=0), Content_Encoding="gzip")
    site.serve("/odd", b"x", Content_Encoding="br")
    assert get(f"{site.url}/good").body == b"hello " * 1000
    for path, words in (("cut", "too soon"), ("bomb", "unpacks to more"), ("odd", "not asked for")):
        with pytest.raises(FetchError, match=words):
            get(f"{site.url}/{path}")


def test_large_bodies_are_refused(site: Site) -> None:
    """A body over the limit is refused, declared or not."""
    site.serve("/declared", b"x" * 200_000)
    with pytest.raises(FetchError, match="too large"):
        get(f"{site.url}/declared")

    def undeclared(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(b"x" * 200_000)

    site.routes["/undeclared"] = undeclared
    with pytest.raises(FetchError, match="larger than"):
        get(f"{site.url}/undeclared")


def test_a_short_answer_is_a_failure(site: Site, respond: Callable[..., Route]) -> None:
    """Fewer bytes than declared are not an answer."""

    def short(handler: BaseHTTPRequestHandler) -> None:
        respond(b"hello", content_length="50", Content_Length="50")(handler)
        handler.close_connection = True

    site.routes["/a"] = short
    with pytest.raises(FetchError, match="broke off"):
        get(f"{site.url}/a")


def test_dripping_ends_in_time(site: Site) -> None:
    """A server that sends a byte now and then is left when the total is over."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)

    site.routes["/a"] = drip
    started = time.monotonic()
    with pytest.raises(FetchError, match="longer than 1 s"):
        get(f"{site.url}/a")
    assert time.monotonic() - started < 3


def test_nobody_listens() -> None:
    """A closed port is told in words."""
    with pytest.raises(FetchError, match="could not connect"):
        get("http://127.0.0.1:1/")


def test_one_request_at_a_time_with_a_gap(site: Site) -> None:
    """Requests to one host follow each other with the gap between."""
    times: list[float] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        times.append(time.monotonic())
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    site.routes["/a"] = note

    async def go() -> None:
        async with Fetcher(allow_private=LOOPBACK, gap=timedelta(seconds=0.1)) as fetcher:
            await asyncio.gather(*(fetcher.get(f"{site.url}/a", own=site.url) for _ in range(3)))

    asyncio.run(go())
    assert all(after - before >= 0.08 for before, after in itertools.pairwise(times))
