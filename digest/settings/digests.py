"""Digests: what an edition is made of, when it goes out, and to whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from digest.model.subscribers import Segment
from digest.settings.kinds import Language, Schedule, Zone
from digest.settings.quantities import Duration, Words, table
from digest.settings.secret import SecretUrl
from digest.settings.sections import Named, Section


class Match(Section):
    """All that is given must hold; within a list, any."""

    title: Words = ()
    categories: Words = ()
    sources: Words = ()
    language: Words = ()


class DigestSection(Section):
    title: str
    kind: Literal["news", "case", "figures", "consultations"] = "news"
    match: Match = Match()


class Audience(Section):
    """Some of a digest's subscribers; what is not given does not choose, all that is given must hold."""

    language: Language | None = None
    attributes: Annotated[dict[str, str], BeforeValidator(table)] = Field(default_factory=dict)
    joined_since: date | None = None

    @property
    def segment(self) -> Segment:
        since = datetime.combine(self.joined_since, time(), UTC) if self.joined_since else None
        chosen = tuple((name.lower(), value) for name, value in self.attributes.items())
        return Segment(language=self.language or "", attributes=chosen, joined_since=since)


class Digest(Named):
    title: str = ""
    subject: str = "{{ edition.title }} {{ edition.date | month_year }}"
    sender: str
    notes: str | None = None
    ping: SecretUrl | None = None
    schedule: Schedule
    audience: Annotated[Audience, BeforeValidator(table)] = Audience()
    timezone: Zone | None = None
    language: Language | None = None
    approval: Literal["auto", "manual"] = "auto"
    lead: Duration = timedelta(0)
    unapproved: Literal["hold", "send"] = "hold"
    missed: Literal["latest", "each", "skip"] = "latest"
    lateness: Duration = timedelta(hours=6)
    grace: Duration = timedelta(minutes=10)
    give_up_after: Duration = timedelta(hours=48)
    stale_after: Duration = timedelta(days=3)
    min_items: int = Field(default=1, ge=1)
    max_items: int = Field(default=40, ge=1, le=500)
    late_window: Duration | None = None
    updates: Literal["ignore", "list"] = "ignore"
    exclude: tuple[Match, ...] = ()
    on_stale: Literal["send", "hold"] = "send"
    sections: tuple[DigestSection, ...] = ()
    templates: Path | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Of its schedule and its dates."""
        return ZoneInfo(self.timezone or "UTC")

    @property
    def ahead(self) -> timedelta:
        """How long before its time an edition is made and closed: a while, where a person has to approve it."""
        return self.lead if self.approval == "manual" else timedelta(0)

    @model_validator(mode="before")
    @classmethod
    def one_exclusion(cls, values: Any) -> Any:
        """A single match may stand without its list."""
        if isinstance(values, dict) and isinstance(values.get("exclude"), dict):
            return {**values, "exclude": [values["exclude"]]}
        return values
