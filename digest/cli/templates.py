"""`digest templates`: a look of one's own, and the letter in every awkward case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.cli.output import say, table
from digest.errors import UsageError

app = typer.Typer(
    name="templates", no_args_is_help=True, help="Make and look at templates of your own.", rich_markup_mode=None
)


@app.command(epilog="Example: digest templates new ours")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A new folder below `templates`.")],
    folder: Annotated[Path, typer.Option("--in", help="Where it is made.")] = Path("templates"),
) -> None:
    """Begin templates of your own: colours and faces, the letter and its text; all other files stay the house's."""
    from digest.templating.own import begin

    if Path(name).name != name or name.startswith("."):
        raise UsageError("is no name of a folder", about=name)
    made = begin(folder / name)
    for path in made:
        say(str(path))
    say(f'Use them: templates = "{folder / name}" under [digests.…], or at the top for all.')
    say(f"Look at them: digest templates gallery --templates {folder / name}")


@app.command(epilog="Example: digest templates gallery --out gallery --templates templates/ours --language es")
def gallery(
    out: Annotated[Path, typer.Option("--out", help="A folder for the pages; open its index.html.")] = Path("gallery"),
    templates: Annotated[
        list[Path] | None, typer.Option("--templates", help="Your own, looked up before ours; may be repeated.")
    ] = None,
    language: Annotated[list[str] | None, typer.Option("--language", help="May be repeated; default: en.")] = None,
) -> None:
    """Draw the letter with awkward contents: one item, sixty, odd titles and pictures, many scripts, hostile HTML."""
    from digest.demo.gallery import hang

    hung = hang(out, templates or [], language or ["en"])
    table(("Case", "Language", "Octets", "File"), ((h.case, h.language, f"{h.octets:,}", h.file) for h in hung))
    say(f"All of them: {out / 'index.html'}")
