"""`digest subscribers`: who asked for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.output import emit, say, table
from digest.cli.progress import bar
from digest.cli.running import Json, Limit, instant, operator, within

if TYPE_CHECKING:
    from digest.service.house import House

app = typer.Typer(name="subscribers", no_args_is_help=True, help="Add, import and list people.", rich_markup_mode=None)

To = Annotated[str, typer.Option("--digest", help="The digest's slug.")]
Confirmed = Annotated[bool, typer.Option("--confirmed", help="They have agreed already; else they stay pending.")]


@app.command(
    epilog="Example: digest subscribers add ana@example.org --digest newsflash --name Ana --language es --confirmed"
)
def add(
    email: Annotated[str, typer.Argument()],
    digest: To,
    name: Annotated[str, typer.Option("--name", help="As letters may call them.")] = "",
    language: Annotated[str, typer.Option("--language", help="Such as es or pt-BR; else the digest's.")] = "",
    confirmed: Confirmed = False,
) -> None:
    """Add one person to a digest."""
    from digest.service import people

    say(within(lambda house: people.add(house, email, digest, name=name, language=language, confirmed=confirmed)))


@app.command("import", epilog="Example: digest subscribers import members.csv --digest newsflash --confirmed")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    digest: To,
    confirmed: Confirmed = False,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help='Such as email="E-Mail", name="First name+Last name", attribute.country="Land".',
        ),
    ] = None,
    basis: Annotated[
        str, typer.Option("--basis", help="Why we may write: consent, membership, soft-opt-in.")
    ] = "consent",
    encoding: Annotated[str, typer.Option("--encoding", help="Else UTF-8 or UTF-16; such as windows-1252.")] = "",
    dry: Annotated[bool, typer.Option("--dry-run", help="Only report what would become of each line.")] = False,
) -> None:
    """Import people from a CSV file (email[,name,language]), or the export of Mailchimp, Buttondown or listmonk.

    Bad lines are listed, the good are kept; nobody who left or is suppressed is brought back.
    """
    from digest.service import people

    with bar("Importing") as progress:
        report = within(
            lambda house: people.import_csv(
                house,
                file,
                digest,
                confirmed=confirmed,
                progress=progress,
                basis=basis,
                columns=columns or (),
                encoding=encoding,
                dry=dry,
            )
        )
    done = "would be imported" if dry else "imported"
    say(f"{report.imported} {done}, {report.already} there already, {len(report.refused)} refused.")
    if report.refused:
        table(("Line", "Address", "Why"), report.refused)
        raise typer.Exit(1)


Of = Annotated[str | None, typer.Option("--digest", help="Else of all.")]
State = Annotated[str, typer.Option("--state", help="pending, confirmed or unsubscribed.")]
Language = Annotated[str, typer.Option("--language", help="Those who read it.")]
Attribute = Annotated[
    list[str] | None, typer.Option("--attribute", metavar="NAME=VALUE", help="Of whom an import said so.")
]
Joined = Annotated[str | None, typer.Option("--joined-since", metavar="TIME", help="Those who joined then or later.")]


@app.command("list", epilog="Example: digest subscribers list --digest newsflash --language es --json")
def listing(
    digest: Of = None,
    as_json: Json = False,
    limit: Limit = None,
    state: State = "",
    language: Language = "",
    attribute: Attribute = None,
    joined: Joined = None,
) -> None:
    """People and where they stand with each digest."""
    from digest.service import people

    chosen = people.Chosen(digest, state, people.segment(language, attribute or (), instant(joined, "--joined-since")))
    rows = within(lambda house: people.listed(house, chosen, limit))
    if as_json:
        emit([row.json() for row in rows])
        return
    table(
        ("Address", "Name", "Language", "Digest", "State", "Since"),
        ((r.email, r.name, r.language, r.digest, r.state, r.changed_at) for r in rows),
        empty="Nobody yet: `digest subscribers add` or `import`.",
    )


@app.command(epilog="Example: digest subscribers export --digest newsflash --out people.csv")
def export(
    digest: Of = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Else standard output.")] = None,
    state: State = "",
    language: Language = "",
    attribute: Attribute = None,
    joined: Joined = None,
) -> None:
    """People with the evidence of their consent as CSV; a cell that a spreadsheet would run is guarded."""
    from digest.service import people

    chosen = people.Chosen(digest, state, people.segment(language, attribute or (), instant(joined, "--joined-since")))
    text = within(lambda house: people.exported(house, chosen))
    if out is None:
        sys.stdout.write(text.replace("\r\n", "\n"))
        return
    with open(out, "w", encoding="utf-8", newline="", opener=_ours) as file:
        file.write(text)


def _ours(path: str, flags: int) -> int:
    """A new file of addresses is for its owner; one that is there keeps its mode."""
    return os.open(path, flags, 0o600)


@app.command(epilog="Example: digest subscribers show ana@example.org --json")
def show(email: Annotated[str, typer.Argument()], as_json: Json = False) -> None:
    """All that is known of one person: consent with its evidence, and each edition with what became of it."""
    from digest.service import person

    found = within(lambda house: person.show(house, email))
    if as_json:
        emit(found)
        return
    table(("", ""), ((key, value) for key, value in found.items() if key not in ("subscriptions", "editions")))
    table(
        ("Digest", "State", "Basis", "Since"),
        ((each["digest"], each["state"], each["basis"], each["changed_at"]) for each in found["subscriptions"]),
    )
    names = ("digest", "edition", "outcome", "at", "message_id", "came_back", "said")
    table(
        ("Digest", "Edition", "Outcome", "At", "Message-ID", "Came back", "Said"),
        (tuple(each[name] for name in names) for each in found["editions"]),
        empty="No edition yet.",
    )


@app.command(epilog="Example: digest subscribers form newsflash --language es > form.html")
def form(
    digest: Annotated[str, typer.Argument()],
    language: Annotated[str, typer.Option("--language", help="Else the digest's own.")] = "",
) -> None:
    """Print the form to subscribe as HTML for a page of your own: no script, and nothing is loaded from here."""
    from digest.web import asking

    async def printed(house: House) -> str:
        return asking.snippet(house, digest, language)

    sys.stdout.write(within(printed))


@app.command(epilog="Example: digest subscribers prefer ana@example.org --text-only")
def prefer(
    email: Annotated[str, typer.Argument()],
    text_only: Annotated[bool, typer.Option("--text-only/--html", help="Without the HTML part, or with it again.")],
) -> None:
    """Let somebody's letters come as plain text only, or whole again; they may also choose it on their own page."""
    from digest.service import person

    say(within(lambda house: person.prefer(house, email, text_only=text_only)))


@app.command(epilog="Example: digest subscribers forget ana@example.org")
def forget(email: Annotated[str, typer.Argument()]) -> None:
    """Erase a person from every table; a keyed hash stays, so that no import brings them back."""
    from digest.service import person

    say(within(lambda house: person.forget(house, email)))


@app.command(epilog="Example: digest subscribers unsubscribe ana@example.org --digest newsflash")
def unsubscribe(
    email: Annotated[str, typer.Argument()],
    digest: Annotated[str | None, typer.Option("--digest", help="Else from everything.")] = None,
) -> None:
    """Take somebody off a digest, or off all; mail already queued for them is withdrawn."""
    from digest.service import people

    say(within(lambda house: people.unsubscribe(house, email, digest)))


@app.command("bring-back", epilog="Example: digest subscribers bring-back --since 2026-06-26T09:00Z --way one-click")
def bring_back(
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="From then on.")],
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before then; else until now.")] = None,
    way: Annotated[str, typer.Option("--way", help="one-click or mailto.")] = "one-click",
) -> None:
    """Take back a storm of leaves that a program made; whoever used the page themselves stays off."""
    from digest.service import storm

    first, last = instant(since, "--since"), instant(until, "--until")
    assert first is not None  # noqa: S101 - it was required
    say(within(lambda house: storm.bring_back(house, since=first, until=last, way=way, who=operator())))
