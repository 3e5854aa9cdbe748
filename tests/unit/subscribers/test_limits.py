"""One mailbox is one however it is spelled, one household is one network, and only named proxies are believed."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from digest.subscribers import limits


@pytest.mark.parametrize(
    ("spelled", "folded"),
    [
        ("Bo.Li+news@GMAIL.com", "boli@gmail.com"),
        ("boli@googlemail.com", "boli@gmail.com"),
        ("Bo.Li+news@example.org", "bo.li@example.org"),
        ("+x@example.org", "+x@example.org"),
    ],
)
def test_spellings_of_one_mailbox_are_one(spelled: str, folded: str) -> None:
    """Upper case, what stands behind a plus sign, and the dots that one provider does not see."""
    assert limits.folded(spelled) == folded


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("not an address", "not an address"),
    ],
)
def test_a_household_is_one_network(address: str, network: str) -> None:
    """An IPv6 one has a whole /64 to ask from."""
    assert limits.network(address) == network


def test_only_named_proxies_are_believed() -> None:
    """And only about the hop before them: what stands further left the visitor may have written."""
    trusted = [ip_network("10.0.0.0/8")]
    assert limits.visitor("203.0.113.9", "198.51.100.7", trusted) == "203.0.113.9"
    assert limits.visitor("10.0.0.1", "1.2.3.4, 198.51.100.7", trusted) == "198.51.100.7"
    assert limits.visitor("10.0.0.1", "198.51.100.7, 10.0.0.2", trusted) == "198.51.100.7"
    assert limits.visitor("10.0.0.1", "", trusted) == "10.0.0.1"
    assert limits.visitor("", "x", []) == ""
