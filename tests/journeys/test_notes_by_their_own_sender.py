"""Letters to one person go by a sender of their own: another relay, another domain, another signature."""

from __future__ import annotations

import email
import email.policy
import re
import time
from pathlib import Path

import dkim
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest.deliveries.dkim import Signer
from tests.builders import Desk, folder_source
from tests.fakes import Sink, sinking
from tests.place import plain

pytestmark = pytest.mark.long

POST = """
[senders.post]
url = "smtp://127.0.0.1:{port}"
from = "Metals Mark post <post@post.example.net>"
reply_to = "help@post.example.net"
bounces = "bounces@bounces.post.example.net"
dkim = {{ selector = "post", key_file = "post.pem" }}
"""
BULK = 'reply_to = "office@example.org"\n'


def signer(folder: Path, name: str, domain: str) -> Signer:
    """A key of its own, as a file beside the configuration."""
    key = Ed25519PrivateKey.generate()
    path = folder / f"{name}.pem"
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Signer(domain=domain, selector=name, key=key)


def came(sink: Sink, to: str) -> bytes:
    """The first letter to somebody, once it is there."""
    end = time.monotonic() + 30
    while not sink.of(to):
        assert time.monotonic() < end, f"nothing came to {to}"
        time.sleep(0.02)
    return sink.of(to)[0]


def verified(raw: bytes, signed: Signer) -> tuple[str, bool]:
    """Whom it is from, and whether that signature is good."""
    records = {f"{signed.name}.".encode(): signed.record.encode()}
    message = email.message_from_bytes(raw, policy=email.policy.default)
    good = dkim.verify(raw, dnsfunc=lambda name, timeout=5: records.get(name))
    return message["From"].addresses[0].addr_spec, good


def test_confirming_goes_by_it_and_editions_go_by_the_other(desk: Desk) -> None:
    """From, envelope, relay and DKIM are each their own; what is confirmed by the one is served by the other."""
    post, bulk = signer(desk.folder, "post", "post.example.net"), signer(desk.folder, "bulk", "example.org")
    desk.write("one", "First", "2025-05-06")
    with sinking() as letters, sinking() as notes:
        sources = folder_source(desk.folder) + POST.format(port=notes.port)
        desk.declare(sources=sources, smtp=letters.port, digest='notes = "post"')
        told = desk.config.read_text("utf-8")
        own = f'{BULK}dkim = {{ selector = "bulk", key_file = "bulk.pem" }}\n'
        desk.config.write_text(told.replace(BULK, own), "utf-8")
        desk.done("collect")
        with desk.serving("serve") as base:
            httpx.post(f"{base}/subscribe/newsflash", data={"email": "kim@example.org"}, trust_env=False)
            note = came(notes, "kim@example.org")
            httpx.post(f"{base}{re.findall(r'/confirm/[a-z0-9_.]+', plain(note))[0]}", trust_env=False)
        desk.done("editions", "send", "newsflash", "--at", "2025-05-30T08:00Z")
        letter = came(letters, "kim@example.org")
    assert ("post@post.example.net", True) == verified(note, post)
    assert ("news@example.org", True) == verified(letter, bulk)
    assert b"Reply-To: help@post.example.net\r\n" in note
    assert [("bounces@bounces.post.example.net", "kim@example.org")] == notes.envelopes
    assert [("news@example.org", "kim@example.org")] == letters.envelopes
