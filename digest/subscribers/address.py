"""An address as it was typed, and as one key for whoever reads mail there."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

LONGEST = 254  # octets on the wire (RFC 5321, 4.5.3.1.3, without the angle brackets)
LONGEST_LOCAL = 64
LONGEST_NAME = 200

_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")


@dataclass(frozen=True, slots=True)
class Address:
    """`email` as typed (NFC); `norm` is its key: local part as typed, domain as lower-case A-labels (RFC 5891)."""

    email: str
    norm: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something a person typed cannot be taken, as a sentence they can act on."""

    why: str


def read(text: str) -> Address | Refused:
    """Read one bare address; what is quoted, has control characters or is too long is refused.

    Only its form is judged: nothing is looked up (RFC 5321, 4.1.2; RFC 6531 for other scripts).
    """
    typed = text.strip(" \t")
    if not typed:
        return Refused("There is no address.")
    if not _is_plain(typed) and _CONTROL.search(typed):
        return Refused("The address contains a line break or another control character.")
    if len(typed) > 4 * LONGEST:
        return Refused(f"The address is too long: {LONGEST} characters are the most.")
    local, at, domain = typed.partition("@")
    plain = bool(at) and _PLAIN.fullmatch(local) is not None
    # Most addresses have a plain local part at a domain seen before: a long list is read in seconds.
    found = _judged(f"x@{domain}") if plain else _judged.__wrapped__(typed)
    if isinstance(found, Refused):
        return found
    local, domain = (local, found[1]) if plain else found
    norm = f"{local}@{domain}"
    if len(local.encode()) > LONGEST_LOCAL:
        return Refused(f"The part before the @-sign is too long: {LONGEST_LOCAL} characters are the most.")
    if len(norm.encode()) > LONGEST:
        return Refused(f"The address is too long: {LONGEST} characters are the most.")
    return Address(unicodedata.normalize("NFC", typed), norm)


@lru_cache(maxsize=20_000)
def _judged(typed: str) -> tuple[str, str] | Refused:
    """(local part, domain as A-labels) of a well-formed address."""
    try:
        found = validate_email(
            typed, check_deliverability=False, allow_smtputf8=True, allow_quoted_local=False, allow_display_name=False
        )
    except EmailNotValidError as error:
        return Refused(str(error))
    return found.local_part, (found.ascii_domain or found.domain).lower()


def read_name(text: str) -> str | Refused:
    """A person's name with its spaces tidied; control characters are refused, for it may stand in a header."""
    name = text
    if not _is_plain(text):
        name = unicodedata.normalize("NFC", text).strip(" \t")
        if _CONTROL.search(name):
            return Refused("The name contains a line break or another control character.")
    name = " ".join(name.split())
    return name if len(name) <= LONGEST_NAME else Refused(f"The name is longer than {LONGEST_NAME} characters.")


@lru_cache(maxsize=1_000)
def read_language(text: str) -> str | Refused:
    """A language tag (BCP 47), lower case; empty means the site's own."""
    tag = text.strip(" \t")
    if tag and not _LANGUAGE.fullmatch(tag):
        return Refused('The language is no tag such as "en" or "pt-BR".')
    return tag.lower()


def _is_plain(text: str) -> bool:
    """Whether there is nothing but ASCII in it, and no control character: of most, this is soon known."""
    return text.isascii() and text.isprintable()


def masked(email: str) -> str:
    """Enough to recognise one's own address by, too little to write to: `a•••@e•••.org`."""
    local, _, domain = email.rpartition("@")
    host, _, top = domain.rpartition(".")
    return f"{local[:1]}•••@{host[:1]}•••.{top}"
