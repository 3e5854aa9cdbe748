"""What mail providers report of our letters: believed when signed or with the secret, acted upon by our token."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from digest.service import alerting, bouncing
from digest.service.house import House, now
from digest.store import subscribers
from digest.store.database import Tx
from digest.subscribers import address as addresses
from digest.subscribers import bouncing as acting
from digest.subscribers import providers, verp
from digest.subscribers.address import Address
from digest.subscribers.bouncing import Came
from digest.subscribers.providers import Told
from digest.subscribers.verp import Returned

WINDOW = timedelta(days=1)
"""How old a signature may be: providers try again for hours. What is told twice changes nothing the second time."""


class Refused(Enum):
    """Why a report was not taken."""

    NO_HOOK = auto()
    UNSIGNED = auto()
    UNREADABLE = auto()


@dataclass(frozen=True, slots=True)
class Taken:
    """What a report came to, judgement by judgement."""

    came: tuple[Came, ...]


async def take(house: House, provider: str, given: Mapping[str, str], body: bytes) -> Taken | Refused:
    """Read a provider's report; `given` are its headers, in lower case."""
    secret = getattr(house.settings.bounces.hooks, provider, None) if provider in providers.READERS else None
    if secret is None:
        return Refused.NO_HOOK
    document = _read(body)
    if not _is_theirs(provider, secret.get_secret_value(), given, body, document):
        return Refused.UNSIGNED
    if not isinstance(document, dict | list):
        return Refused.UNREADABLE
    if provider == "ses" and isinstance(document, dict) and "Type" in document:
        if document.get("Type") == "SubscriptionConfirmation":
            # JSON may hold half a character, which no octets stand for.
            url = str(document.get("SubscribeURL", "")).encode("utf-8", "replace").decode()
            await _confirm(house, url)
            return Taken(())
        document = _inside(document)
    told = providers.read(provider, document)
    async with house.store.write() as tx:
        came = tuple([await _act(house, tx, provider, each) for each in told])
    await bouncing.warn(house, came)
    return Taken(came)


async def _act(house: House, tx: Tx, provider: str, told: Told) -> Came:
    whose = verp.found(house.keys, f"<{told.envelope}>") or await _by_message_id(house, tx, told)
    if whose is not None:
        return await acting.act(tx, whose, told.judged, source=provider, now=now())
    return await acting.keep(tx, told.judged, f"{provider}:{told.event}", source=provider, now=now())


async def _by_message_id(house: House, tx: Tx, told: Told) -> Returned | None:
    """Whose letter a Message-ID of ours is: it is a MAC, so nobody can make one up."""
    address = addresses.read(told.judged.recipient)
    if not told.message_id or not isinstance(address, Address):
        return None
    for found in await subscribers.spelt(tx, address.norm):
        if mailing := await bouncing.mailing_of(house, tx, found, [told.message_id]):
            return Returned(found.handle, mailing)
    return None


async def _confirm(house: House, url: str) -> None:
    """Amazon asks before it reports: an operator opens the link, we open nothing that was sent to us."""
    lines = ["Amazon SNS wants to report bounces to this site. If you set that up, open this link once:", url[:2_000]]
    async with house.store.write() as tx:
        title = "Amazon SNS asks to be confirmed"
        await alerting.tell(house, tx, key=f"sns:{url}", title=title, lines=lines, now=now())


def _inside(document: dict[str, Any]) -> Any:
    message = document.get("Message")
    return _read(message) if isinstance(message, str) else None


def _read(text: str | bytes) -> Any:
    """The document; None for what is no JSON, or nested too deep: nobody has signed it yet."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_theirs(provider: str, secret: str, given: Mapping[str, str], body: bytes, document: Any) -> bool:
    if provider == "mailgun":
        return _mailgun(secret, document)
    if provider == "sendgrid":
        return _sendgrid(secret, given, body)
    return _bears(secret, given.get("authorization", ""))


def _mailgun(key: str, document: Any) -> bool:
    """HMAC-SHA256 of timestamp and token (their "Securing webhooks")."""
    signed = document.get("signature") if isinstance(document, dict) else None
    if not isinstance(signed, dict):
        return False
    timestamp, token, mac = (str(signed.get(name, "")) for name in ("timestamp", "token", "signature"))
    # JSON may hold half a character, which no octets stand for.
    said = f"{timestamp}{token}".encode("utf-8", "replace")
    ours = hmac.new(key.encode(), said, "sha256").hexdigest()
    return _is_fresh(timestamp) and hmac.compare_digest(ours.encode(), mac.encode("utf-8", "replace"))


def _sendgrid(key: str, given: Mapping[str, str], body: bytes) -> bool:
    """ECDSA over timestamp and body with the public key they show (their "signed event webhook")."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    timestamp = given.get("x-twilio-email-event-webhook-timestamp", "")
    try:
        signature = base64.b64decode(given.get("x-twilio-email-event-webhook-signature", ""), validate=True)
        public = load_der_public_key(base64.b64decode(key))
        if not isinstance(public, ec.EllipticCurvePublicKey):
            return False
        public.verify(signature, timestamp.encode() + body, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature, binascii.Error):
        return False
    return _is_fresh(timestamp)


def _bears(secret: str, authorization: str) -> bool:
    """The secret as a bearer token, or as the password of basic authentication (RFC 6750, RFC 7617)."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (ValueError, binascii.Error):
            return False
    return scheme.lower() in ("basic", "bearer") and hmac.compare_digest(value.strip().encode(), secret.encode())


def _is_fresh(timestamp: str) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        return False
    return abs(now().timestamp() - int(timestamp)) <= WINDOW.total_seconds()
