"""`digest editions hold|edit|introduce|approve`: a draft in a person's hands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.output import say, table
from digest.cli.running import DigestName, instant, operator, within
from digest.errors import UsageError

if TYPE_CHECKING:
    from digest.editions.correct import Correction
    from digest.editions.flow import Draft

Label = Annotated[str, typer.Argument(metavar="LABEL", help="The held edition's label.")]
Words = Annotated[str | None, typer.Option(metavar="TEXT", help='In other words; "" for its own again.')]


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: digest editions hold newsflash")(hold)
    app.command(
        epilog='Example: digest editions edit newsflash 2026-06-26 3f63…35a0 --lead --title "Mines agree"'
        "   (ids: digest editions explain, digest announcements list)"
    )(edit)
    app.command(epilog="Example: digest editions introduce newsflash 2026-06-26 words.md")(introduce)
    app.command(epilog="Example: digest editions approve newsflash 2026-06-26 --draft 4be1c09a77f2")(approve)


def hold(
    digest: DigestName,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="What was owed then (ISO 8601).")] = None,
) -> None:
    """Make a draft of what is owed and hold it until somebody approves it; it can be changed till then."""
    from digest.service import drafting

    held = within(lambda house: drafting.hold(house, digest, at=instant(at), by=operator()))
    say(f"{digest} {held.label} is held. See it: digest editions preview {digest} --draft {held.label}")


def edit(
    digest: DigestName,
    label: Label,
    announcement: Annotated[str, typer.Argument(help="Its id, or the last part of it.")],
    drop: Annotated[str | None, typer.Option(metavar="WHY", help="Leave it out for good.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Do not leave it out after all.")] = False,
    lead: Annotated[bool | None, typer.Option("--lead/--no-lead", help="Put it first.")] = None,
    place: Annotated[int | None, typer.Option(min=0, help="Its number in its section; 0 for where it fell.")] = None,
    section: Annotated[str | None, typer.Option(metavar="TITLE", help="Under this heading.")] = None,
    title: Words = None,
    teaser: Words = None,
    alt: Words = None,
    language: Annotated[str, typer.Option(metavar="TAG", help="Of the words; default: the digest's own.")] = "",
) -> None:
    """Change one announcement in a held draft; the announcement itself, feeds and pages stay as they are."""
    from digest.model.drafts import Edit, Wish
    from digest.service import drafting

    wanted: dict[Wish, str | None] = {
        Wish.DROP: "" if keep else drop,
        Wish.LEAD: None if lead is None else "yes" * lead,
        Wish.PLACE: None if place is None else str(place or ""),
        Wish.SECTION: section,
        Wish.TITLE: title,
        Wish.TEASER: teaser,
        Wish.ALT: alt,
    }
    spoken = (Wish.TITLE, Wish.TEASER, Wish.ALT)
    edits = tuple(
        Edit(wish=wish, value=value, language=language if wish in spoken else "")
        for wish, value in wanted.items()
        if value is not None
    )
    _tell(
        digest, label, within(lambda house: drafting.change(house, digest, label, announcement, edits, by=operator()))
    )


def introduce(
    digest: DigestName,
    label: Label,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE.md]", help="Markdown; standard input without.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take it away.")] = False,
) -> None:
    """Put a few words of your own, in Markdown, before a held draft."""
    from digest.service import drafting

    text = "" if remove else _read(file)
    _tell(digest, label, within(lambda house: drafting.introduce(house, digest, label, text, by=operator())))


def approve(
    digest: DigestName,
    label: Label,
    draft: Annotated[str, typer.Option(metavar="FINGERPRINT", help="Only if it is still this one.")] = "",
    why: Annotated[str, typer.Option("--why", help="Kept with it.")] = "",
) -> None:
    """Seal a held draft, with what was owed when its window closed; it goes out at its time."""
    from digest.service import drafting

    sealed = within(lambda house: drafting.approve(house, digest, label, draft=draft, by=operator(), why=why))
    say(f"{digest} {sealed.label} is {sealed.status}.")


def _read(file: Path | None) -> str:
    if file is None:
        return sys.stdin.read()
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", about=str(file)) from None


def _tell(digest: str, label: str, draft: Draft | Correction) -> None:
    """What the draft holds now, and how to name it; of a sealed edition, what correcting it would change."""
    from digest.editions.correct import Correction

    if isinstance(draft, Correction):
        say(f"{digest} {label} is sealed; digest editions correct {digest} {label} would change:")
        table(("",), ((each,) for each in draft.differences), empty="nothing")
        return
    count = len(draft.chosen.all)
    say(f"{digest} {label} is now draft {draft.short}: {count} announcement{'s' * (count != 1)}")
    table(("Section", "Title", "Id"), _rows(draft))


def _rows(draft: Draft) -> list[tuple[str, str, str]]:
    placed = [("Lead", draft.chosen.lead)] if draft.chosen.lead else []
    placed += [(section.title, each) for section, group in draft.chosen.sections for each in group]
    placed += [("More on the web", each) for each in draft.chosen.more]
    placed += [(each.why, each) for each in draft.verdicts if each.dropped]
    found = [(where, each.announcement) for where, each in placed if each]
    return [(where, each.versions[0].title, each.slug) for where, each in found]
