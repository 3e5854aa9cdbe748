"""Plain text from what strangers wrote: decoded once, no controls, no tags, never longer than asked."""

from __future__ import annotations

import html
import re
import unicodedata

TITLE_LIMIT = 500
TEASER_LIMIT = 320

# Whatever XML 1.0 cannot carry, and the controls that would split a header or reverse a line (RFC 5322, UAX #9).
_ILLEGAL = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Windows' signs under another charset's name, as browsers read them (WHATWG, Encoding): quotes and dashes, mostly.
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_NUMERIC = re.compile(r"&#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});")
_BREAKS = re.compile(
    r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figure|figcaption|section|article|hr|dd|dt)\b[^<>]*>",
    re.IGNORECASE,
)
_SILENT = re.compile(r"<(script|style|noscript|template|svg|math|head|title|iframe|object)\b", re.IGNORECASE)
_ENDING = re.compile(
    r"[\s\u2026]*(?:\.{3,}\s*)?(?:"
    r"\[\s*(?:\u2026|\.{3})\s*\]|\(\s*(?:\u2026|\.{3})\s*\)|"
    r"(?:\[\s*)?(?:continue reading|read more|read the rest(?: of this entry)?|leer m\u00e1s|weiterlesen|lire la suite)"
    r"(?:\s*(?:\u2192|\u00bb|\u203a|>+|\u2026|\.{3}))?(?:\s*\])?"
    r")\s*$",
    re.IGNORECASE,
)
_ENDS = (*"])>.g", *"\u2026\u2192\u00bb\u203a", "more", "rest", "entry", "m\u00e1s", "lesen", "suite")
_FILE = re.compile(
    r"\S*\.(?:jpe?g|png|gif|webp|svg|avif|heic|tiff?|bmp)"  # mine-final.jpg
    r"|(?=\S*\d)[\w.-]*[_-][\w.-]*"  # mine_final-1024x683
    r"|(?:img|dsc[nf]?|pxl|screenshot|image|picture|photo|untitled)[\s_.-]*[\d\s_.():-]*"  # IMG 2041
    r"|[0-9a-f]{16,}",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"\s*(?:\u2026|\.{3})\s*$")


def legal(value: str) -> str:
    """Without what no XML document may hold; line ends are `\\n`."""
    # Most texts hold nothing odd, and are told so five times as fast as by the expression.
    if value.replace("\n", " ").replace("\t", " ").isprintable():
        return value
    return _ILLEGAL.sub("", value.replace("\r\n", "\n").replace("\r", "\n").translate(_WINDOWS))


def one_line(value: str) -> str:
    """White space collapsed, no controls and no direction marks."""
    line = value.replace("\n", " ").replace("\t", " ").replace("\xa0", " ")
    if not line.isprintable():
        return " ".join(_BIDI.sub("", legal(" ".join(value.translate(_WINDOWS).split()))).split())
    # What is printable has no white space left but the one: looking for two is quicker than parting every word.
    while "  " in line:
        line = line.replace("  ", " ")
    return line.strip(" ")


def title_text(value: str, *, is_html: bool) -> str:
    """A title as plain text; entities are decoded once, and only where the title came as HTML.

    Elsewhere only numeric references are decoded: left in a plain title they are always an encoding too many.
    """
    bare = _TAG.sub("", value[: TITLE_LIMIT * 20])
    decoded = html.unescape(bare) if is_html else _NUMERIC.sub(lambda found: html.unescape(found[0]), bare)
    line = shorten(one_line(decoded), TITLE_LIMIT)
    # Of nothing but zero-width characters a link would be made that nobody sees.
    return line if any(map(str.isprintable, line.replace(" ", ""))) else ""


def html_text(value: str) -> str:
    """The words of an HTML fragment on one line."""
    bare = _TAG.sub("", _BREAKS.sub(" ", _without_comments(_without_silent(value))))
    return one_line(html.unescape(bare))


def teaser(value: str) -> str:
    """A summary in words, without the "[…]" and "Read more" that sites put at its end."""
    text = html_text(value)
    whole = without_tail(text)
    if whole != text and whole and not whole.endswith((".", "!", "?", "\u2026", ":", '"', "\u201d")):
        whole += "\u2026"
    return shorten(whole, TEASER_LIMIT * 2)


def without_tail(text: str) -> str:
    """A text without the endings that only say it goes on; several may follow each other."""
    for _ in range(4):
        # Only the end is looked at: a pattern that starts with white space must not wander through a whole book.
        head, tail = text[:-80], text[-80:]
        if not tail.rstrip().lower().endswith(_ENDS):
            break
        shorter = _ENDING.sub("", tail)
        if shorter == tail:
            break
        text = (head + shorter).rstrip()
    return text


def is_cut(text: str) -> bool:
    """Whether a text ends by saying that there is more elsewhere."""
    if text.endswith((".", "!", "?", "\u201d", '"')) and not text.endswith("..."):
        return False
    return without_tail(text) != text.rstrip() or bool(_ELLIPSIS.search(text[-8:]))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words and marked with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    head = cut.rpartition(" ")[0]
    return (head if len(head) > limit // 2 else cut).rstrip(" ,;:\u2013-") + "\u2026"


def described(alt: str) -> str:
    """What is said of a picture; "" where it is only the name of its file, which tells nobody what it shows."""
    return "" if _FILE.fullmatch(alt.strip()) else alt


def title_key(title: str) -> str:
    """What two equal titles share: compatibility form, case and white space folded away."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", title).casefold()).strip()


def _without_silent(value: str) -> str:
    if not _SILENT.search(value):
        return value
    parts, at, lower = [], 0, value.lower()
    while (found := _SILENT.search(value, at)) is not None:
        parts.append(value[at : found.start()])
        end = lower.find(f"</{found[1].lower()}", found.end())
        if end < 0:
            return " ".join(parts)
        at = end
    return " ".join([*parts, value[at:]])


def _without_comments(value: str) -> str:
    if "<!--" not in value:
        return value
    parts, at = [], 0
    while (start := value.find("<!--", at)) >= 0:
        parts.append(value[at:start])
        end = value.find("-->", start)
        if end < 0:
            return "".join(parts)
        at = end + 3
    return "".join([*parts, value[at:]])
