"""What the DNS says of a sender, asked of a real server: each mistake has its words and its way to be mended."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest.doctor import road
from digest.doctor.finding import Finding, Record, Verdict
from digest.doctor.names import Names
from digest.errors import UsageError
from digest.settings import Sender
from tests.unit.doctor.nameserver import Zone, serving

SENDER = {
    "slug": "main",
    "url": "smtp+starttls://relay.example.net",
    "from": "Metals Mark <news@news.example.org>",
    "bounces": "bounces@bounces.example.org",
    "reply_to": "office@example.org",
}
GOOD: dict[tuple[str, str], list[str]] = {
    ("bounces.example.org", "TXT"): ['"v=spf1 include:_spf.example.net -all"', '"something else"'],
    ("_spf.example.net", "TXT"): ['"v=spf1 ip4:198.41.0.0/24 ~all"'],
    ("relay.example.net", "A"): ["198.41.0.4"],
    ("4.0.41.198.in-addr.arpa", "PTR"): ["relay.example.net."],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none; " "rua=mailto:office@example.org"'],
    ("bounces.example.org", "MX"): ["10 mx.example.org."],
    ("example.org", "MX"): ["20 second.example.org.", "10 mx.example.org."],
}


def looked(zone: Zone, **sender: object) -> dict[str, Finding]:
    with serving(zone) as server:
        found = asyncio.run(road.look(Names(server), Sender.model_validate({**SENDER, **sender})))
    return {each.what: each for each in found}


def test_all_is_well() -> None:
    """Included networks, the policy of the domain above, the name there and back: nothing to mend but a signature."""
    found = looked(GOOD)
    assert {
        "SPF of bounces.example.org": "ok",
        "DKIM of main": "not checked",
        "DMARC of news.example.org": "ok",
        "alignment of news.example.org": "mind",
        "PTR of relay.example.net": "ok",
        "TLS to relay.example.net": "ok",
        "MX of bounces.example.org": "ok",
        "MX of example.org": "ok",
    } == {what: each.verdict.value for what, each in found.items()}
    assert "mx.example.org, second.example.org" == found["MX of example.org"].words


SPF, DMARC, PTR = "SPF of bounces.example.org", "DMARC of news.example.org", "PTR of relay.example.net"
NOBODY = {"bounces.example.org": "TXT", "_dmarc.example.org": "TXT", "4.0.41.198.in-addr.arpa": "PTR"}


@pytest.mark.parametrize(
    ("record", "values", "what", "verdict", "words"),
    [
        (("bounces.example.org", "TXT"), [], SPF, "wrong", "has no record"),
        (("bounces.example.org", "TXT"), ['"v=spf1 -all"', '"v=spf1 mx -all"'], SPF, "wrong", "2 records"),
        (("bounces.example.org", "TXT"), ['"v=spf1 +all"'], SPF, "wrong", "lets everybody send"),
        (("bounces.example.org", "TXT"), ['"v=spf1 ip4:192.0.2.1 -all"'], SPF, "mind", "does not let 198.41.0.4"),
        (("bounces.example.org", "TXT"), ['"v=spf1 a:relay.example.net"'], SPF, "mind", "all others"),
        (
            ("bounces.example.org", "TXT"),
            ['"v=spf1 ' + " ".join(f"a:h{n}.example.net" for n in range(11)) + ' -all"'],
            SPF,
            "wrong",
            "more than 10 lookups",
        ),
        (("_spf.example.net", "TXT"), ['"v=spf1 include:bounces.example.org -all"'], SPF, "mind", "does not let"),
        (("_dmarc.example.org", "TXT"), [], DMARC, "wrong", "has no record"),
        (("_dmarc.example.org", "TXT"), ['"v=DMARC1; rua=mailto:a@example.org"'], DMARC, "wrong", "no policy"),
        (("_dmarc.example.org", "TXT"), ['"v=DMARC1; p=reject"'], DMARC, "mind", "nobody to report to"),
        (("4.0.41.198.in-addr.arpa", "PTR"), [], PTR, "mind", "has no name"),
        (("4.0.41.198.in-addr.arpa", "PTR"), ["other.example.net."], PTR, "mind", "not 198.41.0.4 again"),
        (("bounces.example.org", "MX"), ["0 ."], "MX of bounces.example.org", "wrong", "nobody takes mail"),
        (("bounces.example.org", "MX"), [], "MX of bounces.example.org", "wrong", "nobody takes mail"),
    ],
)
def test_each_mistake_is_told(record: tuple[str, str], values: list[str], what: str, verdict: str, words: str) -> None:
    """What is wrong, said of the name that it is wrong of."""
    found = looked({**GOOD, record: values})[what]
    assert (verdict, True) == (found.verdict.value, words in found.words), found


def test_strict_alignment_asks_for_the_very_domain() -> None:
    """Relaxed, a domain below is good enough; strict, neither bounces elsewhere nor a key elsewhere is."""
    strict = {**GOOD, ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none; aspf=s; adkim=s; rua=mailto:a@b.example"']}
    elsewhere = looked(GOOD, bounces="b@bounces.example.net")["alignment of news.example.org"]
    assert [Verdict.WRONG] * 2 == [looked(strict)["alignment of news.example.org"].verdict, elsewhere.verdict]


def test_a_key_is_held_against_the_one_that_signs(tmp_path: Path) -> None:
    """Missing, another's, ours; each time with the record to copy, in strings that a zone file takes."""
    key = rsa.generate_private_key(65537, 2048)
    file = tmp_path / "k.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    file.chmod(0o600)
    dkim, name = {"selector": "s1", "key_file": str(file)}, "s1._domainkey.news.example.org"
    missing = looked(GOOD, dkim=dkim)
    record = missing[f"DKIM {name}"].record
    assert record is not None
    values = record.line.partition(" IN TXT ")[2]
    ours = looked({**GOOD, (name, "TXT"): [values]}, dkim=dkim)
    other = looked({**GOOD, (name, "TXT"): ['"v=DKIM1; p=MIGfMA0"']}, dkim=dkim)
    assert ["wrong", "wrong", "ok"] == [each[f"DKIM {name}"].verdict.value for each in (missing, other, ours)]
    assert 2 == values.count('" "') + 1
    assert "ok" == ours["alignment of news.example.org"].verdict.value
    assert "DKIM by news.example.org and SPF by bounces.example.org" == ours["alignment of news.example.org"].words


def test_where_nobody_answers_nothing_is_checked_and_nothing_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """No DNS is no fault of the sender, and is said at once, not after each question's patience."""
    monkeypatch.setattr("digest.doctor.names.PATIENCE", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        server = "{}:{}".format(*gone.getsockname())
    found = {each.what: each for each in asyncio.run(road.look(Names(server), Sender.model_validate(SENDER)))}
    asked = [each for what, each in found.items() if not what.startswith("TLS")]
    assert {Verdict.UNCHECKED} == {each.verdict for each in asked}


def test_a_relay_of_ones_own_is_not_asked_for() -> None:
    """On this machine: no name, no TLS, and an SPF record that does not name 127.0.0.1."""
    found = looked({**GOOD, ("bounces.example.org", "TXT"): []}, url="smtp://127.0.0.1:25")
    assert [Verdict.UNCHECKED, Verdict.FINE] == [found[f"{what} 127.0.0.1"].verdict for what in ("PTR of", "TLS to")]
    assert Record(name="bounces.example.org", text="v=spf1 mx -all") == found[SPF].record


@pytest.mark.parametrize("server", ["nonsense", "127.0.0.1:x", "dns.example.org:53"])
def test_a_server_is_named_by_its_address(server: str) -> None:
    """Anything else is refused in words."""
    with pytest.raises(UsageError, match="DNS server"):
        Names(server)
