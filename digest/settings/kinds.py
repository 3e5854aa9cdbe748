"""What the value of a setting may be, and in words what it should have been."""

from __future__ import annotations

import contextlib
import email.utils
import json
import re
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from digest.errors import ScheduleError
from digest.schedule import parse as parse_schedule


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{name}" is no time zone; write one like "Europe/London"') from None
    return name


def _split(url: str) -> SplitResult | None:
    """The parts of an address whose port, if it has one, is one."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        return None if parts.port == 0 else parts
    return None


def _site_url(url: str) -> str:
    parts = _split(url)
    if not parts or parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f'"{url}" is no public address; write it like "https://news.example.org"')
    return url.rstrip("/")


def _relay_url(url: str) -> str:
    parts = _split(url)
    if not parts or parts.scheme not in ("smtp", "smtp+starttls", "smtps") or not parts.hostname:
        raise ValueError('is no relay; write it like "smtp+starttls://user:password@mail.example.org:587"')
    return url


def _mailbox(text: str) -> str:
    if any(ord(char) < 32 for char in text) or "@" not in email.utils.parseaddr(text)[1]:
        name, _, address = text.partition("<")
        if "," in name and address:
            raise ValueError(f"a name with a comma stands in quotes: '\"{name.strip()}\" <{address}'")
        raise ValueError(f'"{text}" is no address; write it like "Name <name@example.org>"')
    return text


def _domain(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,250}[A-Za-z0-9_])?", name):
        raise ValueError(f'"{name}" is no domain name; write it like "example.org"')
    return name.lower()


def _language(tag: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag):
        raise ValueError(f'"{tag}" is no language tag; write it like "en" or "pt-BR"')
    return tag.lower()


def _schedule(spec: str) -> str:
    try:
        parse_schedule(spec)
    except ScheduleError as error:
        raise ValueError(error.message) from None
    return spec


def tables(value: object) -> object:
    """A list of tables, also from one table, or as JSON from the environment."""
    if isinstance(value, str) and value.strip().startswith(("[", "{")):
        value = json.loads(value)
    return [value] if isinstance(value, dict) else value


def how_many(value: object) -> object:
    """A number from 0, also as text from the environment, or "all"."""
    number = int(value) if isinstance(value, str) and value.isdigit() else value
    if number != "all" and (type(number) is not int or number < 0):
        raise ValueError('must be a number from 0, or "all"')
    return number


def _mail_domain(name: str) -> str:
    if not re.fullmatch(r"([a-z0-9_-]+\.)+[a-z0-9-]+", name):
        raise ValueError(f'"{name}" is no mail domain; write it as it stands after the @, "gmail.com"')
    return name


def _private_place(text: str) -> str:
    with contextlib.suppress(ValueError):
        ip_network(text.strip("[]"), strict=False)
        return text
    if not re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9_.-]+", text):
        raise ValueError(
            f'"{text}" is no network, address or host; write it like "10.0.0.0/8" or "intranet.example.org"'
        )
    return text


def database_url(text: str) -> str:
    """The address of a database as it was written, or ValueError: of PostgreSQL, or of a file of SQLite."""
    if not text.startswith(("sqlite:///", "postgresql://")):
        raise ValueError('must begin with "sqlite:///" or "postgresql://"')
    try:
        parts = make_url(text)
    except (ValueError, ArgumentError):
        parts = None
    if parts is None or not 0 < (parts.port or 5432) < 65_536:
        raise ValueError('is no address; write it like "postgresql://user:password@host:5432/name"')
    if parts.get_backend_name() == "sqlite" and (parts.query or parts.database in (None, "", ":memory:")):
        raise ValueError('names no file; write it like "sqlite:///var/digest.db"')
    return text


def web_url(url: str) -> None:
    """Raise ValueError for what is no address to read from."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError(f"url is no address: {error}") from None
    if not right:
        raise ValueError(f'url "{url}" must begin with http:// or https://, and name a host')


Zone = Annotated[str, AfterValidator(_zone)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Language = Annotated[str, AfterValidator(_language)]
RelayUrl = Annotated[str, AfterValidator(_relay_url)]
SiteUrl = Annotated[str, AfterValidator(_site_url)]
DatabaseUrl = Annotated[str, AfterValidator(database_url)]
Domain = Annotated[str, AfterValidator(_domain)]
PrivatePlace = Annotated[str, AfterValidator(_private_place)]
MailDomain = Annotated[str, AfterValidator(_mail_domain)]
Schedule = Annotated[str, AfterValidator(_schedule)]
