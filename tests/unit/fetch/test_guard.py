"""Which addresses count as public, and how Retry-After is read."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from digest.errors import FetchError
from digest.fetch import retry_after
from digest.fetch.guard import is_public, parse_url

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
