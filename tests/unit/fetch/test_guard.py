"""Which addresses count as public, where a password goes, how far a body unpacks, and how Retry-After is read."""

from __future__ import annotations

import gzip
from contextlib import nullcontext
from datetime import UTC, datetime
from ipaddress import ip_address
from random import Random

import pytest

from digest.errors import FetchError
from digest.fetch import Guard, Limits, Response, retry_after
from digest.fetch.decode import Body
from digest.fetch.guard import is_public, parse_url, same_place
from digest.fetch.journey import onward

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_public(address: str) -> None:
    """Addresses of the world are public."""
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "::1", "fe80::1",
     "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "::7f00:1", "::ffff:0:a00:1", "fec0::1",
     "ff02::1", "255.255.255.255"],
)  # fmt: skip
def test_not_public(address: str) -> None:
    """Private, local, shared and multicast addresses are not, nor those that carry one inside."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "text",
    ["", "x", "//x", "ftp://x/", "javascript:1", "http://", "http:///x", "http://[::1", "http://xn--/", "http://\0/",
     "http://x:99999/", "http://x:-1/", "http://x:0/", "http://x:y/", "http://0177.0.0.1/", f"http://x/{'y' * 70_000}"],
)  # fmt: skip
def test_what_is_no_url_is_told(text: str) -> None:
    """Whatever somebody wrote, the answer is an error in words."""
    with pytest.raises(FetchError, match=r"not a URL|only http and https"):
        parse_url(text)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("1", 60),
        ("999999999999", 86400),
        ("Thu, 01 Jan 2026 01:00:00 GMT", 3600),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    """Seconds or a date, between a minute and a day; None when unreadable."""
    assert retry_after(value, now=NOW) == seconds


@pytest.mark.parametrize("port", [22, 25, 8080, 8443])
def test_only_a_source_itself_may_stand_at_an_odd_port(port: int) -> None:
    """Elsewhere it is 80 or 443, so that nobody makes us speak to another service."""
    there, world = parse_url(f"http://x.example.org:{port}/"), [ip_address("93.184.216.34")]
    Guard().check(there, world, own=there)
    with pytest.raises(FetchError, match=f"port {port} is not 80 or 443"):
        Guard().check(there, world, own=parse_url("http://x.example.org/"))


@pytest.mark.parametrize(
    ("url", "own", "same"),
    [
        ("http://x.org/a", "http://X.org/b", True),
        ("https://x.org/", "http://x.org/", True),
        ("http://x.org/", "https://x.org/", False),
        ("https://x.org/", "http://x.org:8080/", False),
        ("https://x.org:444/", "http://x.org/", False),
        ("http://www.x.org/", "http://x.org/", False),
    ],
)
def test_the_same_place_is_host_and_port(url: str, own: str, same: bool) -> None:
    """And the https beside its http, where sites move to."""
    assert same_place(parse_url(url), parse_url(own)) is same


@pytest.mark.parametrize(
    ("location", "onwards"),
    [
        ("/b", "http://u:p@x.org/b"),
        ("https://x.org/b", "https://u:p@x.org/b"),
        ("http://y.org/b", "http://y.org/b"),
        ("http://x.org:81/b", "http://x.org:81/b"),
        ("http://v:q@y.org/b#c", "http://y.org/b"),
    ],
)
def test_a_password_goes_nowhere_else(location: str, onwards: str) -> None:
    """Not by a redirect to another host or port."""
    answer = Response(url="http://x.org/a", status=301, headers={"location": location}, body=b"")
    assert str(onward(parse_url("http://u:p@x.org/a"), answer)) == str(parse_url(onwards))


@pytest.mark.parametrize(("ratio", "fits"), [(4, False), (6, True)])
def test_how_far_a_document_may_unpack(ratio: int, fits: bool) -> None:
    """To so many times what came over the wire, and to not a byte more."""
    packed = gzip.compress(Random(1).randbytes(400_000) + bytes(1_600_000), mtime=0)
    body = Body("gzip", Limits(ratio=ratio), about="x")
    with nullcontext() if fits else pytest.raises(FetchError, match="more than 4 times its size"):
        body.feed(packed)
        assert len(body.finish()) == 2_000_000


@pytest.mark.parametrize("said", ["10.0.0.0/8", "10.0.0.1", "In.example.org."])
def test_what_may_be_private_is_said_in_any_form(said: str) -> None:
    """As a network, an address or a host; an IPv4 address inside an IPv6 one is the same place."""
    own = parse_url("http://in.example.org/")
    Guard([said]).check(own, [ip_address("10.0.0.1"), ip_address("::ffff:10.0.0.1")], own=own)
    with pytest.raises(FetchError, match="not a public address"):
        Guard([said]).check(own, [ip_address("10.0.0.1")], own=parse_url("http://out.example.org/"))
