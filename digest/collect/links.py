"""Canonical links: two spellings of one address become one (RFC 3986 section 6, tracking left out)."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import idna

_PORTS = {"http": "80", "https": "443"}
_TRACKING = re.compile(
    r"(?:utm_[^=]*|mc_[^=]*|fbclid|gclid|msclkid|dclid|yclid|igshid|_hsenc|_hsmi)(?:=|$)", re.IGNORECASE
)
_HOST = re.compile(r"[a-z0-9._\-:\[\]]+")
_LONGEST = 4000
# Most addresses stand in their one spelling already.
_CANONICAL = re.compile(r"https?://[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)*/[A-Za-z0-9%/:@!$&'()*+,;=~._|\-]*")


def canonical_link(url: str) -> str:
    """An http or https address in its one spelling; empty for anything else.

    Scheme and host in lower case, the host as A-labels, no default port, fragment, user or tracking parameters;
    the path's case, the order of the query and a trailing slash stay.
    """
    if len(url) <= _LONGEST and _CANONICAL.fullmatch(url):
        return url
    text = re.sub(r"[\t\n\r]", "", url.strip())
    if len(text) > _LONGEST:
        return ""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    name = _a_labels(host)
    if scheme not in _PORTS or not name:
        return ""
    netloc = name if port is None or str(port) == _PORTS[scheme] else f"{name}:{port}"
    query = "&".join(part for part in parts.query.split("&") if part and not _TRACKING.match(part))
    return urlunsplit((scheme, netloc, _quoted(parts.path) or "/", _quoted(query), ""))


def absolute(url: str, base: str) -> str:
    """An address resolved against the page it stood on; empty when it cannot be."""
    if _CANONICAL.fullmatch(url):
        return url
    try:
        return urljoin(base, re.sub(r"[\t\n\r]", "", url.strip()))
    except ValueError:
        return ""


def link_key(link: str) -> str:
    """A canonical link without its scheme: http and https are equal, but only for comparing."""
    return link.partition("://")[2]


def other_scheme(link: str) -> str:
    """The same link by https instead of http, or the other way round."""
    scheme, parted, rest = link.partition("://")
    return f"{'http' if scheme == 'https' else 'https'}://{rest}" if parted else ""


def host_of(link: str) -> str:
    """The host of an address without a leading `www.`; empty when there is none."""
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def _a_labels(host: str) -> str:
    name = host.strip().lower().rstrip(".")
    if ":" in name:
        return f"[{name}]" if _HOST.fullmatch(name) else ""
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return ""
    return name if _HOST.fullmatch(name) else ""


def _quoted(text: str) -> str:
    # Only what may not stand in a URL at all is escaped; what is already escaped stays as it is.
    return quote(text, safe="%/:@!$&'()*+,;=~?-._[]|")
