"""DKIM signatures (RFC 6376; RFC 8463 for Ed25519) over messages as `letter.compile` makes them.

relaxed/relaxed, no l=. Bodies are written so that relaxed canonicalisation finds nothing to change (`letter.quoted`),
and the fields that a mailing's letters share are canonicalised once.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from digest.errors import ConfigError

SHORTEST, SHORT = 1024, 2048
"""Bits of an RSA key: below the first nobody trusts it, below the second few will for long (RFC 8301)."""
# From twice: a second one that somebody adds breaks the signature (RFC 6376, 8.15).
_SIGNED = tuple(
    b"from from to reply-to subject date message-id mime-version content-type"
    b" list-id list-unsubscribe list-unsubscribe-post list-archive list-help".split()
)
_FIELDS = re.compile(rb"\r\n(?![ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_LINE, _FOLD = 76, b"\r\n "

Key = RSAPrivateKey | Ed25519PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One key, and where receivers find its other half: `selector`._domainkey.`domain`."""

    domain: str
    selector: str
    key: Key = field(repr=False)

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"

    @property
    def name(self) -> str:
        """Of the DNS record that receivers look up."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The text of that record; longer than 255 octets it is published as several strings."""
        public = self.key.public_key()
        if isinstance(self.key, RSAPrivateKey):
            return f"v=DKIM1; k=rsa; p={_text(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))}"
        return f"v=DKIM1; k=ed25519; p={_text(public.public_bytes(Encoding.Raw, PublicFormat.Raw))}"

    @property
    def weak(self) -> bool:
        """Whether the key is shorter than receivers ask for."""
        return isinstance(self.key, RSAPrivateKey) and self.key.key_size < SHORT

    def sign(self, data: bytes) -> bytes:
        """The signature of canonical header fields."""
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(data, PKCS1v15(), SHA256())
        return self.key.sign(sha256(data).digest())


def read_key(pem: bytes, *, about: str) -> Key:
    """The private key of a PEM file; ConfigError for one that cannot sign or is too short to be trusted."""
    try:
        key = load_pem_private_key(pem, None)
    except TypeError:
        raise ConfigError(
            "is locked with a password; keep it without, readable by its owner alone", about=about
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError("is no private key in PEM that can be used", about=about) from None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ConfigError("is neither an RSA nor an Ed25519 key", about=about)
    if isinstance(key, RSAPrivateKey) and key.key_size < SHORTEST:
        raise ConfigError(f"has {key.key_size} bits; {SHORT} are wanted and {SHORTEST} the least", about=about)
    return key


def signed(message: bytes, signers: Sequence[Signer], *, at: datetime) -> bytes:
    """`message` with a DKIM-Signature of each signer before it.

    CRLF throughout, before dot-stuffing; of its body only empty lines at the end are not canonical.
    """
    head, _, body = message.partition(b"\r\n\r\n")
    names, canonical = _signed_fields(head)
    fixed = _names_folded(names), _text(sha256(_whole(body)).digest()).encode("ascii")
    return b"".join([*(_field(signer, canonical, *fixed, at) for signer in signers), message])


def relaxed_field(raw: bytes) -> bytes:
    """A header field, without its CRLF, as it is signed: with one (RFC 6376, 3.4.2)."""
    name, _, value = raw.partition(b":")
    return b"%b:%b\r\n" % (
        name.strip(b" \t").lower(),
        _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" "),
    )


# What a mailing's letters share is asked for with each of them, and so never falls out.
_relaxed_field = lru_cache(maxsize=256)(relaxed_field)


def _signed_fields(head: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """The names that h= lists, and the fields of that order; of a name that comes again, the last one first."""
    found: dict[bytes, list[bytes]] = {}
    for raw in _FIELDS.split(head):
        canonical = _relaxed_field(raw)
        found.setdefault(canonical.partition(b":")[0], []).append(canonical)
    present = [name for name in _SIGNED if name in found]
    return tuple(present), b"".join(found[name].pop() for name in present if found[name])


def _whole(body: bytes) -> bytes:
    """The body without empty lines at its end; one that is nothing else is nothing (RFC 6376, 3.4.4)."""
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[: end + 2] if 0 < end < len(body) else body[:end] + b"\r\n" * (end > 0)


def _field(signer: Signer, canonical: bytes, names: bytes, body_hash: bytes, at: datetime) -> bytes:
    tags = b"%b t=%d;\r\n h=%b;\r\n bh=%b;\r\n b=" % (_who(signer), int(at.timestamp()), names, body_hash)
    # Its own canonical form: blanks are single, and folded lines begin with one.
    signature = b64encode(signer.sign(canonical + b"dkim-signature:" + tags.replace(b"\r\n", b"")))
    rows = (signature[start : start + _LINE - 2] for start in range(0, len(signature), _LINE - 2))
    return b"DKIM-Signature: " + tags + _FOLD.join(rows) + b"\r\n"


@lru_cache(maxsize=64)
def _who(signer: Signer) -> bytes:
    said = f"v=1; a={signer.algorithm}; c=relaxed/relaxed; d={signer.domain};\r\n s={signer.selector};"
    return said.encode("ascii")


@lru_cache(maxsize=64)
def _names_folded(names: tuple[bytes, ...]) -> bytes:
    rows = [b""]
    for name in names:
        if len(rows[-1]) + len(name) > _LINE - 4:
            rows.append(b"")
        rows[-1] += name + b":"
    return _FOLD.join(rows)[:-1]


def _text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
