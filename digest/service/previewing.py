"""What an edition would say, and of each announcement why it is in or out: by the same function as the real run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from digest.editions import flow
from digest.editions.flow import Draft
from digest.service import letters, watching
from digest.service.composing import held, window
from digest.service.house import House, now
from digest.service.planning import planned
from digest.store import audiences


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An edition as it would be sealed."""

    empty: bool
    why: str
    subject: str = ""
    html: str = ""
    text: str = ""
    audience: int = 0
    only: str = ""
    """Which of its subscribers it is for, in words, where it is not for all."""
    languages: tuple[str, ...] = ()
    plan: str = ""
    """When it would be done, in words."""
    stale: tuple[str, ...] = ()
    """Sources that it knows nothing new of, in words."""
    draft: Draft

    def json(self) -> dict[str, object]:
        return {
            "digest": self.draft.digest.slug,
            "label": self.draft.snapshot.label,
            "empty": self.empty,
            "why": self.why,
            "subject": self.subject,
            "audience": self.audience,
            "only": self.only,
            "plan": self.plan,
            "languages": list(self.languages),
            "items": [verdict.announcement.public_id for verdict in self.draft.chosen.all],
            "stale": list(self.stale),
            "fingerprint": self.draft.fingerprint,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One announcement, in or out, and why."""

    owed: bool
    id: str
    title: str
    published: str
    section: str
    why: str

    def json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


async def preview(
    house: House, slug: str, *, at: datetime | None, language: str | None, label: str | None = None
) -> Shown:
    """The edition as it would be sealed now, or at `at`, or the draft that is held as `label`; changes nothing."""
    digest = house.digest(slug)
    async with house.store.read() as tx:
        if label:
            _, draft = await held(tx, digest, label)
        else:
            draft = await flow.draft(tx, digest, window=window(at))
        audience = await audiences.count(tx, slug, now(), segment=digest.audience.segment)
        languages = await audiences.languages(tx, slug)
        plan = await planned(house, tx, digest, audience, start=now() + digest.grace)
    if draft.empty:
        return Shown(empty=True, why=draft.why_empty, stale=await watching.unread(house), draft=draft)
    variants = letters.rendered(house, draft.snapshot, (*([language] if language else []), *languages))
    letter = next((each for each in variants if each.language == language), variants[0])
    shown = letter.shown(letters.specimen(house, letter))
    return Shown(
        empty=False,
        why="",
        subject=shown.subject,
        html=shown.html,
        text=shown.text,
        audience=audience,
        only=digest.audience.segment.words,
        languages=tuple(each.language for each in variants),
        plan=plan,
        stale=await watching.unread(house),
        draft=draft,
    )


async def explain(house: House, slug: str, *, at: datetime | None) -> tuple[Weighed, ...]:
    """Every announcement of the archive as in or out of that edition, the newest first; changes nothing."""
    async with house.store.read() as tx:
        draft = await flow.draft(tx, house.digest(slug), window=window(at), whole=True)
    places = {verdict.announcement.id: "lead" for verdict in ([draft.chosen.lead] if draft.chosen.lead else [])}
    places |= {each.announcement.id: section.title for section, group in draft.chosen.sections for each in group}
    places |= {verdict.announcement.id: "more on the web" for verdict in draft.chosen.more}
    return tuple(
        Weighed(
            owed=verdict.owed,
            id=verdict.announcement.public_id,
            title=verdict.announcement.versions[0].title,
            published=str(verdict.announcement.versions[0].published_on or ""),
            section=places.get(verdict.announcement.id, ""),
            why=verdict.why,
        )
        for verdict in reversed(draft.verdicts)
    )
