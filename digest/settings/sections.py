"""Every setting an operator may declare, with its default and what makes it wrong."""

from __future__ import annotations

import email.utils
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from digest.settings.kinds import (
    DatabaseUrl,
    Domain,
    Language,
    Mailbox,
    MailDomain,
    PrivatePlace,
    RelayUrl,
    SiteUrl,
    Zone,
    how_many,
    tables,
    web_url,
)
from digest.settings.quantities import Duration, Rate, Words, listed, table


class Section(BaseModel):
    """Strict on purpose: a key nobody reads is a mistake somebody made."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True)


class Site(Section):
    title: str = "Announcements"
    url: SiteUrl
    language: Language = "en"
    timezone: Zone = "UTC"
    postal_address: str = ""
    privacy_url: str = ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Database(Section):
    url: DatabaseUrl = "sqlite:///var/digest.db"
    shared: Path | None = None
    keep_deliveries: Duration = timedelta(days=90)


class Engine(Section):
    kind: Literal["embedded", "procrastinate"] = "embedded"


class Fetch(Section):
    allow_private: Annotated[tuple[PrivatePlace, ...], BeforeValidator(listed)] = ()
    gap: Duration = timedelta(seconds=1)


class Named(Section):
    """A section that has a slug: its name in the file."""

    slug: str = ""


class Dkim(Section):
    """One signature: receivers look its key up as `selector`._domainkey.`domain`."""

    selector: Domain
    key_file: Path
    domain: Domain | None = None
    """By default that of the sender's address."""


class Limits(Section):
    """How fast to write to one domain; a string is its rate."""

    rate: Rate = None
    per_hour: int | None = Field(default=None, ge=1)
    per_day: int | None = Field(default=None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def one_rate(cls, values: Any) -> Any:
        """The rate alone may stand for the table."""
        return {"rate": values} if isinstance(values, str) else values


class Sender(Named):
    url: RelayUrl | None = None
    relays: Annotated[tuple[RelayUrl, ...], BeforeValidator(listed)] = ()
    from_: Mailbox = Field(alias="from")
    reply_to: Mailbox | None = None
    bounces: Mailbox | None = None
    unsubscribe_mailto: Mailbox | None = None
    ca: Path | None = None
    dkim: Annotated[tuple[Dkim, ...], BeforeValidator(tables)] = ()
    connections: int = Field(default=2, ge=1, le=500)
    messages_per_connection: int = Field(default=100, ge=1)
    connection_age: Duration = timedelta(minutes=5)
    pipelining: bool = True
    log_answers: bool = False
    rate: Rate = 5.0
    per_hour: int | None = Field(default=None, ge=1)
    per_day: int | None = Field(default=None, ge=1)
    domains: Annotated[dict[MailDomain, Limits], BeforeValidator(table)] = {}

    @model_validator(mode="after")
    def reachable(self) -> Self:
        if bool(self.url) == bool(self.relays):
            raise ValueError("give either url or relays")
        return self

    @model_validator(mode="after")
    def plain(self) -> Self:
        """Our own addresses stand in every message, and not every relay takes one beyond ASCII."""
        for box in (self.from_, self.reply_to, self.bounces, self.unsubscribe_mailto):
            if box and not email.utils.parseaddr(box)[1].rpartition("@")[0].isascii():
                raise ValueError(f'"{box}" has letters beyond ASCII before its @')
        return self

    @property
    def servers(self) -> tuple[str, ...]:
        """Relay URLs, the first one first."""
        return self.relays or (self.url or "",)

    @property
    def limits(self) -> Limits:
        """How fast it writes to all together."""
        return Limits(rate=self.rate, per_hour=self.per_hour, per_day=self.per_day)


class Select(Section):
    """CSS selectors of a listing page."""

    item: str = "article"
    title: str = "h2 a"
    date: str = "time, .date"
    summary: str = ""
    next: str = ""
    link: str = ""
    picture: str = ""


class Source(Named):
    kind: Literal["feed", "wordpress", "page", "folder", "hook"]
    url: str
    secret: Annotated[SecretStr, Field(min_length=24)] | None = None
    every: Duration = timedelta(minutes=30)
    announce_first: Annotated[int | Literal["all"], BeforeValidator(how_many)] = 0
    timezone: Zone | None = None
    language: Language | None = None
    priority: int | None = None
    select: Select = Select()
    date_order: Literal["DMY", "MDY", "YMD"] | None = None
    hold_future: bool = False
    max_pages: int = Field(default=20, ge=1, le=10_000)
    robots: Literal["obey", "ignore"] = "obey"
    was: Words = ()

    @model_validator(mode="after")
    def readable(self) -> Self:
        if self.kind != "folder":
            web_url(self.url)
        if (self.kind == "hook") != (self.secret is not None):
            raise ValueError("a hook, and only a hook, needs a secret: what its signatures are made with")
        return self


class Feed(Named):
    title: str = ""
    description: str = ""
    sources: Words = ()
    categories: Words = ()
    language: Language | None = None
    entries: int = Field(default=50, ge=1, le=1_000)
    text: Literal["full", "summary"] = "full"
