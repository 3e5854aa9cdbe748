"""The letter itself: headers, size, words for pictures, hosts that mislead, and what spam filters frown at (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from html.parser import HTMLParser
from ipaddress import ip_address
from urllib.parse import urlsplit

import idna

from digest.doctor.finding import Finding, fine, mind, wrong
from digest.doctor.specimen import Specimen
from digest.errors import LetterError
from digest.letter import check
from digest.model.editions import Snapshot

COMFORTABLE = 60_000
"""Octets of HTML: below them no provider clips, and phones load it at once."""
_SHORTENERS = frozenset({"bit.ly", "t.co", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "buff.ly", "rebrand.ly"})
_LONG_SUBJECT = 70
_NO_REPLY = re.compile(r"(?i)^(no|do-?not|ne-?pas)[-_.]?reply|^noreply")
_HOST = re.compile(r"(?i)\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b")
# Scripts that are written together (Unicode TR 39, "highly restrictive").
_TOGETHER = ({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}, {"LATIN", "CJK", "HANGUL"}, {"LATIN", "CJK", "BOPOMOFO"})


def look(found: Specimen, postal_address: str) -> list[Finding]:
    """All that can be said of a letter by reading it."""
    links = tuple(Links(found.shown.html).found)
    return [
        headers_of(found),
        size_of(found),
        pictures_of(found.snapshot, found.letter.language),
        hosts_of(links),
        *spam_of(found, links, postal_address),
    ]


def headers_of(found: Specimen) -> Finding:
    try:
        check.message(found.raw, found.letter.markers.token)
    except LetterError as error:
        return wrong("headers", error.message)
    missing = [words for holds, words in _header_rules(message_from_bytes(found.raw)) if not holds]
    if missing:
        return mind("headers", "; ".join(missing))
    return fine("headers", "one-click unsubscribe, List-Id, Date, Message-ID and MIME as large mailboxes want them")


def _header_rules(message: Message) -> list[tuple[bool, str]]:
    author = parseaddr(str(message["From"]))
    reply = parseaddr(str(message["Reply-To"] or message["From"]))[1]
    leave = str(message["List-Unsubscribe"] or "")
    return [
        (bool(author[0]), "From has no name beside its address"),
        (not _NO_REPLY.match(reply), f"answers go to {reply}, which nobody reads: set reply_to"),
        (author[1].rpartition("@")[2] in str(message["Message-ID"]), "Message-ID is of another domain than From"),
        (leave.startswith("<https://") or "<http://" in leave, "List-Unsubscribe has no web address"),
        (message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", "List-Unsubscribe-Post is missing"),
        ("." in str(message["List-Id"]), "List-Id is missing"),
        ("None" not in [str(value) for _, value in message.items()], "a header says None"),
    ]


def size_of(found: Specimen) -> Finding:
    size = check.size(found.letter.html, found.letter.markers)
    words = f"{size:,} of {check.MAX_HTML:,} octets before it is clipped"
    return (
        fine("size", words) if size <= COMFORTABLE else mind("size", words, "a smaller max_items, or shorter summaries")
    )


def language_of(language: str, known: Collection[str]) -> Finding:
    """What a letter says in our own words is English where there are none in its language."""
    if {language, language.partition("-")[0]} & set(known):
        return fine("words", f"there are our own in {language}")
    return mind(
        "words",
        f"none of our own in {language}: what is not the announcements' is English",
        f"words/{language}.po in a folder of your own templates, as templates/words/de.po is",
    )


def pictures_of(snapshot: Snapshot, language: str) -> Finding:
    """A file's name is no description: such pictures come without words, and are named here."""
    shown = [item.version(language, snapshot.language) for item in snapshot.items]
    silent = [each.title for each in shown if each.picture and each.picture.sha256 and not each.picture.alt.strip()]
    if silent:
        told = ", ".join(f'"{title}"' for title in silent[:3]) + ("…" if len(silent) > 3 else "")
        return mind(
            "alt texts", f"no words for the picture of {told}", "describe it at its source, or edit a draft: --alt"
        )
    return fine("alt texts", "every picture has words, or there is none")


def hosts_of(links: tuple[tuple[str, str], ...]) -> Finding:
    """Hosts whose letters come from several scripts look like others: the oldest trick of phishing."""
    hosts = {urlsplit(link).hostname or "" for link, _ in links}
    mixed = sorted(host for host in hosts if any(_mixes(label) for label in _read(host).split(".")))
    if mixed:
        return wrong(
            "link hosts", f"letters of several scripts in {', '.join(mixed)}", "it may be an imposter: look at it"
        )
    return fine("link hosts", f"{len(hosts)} of them, none in mixed scripts")


def spam_of(found: Specimen, links: tuple[tuple[str, str], ...], postal_address: str) -> Iterator[Finding]:
    """Hints, by what filters are known to count; no filter is asked."""
    hints = [words for holds, words in _spam_rules(found, links, postal_address) if holds]
    if not hints:
        yield fine("spam hints", "none")
    for words in hints:
        yield mind("spam hints", words)


def _spam_rules(found: Specimen, links: tuple[tuple[str, str], ...], postal_address: str) -> list[tuple[bool, str]]:
    subject, letters = found.shown.subject, [each for each in found.shown.subject if each.isalpha()]
    hosts = [(urlsplit(link).hostname or "").lower() for link, _ in links]
    away = [link for link, _ in links if link.startswith("http://") and not _near(link)]
    misleading = [words for link, words in links if _misleads(link, words)]
    return [
        (len(letters) > 6 and "".join(letters).isupper(), "the subject is all in capitals"),
        ("!!" in subject or subject.count("!") > 1, "the subject shouts"),
        (len(subject) > _LONG_SUBJECT, f"the subject has {len(subject)} letters; phones show forty"),
        (not postal_address, "no postal address (site.postal_address); many countries demand one"),
        (bool(away), f"{len(away)} links are not https, such as {(away or [''])[0]}"),
        (bool(misleading), f"the words of a link name another host than it leads to: {(misleading or [''])[0]}"),
        (any(host in _SHORTENERS for host in hosts), "a link goes through a shortener, as spam does"),
        (any(_is_address(host) and not _near(f"//{host}") for host in hosts), "a link leads to a bare IP address"),
        (
            len(links) > 0 and len(found.shown.text) < 60 * len(links) ** 0.5,
            "there is hardly any text beside the links",
        ),
    ]


class Links(HTMLParser):
    """Every link of a page with its words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._in_link = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append((dict(attrs).get("href") or "", ""))
            self._in_link = True

    def handle_endtag(self, tag: str) -> None:
        self._in_link = self._in_link and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._in_link:
            link, words = self.found[-1]
            self.found[-1] = (link, words + data)


def _mixes(label: str) -> bool:
    scripts = {unicodedata.name(each, "").partition(" ")[0] for each in label if each.isalpha()}
    return len(scripts) > 1 and not any(scripts <= each for each in _TOGETHER)


def _read(host: str) -> str:
    """A host as people read it."""
    try:
        return idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        return host


def _misleads(link: str, words: str) -> bool:
    named, host = (
        _HOST.fullmatch(words.strip().removeprefix("https://").removeprefix("http://")),
        urlsplit(link).hostname,
    )
    return bool(named and host and named[0].lower().removeprefix("www.") != host.removeprefix("www."))


def _near(link: str) -> bool:
    """On this machine or network, where a trial runs."""
    host = urlsplit(link).hostname or ""
    return host == "localhost" or (_is_address(host) and not ip_address(host).is_global)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
