"""`digest editions`: see what would go out, and send it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.asking import asking, tell, waiting
from digest.cli.output import emit, say, table
from digest.cli.progress import bar
from digest.cli.running import DigestName, Json, Limit, instant, operator, within

app = typer.Typer(name="editions", no_args_is_help=True, help="Preview, seal and send editions.", rich_markup_mode=None)

At = Annotated[str | None, typer.Option("--at", metavar="TIME", help="As if it were then (ISO 8601, UTC if no zone).")]


@app.command("list", epilog="Example: digest editions list newsflash --json")
def listing(
    digest: Annotated[str | None, typer.Argument(metavar="[DIGEST]")] = None, as_json: Json = False, limit: Limit = None
) -> None:
    """Editions, the newest first, and how far each has come."""
    from digest.service import reading

    rows = within(lambda house: reading.editions_listed(house, digest, limit))
    if as_json:
        emit([row.json() for row in rows])
        return
    table(
        ("Digest", "Edition", "No.", "Status", "Items", "Audience", "Accepted", "Owed", "Why"),
        ((r.digest, r.label, r.number or "", r.status, r.items, r.audience, r.accepted, r.owed, r.why) for r in rows),
        empty="No edition yet: `digest editions preview DIGEST` shows the next one.",
    )


@app.command(epilog="Example: digest editions show newsflash 2026-06-26")
def show(digest: DigestName, label: Annotated[str, typer.Argument()], as_json: Json = False) -> None:
    """An edition, sealed or held: what it says, and what became of its mails."""
    from digest.service import reading

    found = within(lambda house: reading.edition(house, digest, label))
    if as_json:
        emit(found.json())
        return
    revised = f", revision {found.row.revision}" if found.row.revision > 1 else ""
    say(f"{found.title} {found.row.label}, {found.row.status}{revised}")
    table(("Section", "Title", "Link"), found.items, empty="It holds nothing.")
    table(reading.COUNTS, [found.row.counts])


@app.command(epilog="Example: digest editions preview newsflash --at 2026-06-26T08:00Z --out preview.html")
def preview(
    digest: DigestName,
    at: At = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the HTML here, and the text beside it.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="The variant to show.")] = None,
    draft: Annotated[str | None, typer.Option("--draft", metavar="LABEL", help="The one that is held.")] = None,
    show_it: Annotated[bool, typer.Option("--open", help="Show the HTML in a browser.")] = False,
    as_json: Json = False,
) -> None:
    """The edition as it would be sealed now, or at a time, or a held draft: subject and plain text; changes nothing."""
    from digest.service import previewing

    shown = within(lambda house: previewing.preview(house, digest, at=instant(at), language=language, label=draft))
    if shown.empty:
        out, show_it = None, False  # a file with nothing in it would take the place of a letter
    if show_it and out is None:
        out = Path(tempfile.mkdtemp(prefix="digest-")) / f"{digest}.html"
    if out is not None:
        out.write_text(shown.html, "utf-8")
        out.with_suffix(".txt").write_text(shown.text, "utf-8")
    if show_it and out is not None:
        typer.launch(out.absolute().as_uri())
    if as_json:
        emit(shown.json())
        return
    for words in shown.stale:
        say(f"Mind: source {words}")
    if shown.empty:
        say(f"Nothing would go out: {shown.why}")
        return
    say(f"Subject: {shown.subject}")
    only = f" (only {shown.only})" if shown.only else ""
    people = "subscriber" if shown.audience == 1 else "subscribers"
    say(f"To: {shown.audience} {people}{only}, {', '.join(shown.languages)}")
    say(f"Plan: {shown.plan}")
    if draft:
        say(f"Draft: {shown.draft.short}")
    say()
    say(shown.text)


@app.command(epilog="Example: digest editions explain newsflash --at 2026-06-26T08:00Z")
def explain(digest: DigestName, at: At = None, as_json: Json = False) -> None:
    """Every announcement as in or out of the next edition, and why; nothing is changed."""
    from digest.service import previewing

    rows = within(lambda house: previewing.explain(house, digest, at=instant(at)))
    if as_json:
        emit([row.json() for row in rows])
        return
    table(
        ("", "Date", "Section", "Title", "Why"),
        (("in" if r.owed else "out", r.published, r.section, r.title, r.why) for r in rows),
        empty="No announcement yet.",
    )


@app.command(epilog="Example: digest editions compose newsflash")
def compose(digest: DigestName, at: At = None) -> None:
    """Seal what is owed; it is sent by `editions send`, or by `digest serve`."""
    from digest.service import composing

    done = within(lambda house: composing.compose(house, digest, at=instant(at)))
    say(done.words)


@app.command(epilog="Example: digest editions send newsflash --grace 0")
def send(
    digest: DigestName,
    at: At = None,
    grace: Annotated[str | None, typer.Option("--grace", help='Wait before the first mail: "10 min", 0.')] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Approve the draft it shows, where one is held.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Seal what is owed and deliver it; run again it goes on where it stopped, and sends nothing twice."""
    from digest.service import sending

    with bar("Sending") as progress:
        request = sending.Request(
            digest=digest,
            at=instant(at),
            grace=waiting(grace),
            approve=approve,
            by=operator(),
            ask=asking(yes),
            progress=progress,
        )
        report = within(lambda house: sending.send(house, request), sends=True)
    tell(report)


@app.command("test-send", epilog="Example: digest editions test-send newsflash --to me@example.org")
def test_send(
    digest: DigestName,
    to: Annotated[str, typer.Option("--to", help="Who gets it; nobody else does.")],
    at: At = None,
    language: Annotated[str | None, typer.Option("--language", help="The variant to send.")] = None,
) -> None:
    """Send the edition as it would be now to one address, marked as a test; nothing is sealed."""
    from digest.service import sending

    words = within(lambda house: sending.test_send(house, digest, to=to, at=instant(at), language=language))
    say(words)


@app.command(epilog="Example: digest editions report newsflash 2026-06-26 --json")
def report(
    digest: DigestName,
    label: Annotated[str | None, typer.Argument(metavar="[LABEL]", help="Default: the newest that was sealed.")] = None,
    as_json: Json = False,
) -> None:
    """What became of an edition: accepted, bounced later, complained, left, joined, and the sources' health."""
    from digest.service import aftermath

    found = within(lambda house: aftermath.report(house, digest, label))
    if as_json:
        emit(found.json())
        return
    revised = f", revision {found.row.revision}" if found.row.revision > 1 else ""
    say(f"{found.row.digest} {found.row.label} is {found.row.status}{revised}.")
    for line in found.lines:
        say(line)
