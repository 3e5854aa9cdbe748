"""Providers report in their own documented words, signed; only a token of ours takes anybody off."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from digest.model.deliveries import DeliveryState
from digest.model.editions import EditionStatus
from digest.store import editions
from digest.store.schema import deliveries, mailings
from digest.subscribers import flow, providers, verp
from tests.unit.web.conftest import NOW, Site

ANA = "ana.ruiz@mail.example.org"
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
SECRET = "a secret of the tests and nobody else"
HOOKS = f"""
[bounces.hooks]
ses = "{SECRET}"
mailgun = "{SECRET}"
postmark = "{SECRET}"
brevo = "{SECRET}"
sendgrid = "{PUBLIC}"
"""


@pytest.fixture
def config() -> str:
    from tests.unit.web.conftest import CONFIG

    return CONFIG + HOOKS


def ses(envelope: str, kind: str = "Bounce") -> dict[str, Any]:
    """An SNS message that holds a notification, as "Amazon SNS notification contents for Amazon SES" shows it."""
    inner = {
        "notificationType": kind,
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": ANA,
                    "status": "5.1.1",
                    "action": "failed",
                    "diagnosticCode": f"smtp; 550 5.1.1 <{ANA}>... User unknown",
                }
            ],
            "feedbackId": "00000138111222aa-33322211-cccc",
        },
        "complaint": {"complainedRecipients": [{"emailAddress": ANA}], "feedbackId": "1"},
        "mail": {"source": envelope, "messageId": "00000138111222aa", "headers": []},
    }
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:x", "MessageId": "1", "Message": json.dumps(inner)}


def mailgun(envelope: str, *, age: int = 0) -> dict[str, Any]:
    """As "Tracking failures" shows it, with its signature of so many seconds ago."""
    timestamp, token = str(int(datetime.now(UTC).timestamp()) - age), "c" * 50
    mac = hmac.new(SECRET.encode(), f"{timestamp}{token}".encode(), "sha256").hexdigest()
    return {
        "signature": {"timestamp": timestamp, "token": token, "signature": mac},
        "event-data": {
            "event": "failed",
            "severity": "permanent",
            "reason": "bounce",
            "id": "G9Bn5sl1TC6nu79C8C0bwg",
            "recipient": ANA,
            "envelope": {"sender": envelope, "targets": ANA, "transport": "smtp"},
            "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "5.1.1 The account does not exist"},
            "message": {"headers": {"message-id": "20130503192659.13651.20287@mg.example.org"}},
        },
    }


POSTMARK = {
    "RecordType": "Bounce",
    "ID": 42,
    "Type": "HardBounce",
    "TypeCode": 1,
    "MessageID": "00000000-0000-0000-0000-000000000000",
    "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
    "Email": ANA,
    "From": "sender@example.org",
}
SENDGRID: list[dict[str, Any]] = [
    {
        "email": ANA,
        "timestamp": 1513299569,
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "event": "bounce",
        "sg_event_id": "6g4ZI7SA-xmRDv57GoPIPw==",
        "reason": "500 unknown recipient",
        "status": "5.0.0",
        "type": "bounce",
    },
    {"email": ANA, "event": "delivered", "sg_event_id": "x"},
]
BREVO = {
    "event": "hard_bounce",
    "email": ANA,
    "id": 26224,
    "message-id": "<201798300811.5787683@relay.domain.com>",
    "ts_event": 1604933654,
    "reason": "550 5.1.1 unknown user",
}


@pytest.mark.parametrize(
    ("provider", "document", "kind"),
    [
        ("ses", json.loads(ses("x")["Message"]), "hard"),
        ("ses", json.loads(ses("x", "Complaint")["Message"]), "complaint"),
        ("mailgun", mailgun("x"), "hard"),
        ("postmark", POSTMARK, "hard"),
        ("postmark", {**POSTMARK, "Type": "SoftBounce"}, "soft"),
        ("postmark", {**POSTMARK, "RecordType": "SpamComplaint", "Type": "SpamComplaint"}, "complaint"),
        ("sendgrid", SENDGRID, "hard"),
        ("sendgrid", [{**SENDGRID[0], "type": "blocked"}], "block"),
        ("sendgrid", [{"email": ANA, "event": "spamreport", "sg_event_id": "y"}], "complaint"),
        ("brevo", BREVO, "hard"),
        ("brevo", {**BREVO, "event": "spam"}, "complaint"),
        ("brevo", {**BREVO, "event": "delivered"}, None),
    ],
)
def test_each_provider_is_read_in_its_own_words(provider: str, document: Any, kind: str | None) -> None:
    """What is no bounce is nothing, in the same report or alone."""
    told = [(each.judged.recipient, each.judged.kind.value) for each in providers.read(provider, document)]
    assert told == ([(ANA, kind)] if kind else [])


@pytest.mark.parametrize("provider", sorted(providers.READERS))
@pytest.mark.parametrize("nonsense", [{}, [], [1, None, {}], {"event-data": 1, "mail": []}, {"bounce": {"x": 1}}])
def test_nonsense_is_nothing(provider: str, nonsense: Any) -> None:
    """Whatever stands where something else should."""
    assert providers.read(provider, nonsense) == ()


def sent(site: Site) -> str:
    """Ana got an edition; the envelope sender it had."""
    handle = site.subscriber(ANA)

    async def story() -> None:
        async with site.house.store.write() as tx:
            edition = await editions.add(
                tx,
                digest="newsflash",
                label="x",
                number=1,
                status=EditionStatus.SENT,
                slot_at=None,
                until=NOW,
                now=NOW,
            )
            mailing = {"id": 1, "edition_id": edition.id, "revision": 1, "digest": "newsflash", "key_id": "k1"}
            mailing |= {"status": "sent", "start_at": NOW, "created_at": NOW, "active_at": NOW}
            await tx.execute(mailings.insert().values(mailing))
            delivery = {"mailing_id": 1, "subscriber_id": 1, "variant": 0, "state": DeliveryState.ACCEPTED, "at": 0}
            await tx.execute(deliveries.insert().values(delivery))

    site.run(story())
    return verp.envelope(site.house.keys, "bounces@example.net", handle, 1)


def report(site: Site, provider: str, document: Any, *, secret: str = SECRET, age: int = 0) -> int:
    """`age` in seconds, of what SendGrid signed."""
    body = json.dumps(document).encode()
    headers = {"authorization": "Basic " + base64.b64encode(f"digest:{secret}".encode()).decode()}
    if provider == "sendgrid":
        stamp = str(int(datetime.now(UTC).timestamp()) - age)
        signed = base64.b64encode(KEY.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
        headers = {"x-twilio-email-event-webhook-timestamp": stamp, "x-twilio-email-event-webhook-signature": signed}
    answer = site.post(f"/hooks/bounces?provider={provider}", content=body, headers=headers)
    return int(answer.status_code)


def suppressed(site: Site) -> bool:
    return bool(site.run(flow.show(site.house.store, ANA)).suppressed)


def test_a_signed_report_with_our_token_takes_its_reader_off(site: Site) -> None:
    """And told again, it changes nothing."""
    envelope = sent(site)
    assert (report(site, "mailgun", mailgun("bounces@example.net")), suppressed(site)) == (200, False)
    assert (report(site, "mailgun", mailgun(envelope)), suppressed(site)) == (200, True)
    site.run(flow.unsuppress(site.house.store, ANA, now=NOW))
    assert (report(site, "ses", ses(envelope)), suppressed(site)) == (200, False)


@pytest.mark.parametrize("provider", ["postmark", "sendgrid", "brevo"])
def test_a_report_without_our_token_takes_nobody_off(site: Site, provider: str) -> None:
    """It is listed for the operator."""
    sent(site)
    document = {"postmark": POSTMARK, "sendgrid": SENDGRID, "brevo": BREVO}[provider]
    assert (report(site, provider, document), suppressed(site)) == (200, False)


def test_what_is_not_signed_is_not_read(site: Site) -> None:
    """A wrong secret, an altered body, a provider nobody declared."""
    envelope = sent(site)
    forged = mailgun(envelope)
    forged["signature"]["token"] = "d" * 50
    assert report(site, "mailgun", forged) == 401
    assert report(site, "ses", ses(envelope), secret="guessed") == 401
    assert site.post("/hooks/bounces?provider=sendgrid", content=b"[]").status_code == 401
    assert [report(site, "sendgrid", SENDGRID, age=age) for age in (86_000, 87_000)] == [200, 401]
    assert [report(site, "mailgun", mailgun("x", age=age)) for age in (86_000, 87_000)] == [200, 401]
    assert report(site, "sparkpost", {}) == 404
    assert suppressed(site) is False


def test_whoever_signs_nothing_breaks_nothing(site: Site) -> None:
    """Nested without end, half a character: refused as what it is, unsigned."""
    halves = {"signature": {"timestamp": str(int(NOW.timestamp())), "token": "\ud800", "signature": "\ud800"}}
    for body in (b"[" * 100_000, b'{"a":' * 100_000, json.dumps(halves).encode(), b"1" * 5_000, b"\xff"):
        for provider in providers.READERS:
            assert site.post(f"/hooks/bounces?provider={provider}", content=body).status_code == 401, body[:20]


def test_a_signed_report_may_hold_what_no_database_takes(site: Site) -> None:
    """A nought and half a character are left out, and what is nested without end says nothing."""
    envelope = sent(site)
    odd = json.loads(ses(envelope)["Message"])
    odd["bounce"]["bouncedRecipients"][0] |= {"status": "5.1.1\0", "diagnosticCode": "550 5.1.1 \ud800\0"}
    assert report(site, "ses", {"Type": "Notification", "Message": "[" * 100_000}) == 200
    assert report(site, "ses", {"Type": "Notification", "Message": 1}) == 200
    [told] = providers.read("ses", odd)
    assert (told.judged.status, told.judged.said) == ("5.1.1", "550 5.1.1 ?")
    assert (report(site, "ses", odd), suppressed(site)) == (200, True)


def test_amazon_is_confirmed_by_a_person(site: Site, tmp_path: Path) -> None:
    """We open no link that was sent to us."""
    asked = {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example.com/?Action=Confirm"}
    assert report(site, "ses", asked) == 200
    odd = asked | {"SubscribeURL": "https://sns.example.com/\ud800"}
    assert report(site, "ses", odd) == 200
