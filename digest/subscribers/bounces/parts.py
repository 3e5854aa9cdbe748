"""A stranger's message taken apart without trusting its form: headers, the words, what came back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message

LONGEST = 200_000
"""Letters of one part that are looked at."""
LONGEST_HEADER = 20_000
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)$")
_TAG = re.compile(r"(?is)<(style|script|head)\b.*?</\1>|<[^>]{0,2000}>")


def header(message: Message, name: str) -> str:
    """A header as text, whatever stands in it; "" where there is none."""
    value = message.get(name)
    if value is None:
        return ""
    given = str(value)[:LONGEST_HEADER]
    try:
        return str(make_header(decode_header(given)))
    except (ValueError, LookupError):
        return given


def report_type(message: Message) -> str:
    """The kind of report it says it is (RFC 6522), lower case."""
    try:
        value = message.get_param("report-type")
    except (ValueError, LookupError):
        return ""
    return value.lower() if isinstance(value, str) else ""


def walked(message: Message, *, into_returned: bool = False) -> Iterator[Message]:
    """The parts of a message, outermost first, without those of the letter that came back."""
    yield message
    kind = message.get_content_type()
    if kind in ("message/rfc822", "message/global", "text/rfc822-headers") and not into_returned:
        return
    payload = message.get_payload()
    if isinstance(payload, list) and kind not in ("message/delivery-status",):
        for part in payload:
            if isinstance(part, Message):
                yield from walked(part, into_returned=into_returned)


def text(part: Message) -> str:
    """A part as text, decoded as far as it can be."""
    payload = part.get_payload()
    if isinstance(payload, list):
        # The parser takes some reports for messages of their own; as bytes, what is not ASCII survives.
        return "\n\n".join(_bytes(each).decode("utf-8", "replace") for each in payload)[:LONGEST]
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return str(payload or "")[:LONGEST]
    for charset in (part.get_content_charset() or "utf-8", "utf-8", "latin-1"):
        try:
            return raw.decode(charset)[:LONGEST]
        except (LookupError, ValueError):
            continue
    return ""


def words(message: Message) -> str:
    """What a person would read of it: the plain text, else the HTML without its tags."""
    plain = [text(part) for part in walked(message) if part.get_content_type() in ("text/plain", "text/x-plain")]
    if not any(each.strip() for each in plain):
        plain = [_TAG.sub(" ", text(part)) for part in walked(message) if part.get_content_type() == "text/html"]
    if not plain and not message.is_multipart():
        plain = [text(message)]
    return "\n".join(plain)


def blocks(given: str) -> list[dict[str, str]]:
    """Groups of fields with blank lines between (RFC 3464, 2.1), unfolded; the first of each name counts."""
    found: list[dict[str, str]] = [{}]
    name = ""
    for line in given.splitlines():
        if not line.strip():
            if found[-1]:
                found.append({})
            name = ""
        elif line[0] in " \t" and name:
            found[-1][name] += " " + line.strip()
        elif field := _FIELD.match(line.lstrip("> ")):
            name = field[1].lower()
            if name in found[-1]:
                name = ""
            else:
                found[-1][name] = field[2].strip()
    return [block for block in found if block]


def returned(message: Message) -> dict[str, str]:
    """The headers of the letter that came back, as far as they came; lower-case names."""
    for part in walked(message):
        kind = part.get_content_type()
        if kind in ("message/rfc822", "message/global"):
            inner = part.get_payload()
            first = inner[0] if isinstance(inner, list) and inner else None
            if isinstance(first, Message):
                return {name.lower(): str(value) for name, value in reversed(first.items())}
            return next(iter(blocks(text(part))), {})
        if kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            return next(iter(blocks(text(part))), {})
    return {}


def _bytes(part: object) -> bytes:
    try:
        return bytes(part) if isinstance(part, Message) else str(part).encode("utf-8", "replace")
    except (ValueError, LookupError, AttributeError, KeyError):
        return b""
