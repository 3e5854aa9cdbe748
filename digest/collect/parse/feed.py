"""Any feed: RSS 0.9x, 1.0 and 2.0, Atom and JSON Feed, told apart by what they are and not by what they are called.

lxml reads what is well-formed. What is only odd (a stray `&`, an undefined entity, bad bytes, a plugin's words before
or behind) goes to feedparser. A document that is cut short or whose tags do not match is an error: half a truth would
be taken for the whole.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

from lxml import etree

from digest.collect.parse import BODY_LIMIT, TAG_LIMIT, Document
from digest.collect.parse.elements import local_name
from digest.collect.parse.jsonfeed import parse_json_feed
from digest.collect.parse.xmlfeed import read_tree
from digest.errors import ParseError

_ODD = frozenset(
    {
        "ERR_UNDECLARED_ENTITY",
        "WAR_UNDECLARED_ENTITY",
        "ERR_ENTITYREF_SEMICOL_MISSING",
        "ERR_ENTITYREF_NO_NAME",
        "ERR_NAME_REQUIRED",
        "ERR_INVALID_CHAR",
        "ERR_INVALID_CHARREF",
        "ERR_INVALID_DEC_CHARREF",
        "ERR_INVALID_HEX_CHARREF",
        "ERR_INVALID_ENCODING",
        "ERR_UNKNOWN_ENCODING",
        "ERR_UNSUPPORTED_ENCODING",
        "ERR_RESERVED_XML_NAME",
        "ERR_HYPHEN_IN_COMMENT",
        "ERR_MISPLACED_CDATA_END",
        "NS_ERR_UNDEFINED_NAMESPACE",
        "ERR_ATTRIBUTE_REDEFINED",
        "ERR_DOCUMENT_END",
        "I18N_CONV_FAILED",
    }
)
# Half a character is none; libxml keeps it when it recovers, and nothing can read it afterwards.
_SURROGATE = re.compile(rb"&#(?:[xX]0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*5[5-7][0-9]{3});")
_DOCTYPE = re.compile(rb"<!DOCTYPE\s[^<>\[]*>")
_LONG_TAG = re.compile(rb"<[^<>]{%d}" % TAG_LIMIT)
_DEFAULTS = frozenset({"iso-8859-1", "us-ascii", "windows-1252"})
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


def parse_feed(body: bytes, *, url: str, content_type: str = "") -> Document:
    """The items of a feed document; raises ParseError naming the URL."""
    if len(body) > BODY_LIMIT:
        raise ParseError(f"larger than {BODY_LIMIT / 1_000_000:g} MB", about=url)
    start = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise ParseError("an empty document, not a feed", about=url)
    if start.startswith(b"{"):
        return parse_json_feed(body, url=url)
    _refuse(body, start, url)
    # A DTD is not read, and where one is named lxml takes HTML's entities for defined (RSS 0.91).
    body = _DOCTYPE.sub(b"", body[:1024]) + body[1024:]
    try:
        return read_tree(_strict(body, content_type), url=url)
    except etree.XMLSyntaxError:
        return _odd(body, url=url, content_type=content_type)


def _refuse(body: bytes, start: bytes, url: str) -> None:
    if re.match(rb"(?:<!--.{0,300}?-->\s*)?<(?:!doctype html|html[\s>])", start, re.IGNORECASE | re.DOTALL):
        raise ParseError("an HTML page, not a feed", about=url)
    if b"<!ENTITY" in (body.replace(b"\0", b"") if b"\0" in body else body):
        raise ParseError("declares entities of its own; refused", about=url)
    if max(map(len, body.split(b"<"))) >= TAG_LIMIT and _LONG_TAG.search(body):
        raise ParseError(f"a tag longer than {TAG_LIMIT // 1000} kB; refused", about=url)


def _parser(encoding: str | None, *, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=recover,
        strip_cdata=False,
        remove_comments=True,
        remove_pis=True,
        encoding=encoding,
    )


def _strict(body: bytes, content_type: str) -> etree._Element:
    # What the document says of its own encoding, and what it plainly is, is right more often than a server's default.
    declared = re.match(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff|<\?xml[^>]{0,100}encoding=)", body)
    charset = None if declared else _CHARSET.search(content_type)
    if charset and charset[1].lower() in _DEFAULTS:
        with suppress(UnicodeDecodeError):
            body.decode()
            charset = None
    try:
        return etree.fromstring(body, _parser(charset[1] if charset else None, recover=False))
    except LookupError:  # an encoding that nobody knows
        return etree.fromstring(body, _parser(None, recover=False))


def _odd(body: bytes, *, url: str, content_type: str) -> Document:
    parser = _parser(None, recover=True)
    body = _SURROGATE.sub(b"&#xFFFD;", body.lstrip())
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(f"not XML: {error}", about=url) from error
    for problem in parser.error_log:
        if problem.type_name not in _ODD and problem.level_name != "WARNING":
            words = problem.message.strip()[:200]
            raise ParseError(f"broken XML, line {problem.line}: {words}", about=url)
    if root is None:
        raise ParseError("not XML", about=url)
    if local_name(root).lower() == "html":
        raise ParseError("an HTML page, not a feed", about=url)
    # Slow to load, and few feeds need it.
    from digest.collect.parse.oddfeed import parse_odd_feed

    odd = Document(items=())
    with suppress(Exception):  # feedparser lets thirteen kinds escape; what lxml recovered is asked next
        odd = parse_odd_feed(body, url=url, content_type=content_type)
    try:
        recovered = read_tree(root, url=url)
    except (ParseError, ValueError) as error:
        if odd.items:
            return odd
        raise ParseError(f"broken XML: {error}", about=url) from error
    return replace(odd, minutes=recovered.minutes, deleted=recovered.deleted) if odd.items else recovered
