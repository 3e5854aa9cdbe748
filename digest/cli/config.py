"""`digest config`: is the configuration right, and what is in force."""

from __future__ import annotations

import typer

from digest.cli.output import emit, say, table
from digest.cli.running import Json, config_path, settings
from digest.errors import ConfigError

app = typer.Typer(name="config", no_args_is_help=True, help="Check and show the configuration.", rich_markup_mode=None)


@app.command(epilog="Example: digest --config config/production.toml config check")
def check() -> None:
    """Read the configuration and say what is wrong with it, each mistake with its line and key."""
    from digest.service.checking import check_settings, doubts
    from digest.settings.load import where

    declared = settings()
    try:
        check_settings(declared)
    except ConfigError as error:
        raise ConfigError(error.message, about=where(error.about, config_path.get())) from error
    for doubt in doubts(declared):
        say(f"Mind: {doubt}")
    counts = {name: len(getattr(declared, name)) for name in ("sources", "feeds", "digests", "senders")}
    told = (f"{count} {name.removesuffix('s') if count == 1 else name}" for name, count in counts.items())
    say(f"The configuration is right: {', '.join(told)}.")


@app.command(epilog="Example: digest config show --json")
def show(as_json: Json = False) -> None:
    """Print the settings in force, the environment over the file; secrets are masked."""
    from digest.settings.show import shown

    values = shown(settings())
    if as_json:
        emit(values)
    else:
        table(("Key", "Value"), _flat(values))


def _flat(values: object, prefix: str = "") -> list[tuple[str, object]]:
    if isinstance(values, dict):
        return [row for key, value in values.items() for row in _flat(value, f"{prefix}.{key}" if prefix else key)]
    if isinstance(values, list) and any(isinstance(each, dict) for each in values):
        return [row for number, each in enumerate(values) for row in _flat(each, f"{prefix}[{number}]")]
    return [(prefix, values)]
