"""What a letter must be before anybody gets it: short enough, whole, harmless, and easy to leave."""

from __future__ import annotations

import re
from email import message_from_bytes
from html.parser import HTMLParser

from digest.errors import LetterError
from digest.letter.holes import HOLES, Letter, Markers

MAX_HTML = 102_400
"""Octets at which the largest mailbox provider clips a message, and with it the way out."""
MAX_STYLE = 8192
_HEAD_ROOM = 3000
_HOLE_ROOM = 420
_BARRED = frozenset({"script", "iframe", "form", "object", "embed", "link", "base", "input", "video", "audio"})


def size(html: str, markers: Markers) -> int:
    """Octets that a message with this HTML comes to for any recipient, headers and real links included."""
    return len(html.encode()) + _HEAD_ROOM + html.count(markers.token) * _HOLE_ROOM


def letter(sealed: Letter) -> None:
    """Raise LetterError naming every fault of a letter that is about to be sealed."""
    found = faults(sealed)
    if found:
        raise LetterError("; ".join(found), about=f"letter in {sealed.language}")


def faults(sealed: Letter) -> list[str]:
    """All that is wrong with a letter, in words; empty when it may go."""
    page = _Page()
    page.feed(sealed.html)
    page.close()
    found = page.faults(sealed.markers)
    if size(sealed.html, sealed.markers) > MAX_HTML:
        found.append(f"its HTML would be clipped at {MAX_HTML} octets")
    leave = sealed.markers.of("unsubscribe")
    if leave not in page.links:
        found.append("its HTML has no link to unsubscribe")
    if leave not in sealed.text.splitlines():
        found.append("its text has no line with the address to unsubscribe")
    if not sealed.subject.strip() or "\n" in sealed.subject or "\r" in sealed.subject:
        found.append("its subject is no line of text")
    if sealed.markers.token in sealed.subject:
        found.append("its subject has a hole")
    return found


def message(raw: bytes, token: str) -> None:
    """Raise LetterError unless `raw`, spliced, is a message: lines, parts, headers, and no marker left in it."""
    found = [words for wrong, words in _message_faults(raw, token) if wrong]
    if found:
        raise LetterError("; ".join(found), about="message")


def _message_faults(raw: bytes, token: str) -> list[tuple[bool, str]]:
    parsed = message_from_bytes(raw)
    kinds = [part.get_content_type() for part in parsed.walk()]
    must = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version")
    lines = raw.split(b"\r\n")
    body = raw.partition(b"\r\n\r\n")[2]
    return [
        (token.encode() in raw, "a hole is not filled"),
        (any(b"\n" in line or b"\r" in line for line in lines), "a line does not end in CRLF"),
        (b"\0" in raw or not body.isascii(), "its body is not 7-bit text"),
        (any(len(line) > 998 for line in lines), "a line is longer than 998"),
        (any(line.startswith(b".") for line in lines), "a line begins with a dot"),
        (not raw.endswith(b"\r\n"), "its last line does not end"),
        (kinds != ["multipart/alternative", "text/plain", "text/html"], f"its parts are {', '.join(kinds)}"),
        (bool(parsed.defects), f"it cannot be parsed: {parsed.defects}"),
        *((len(parsed.get_all(name, [])) != 1, f"it has not one {name}") for name in must),
    ]


class _Page(HTMLParser):
    """What of a letter's HTML its rules are about."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.barred: list[str] = []
        self.headings = 0
        self.styles: list[int] = []
        self.handlers: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.handlers += [name for name in found if name.startswith("on")]
        self._in_style = tag == "style"
        if tag in _BARRED:
            self.barred.append(tag)
        elif tag == "a":
            self.links.append(found.get("href") or "")
        elif tag == "img":
            self.pictures.append(found)
        elif tag == "h1":
            self.headings += 1
        elif tag == "style":
            self.styles.append(0)

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles[-1] += len(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def faults(self, markers: Markers) -> list[str]:
        """All that breaks a rule, in words."""
        holes = {markers.of(hole) for hole in HOLES}
        web = re.compile(r"https?://[^\s]+")
        found = [f"it has a <{tag}>" for tag in self.barred]
        found += [f"it has an {name} handler" for name in self.handlers]
        found += [
            f"it links to {link!r}"
            for link in self.links
            if link not in holes and not web.fullmatch(link) and not link.startswith("mailto:")
        ]
        for shown in self.pictures:
            source = shown.get("src") or ""
            if not web.fullmatch(source) or markers.token in source:
                found.append(f"it has a picture at {source!r}")
            if shown.get("alt") is None:
                found.append(f"the picture at {source!r} has no alt")
            if shown.get("width") in ("0", "1", "2"):
                found.append(f"it has a tracking pixel at {source!r}")
        found += [f"a style block has {length} characters" for length in self.styles if length > MAX_STYLE]
        if self.headings != 1:
            found.append(f"it has {self.headings} h1")
        return found
