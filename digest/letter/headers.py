"""Header fields, by hand and right to the byte.

The standard library folds List-Unsubscribe into encoded words, which hides the button in most mailboxes, and
loses spaces between the words of others: none of its folding is used here.
Line ends and other control characters cannot pass: every value goes through `clean`, `address` or `uri`.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parseaddr
from functools import lru_cache

import idna

from digest.errors import LetterError

MAX_NAME = 1000
"""Letters of a name or a title that a header repeats."""
_LINE = 78
_TO = _LINE - len("To: ")
_WORD = 60
_ENCODED = 39  # octets of text in one encoded word
_FOLD = "\r\n "
_LONGEST_FIELD = len("Reply-To: ")  # of those that name somebody
# Asked of every letter, so no part of them is tried twice.
_WORDS = re.compile(r"[A-Za-z0-9]++(?: [A-Za-z0-9]++)*+")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_LOCAL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+)*"
)
_ADDRESS = r"[A-Za-z0-9_+-]{1,64}+(?:\.[A-Za-z0-9_+-]{1,40}+){0,3}+@[A-Za-z0-9][A-Za-z0-9.-]{0,61}+(?<=[A-Za-z0-9])"
_USUAL = re.compile(_ADDRESS)
_USUAL_BOX = re.compile(f"{_WORDS.pattern} <{_ADDRESS}>")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f.:IPv]+\]")
_URI = re.compile(r"(?:https?|mailto):[!-;=?-~]{1,900}")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name, often empty, and an address."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What all letters of a mailing say of their sender and their list (RFC 2369, 2919)."""

    sender: Mailbox
    list_title: str
    list_id: str
    """A domain name: newsflash.news.example.org."""
    reply_to: str = ""
    archive: str = ""
    help: str = ""


def mailbox(text: str) -> Mailbox:
    """The mailbox that a setting writes as `Name <address>` or as a bare address; LetterError if it is neither.

    Its domain is in ASCII: it goes into envelopes and Message-IDs, too.
    """
    name, spec = parseaddr(text)
    return Mailbox(name, address(spec))


def clean(text: str) -> str:
    """`text` as one line: control characters, line ends and lone surrogates become spaces, spaces single."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(" " if _barred(letter) else letter for letter in text)
    return " ".join(text.split())


@lru_cache(maxsize=1024)
def _barred(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


def text_field(name: str, text: str) -> str:
    """A field of free text, like Subject; folded, with its CRLF."""
    line = clean(text)
    return f"{name}: {_folded(line, len(name) + 2) if _plain(line) else _encoded(line)}\r\n"


def mailbox_value(name: str, box: Mailbox) -> str:
    """The value of an address field called `name`: From, To, Reply-To."""
    spec = address(box.address)
    phrase = _phrase(box.name) if box.name else ""
    if not phrase:
        return spec
    last = phrase.rpartition("\r\n")[2] if "\r\n" in phrase else f"{name}: {phrase}"
    return phrase + (" " if len(last) + len(spec) + 3 <= _LINE else _FOLD) + f"<{spec}>"


def usual_box(name: str, spec: str) -> str:
    """The value of To where none of it needs quoting, encoding or a fold, as nearly everybody's; else empty."""
    if not name:
        return spec if len(spec) <= _WORD and _USUAL.fullmatch(spec) else ""
    box = f"{name} <{spec}>"
    return box if len(name) <= _WORD and len(box) <= _TO and _USUAL_BOX.fullmatch(box) else ""


def address(spec: str) -> str:
    """`spec` as it may stand in a header or envelope, its domain in ASCII (RFC 5891); LetterError if it may not."""
    if _USUAL.fullmatch(spec):
        return spec
    local, _, domain = spec.rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise LetterError("has no possible domain", about=repr(spec)) from error
    if (
        len(local.encode("utf-8", "replace")) + len(domain) > 253
        or not _LOCAL.fullmatch(local)
        or not _DOMAIN.fullmatch(domain)
        or not local.isprintable()
    ):
        raise LetterError("is no address that can be written to", about=repr(spec))
    return f"{local}@{domain}"


def uri(link: str) -> str:
    """`link` as it may stand between angle brackets; LetterError if it may not."""
    if not _URI.fullmatch(link):
        raise LetterError("cannot stand in a header", about=repr(link))
    return link


def list_unsubscribe_value(https: str, mailto: str = "") -> str:
    """The value of List-Unsubscribe (RFC 2369, 8058); never encoded, folded only between its addresses."""
    return f"<{uri(https)}>" + (f",\r\n <{uri(mailto)}>" if mailto else "")


def list_id_value(title: str, list_id: str) -> str:
    """The value of List-Id: what the list is called, and its name among lists (RFC 2919)."""
    if not _DOMAIN.fullmatch(list_id):
        raise LetterError("is no list id", about=repr(list_id))
    phrase = _phrase(title)
    room = len(phrase) + len(list_id) < 64 and _FOLD not in phrase
    return phrase + (" " if room else _FOLD) + f"<{list_id}>"


def date_value(moment: datetime) -> str:
    """The value of Date, from an aware moment (RFC 5322); always told in UTC."""
    return _date(int(moment.timestamp()))


@lru_cache(maxsize=64)
def _date(seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC))


def message_id(mac: bytes, domain: str) -> str:
    """The Message-ID of `mac`, the keyed digest of what the letter is and whom it goes to."""
    if not _DOMAIN.fullmatch(domain):
        raise LetterError("is no domain", about=repr(domain))
    return f"<{mac.hex()}@{domain}>"


def mailing_head(heading: Heading, subject: str) -> str:
    """The fields that every letter of a mailing shares, without those of MIME."""
    fields = [
        f"From: {mailbox_value('From', heading.sender)}\r\n",
        f"Reply-To: {address(heading.reply_to)}\r\n" if heading.reply_to else "",
        text_field("Subject", subject),
        f"List-Id: {list_id_value(heading.list_title, heading.list_id)}\r\n",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        f"List-Archive: <{uri(heading.archive)}>\r\n" if heading.archive else "",
        f"List-Help: <{uri(heading.help)}>\r\n" if heading.help else "",
        "Precedence: bulk\r\n",
        "Auto-Submitted: auto-generated\r\n",
    ]
    return "".join(fields)


def note_head(sender: Mailbox, subject: str, reply_to: str = "") -> str:
    """The fields of a note that are its own, without those of MIME and of its recipient."""
    fields = [
        f"From: {mailbox_value('From', sender)}\r\n",
        f"Reply-To: {address(reply_to)}\r\n" if reply_to else "",
        text_field("Subject", subject),
        "Auto-Submitted: auto-generated\r\n",
    ]
    return "".join(fields)


@lru_cache(maxsize=4096)
def _phrase(text: str) -> str:
    if len(text) <= _WORD and _WORDS.fullmatch(text):
        return text
    name = clean(text)[:MAX_NAME].rstrip()
    if not _plain(name):
        return _encoded(name)
    quoted = name if not name or _PHRASE.fullmatch(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return _folded(quoted, _LONGEST_FIELD)


def _folded(line: str, column: int) -> str:
    """`line`, its spaces single, begun at `column`: folded at spaces so that lines stay within 78 where words allow."""
    if column + len(line) <= _LINE:
        return line
    rows, room = [""], _LINE - column
    for word in line.split(" "):
        if rows[-1] and len(rows[-1]) + 1 + len(word) > room:
            rows.append("")
            room = _LINE - 1
        rows[-1] += f" {word}" if rows[-1] else word
    return _FOLD.join(rows)


def _plain(line: str) -> bool:
    """Whether `line` may stand as it is: ASCII, foldable, and nothing a reader would decode."""
    return line.isascii() and "=?" not in line and (len(line) <= _WORD or max(map(len, line.split(" "))) <= _WORD)


def _encoded(line: str) -> str:
    """`line` as encoded words, a line each, no letter torn apart (RFC 2047): at most 76 columns with a field's name."""
    return _FOLD.join(f"=?utf-8?b?{b64encode(chunk).decode('ascii')}?=" for chunk in _chunks(line))


def _chunks(line: str) -> Iterator[bytes]:
    data, at = line.encode(), 0
    while at < len(data):
        end = min(at + _ENCODED, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:  # inside a letter
            end -= 1
        yield data[at:end]
        at = end
