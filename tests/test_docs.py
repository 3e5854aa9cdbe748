"""The papers tell of each setting, command and error, and of none that is not there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
import yaml
from pydantic import BaseModel

from digest import errors
from digest.cli import app
from digest.settings import Settings

REPOSITORY = Path(__file__).parent.parent
PAPERS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
TEXT = "\n".join(path.read_text("utf-8") for path in PAPERS)


def keys(model: type[BaseModel]) -> set[str]:
    """Every key of a section and of those below it."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        found.add(field.alias or name)
        found |= {key for inner in _models(field.annotation) for key in keys(inner)}
    return found - {"slug"}


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]


@pytest.mark.parametrize("key", sorted(keys(Settings)))
def test_each_setting_is_told(key: str) -> None:
    """docs/configuration.md names it, and so does config/digest.toml, commented or not."""
    assert re.search(rf"`[^`]*\b{key}\b[^`]*`", (REPOSITORY / "docs/configuration.md").read_text("utf-8"))
    assert re.search(rf"\b{key}\b", (REPOSITORY / "config/digest.toml").read_text("utf-8"))


REQUIRED: dict[str, dict[str, object]] = {
    "site": {"url": "https://example.org"},
    "senders": {"url": "smtp://relay.example.org", "from": "news@example.org"},
    "sources": {"kind": "feed", "url": "https://example.org"},
    "digests": {"sender": "main", "schedule": "last fri 09:00"},
}


def defaults() -> Iterator[tuple[str, str, str]]:
    """(section, key, default as written) of each row that gives one as a value."""
    section = ""
    for line in (REPOSITORY / "docs/configuration.md").read_text("utf-8").splitlines():
        if line.startswith("#"):
            named = re.fullmatch(r"## `\[(\w+)(?:\.SLUG)?\]`", line)
            section = named[1] if named else ""
        elif section and (row := re.match(r"\| `(\w+)` \| `([^`]+)` \|", line)):
            yield section, row[1], row[2].replace("\\|", "|")


@pytest.mark.parametrize(("section", "key", "written"), list(defaults()))
def test_each_default_is_the_one_that_counts(section: str, key: str, written: str) -> None:
    """What docs/configuration.md gives as a key's default changes nothing when it is said."""
    model = _models(Settings.model_fields[section].annotation)[0]
    required = REQUIRED.get(section, {})
    said = {**required, key: tomllib.loads(f"value = {written}")["value"]}
    assert model.model_validate(required) == model.model_validate(said)


def words() -> set[str]:
    """Every command, as its words."""
    root: Any = typer.main.get_command(app)
    found = set()
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {each}" for each in inner} if inner else {name}
    return found


@pytest.mark.parametrize("command", sorted(words()))
def test_each_command_is_told(command: str) -> None:
    """Some paper names it, by its whole words."""
    assert f"digest {command}" in TEXT or f"`{command}" in TEXT


def test_no_paper_tells_of_a_command_that_is_not_there() -> None:
    """What a paper shows to be typed is a command, or a group of them."""
    known = words() | {command.split()[0] for command in words()}
    told = {
        " ".join(found).strip()
        for found in re.findall(r"(?:^|`|\$ |bin/)digest ([a-z]+)(?: ([a-z][a-z-]+))?", TEXT, re.M)
    }
    unknown = {
        each
        for each in told
        if each not in known and each.split()[0] not in {w for w in known if " " not in w and w in words()}
    }
    assert set() == unknown


def test_no_paper_tells_of_an_option_that_is_not_there() -> None:
    """Nor does config/digest.toml; those of other programs are named here."""
    known = {"--help", "--build", "--enable-optimizations"}
    commands: list[Any] = [typer.main.get_command(app)]
    for command in commands:
        commands += getattr(command, "commands", {}).values()
        known |= {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    told = TEXT + (REPOSITORY / "config/digest.toml").read_text("utf-8")
    assert set() == set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", told)) - known


def test_compose_runs_every_role_twice() -> None:
    """On PostgreSQL: each by a command that there is, and only web answers where the image is asked for its health."""
    services = yaml.safe_load((REPOSITORY / "compose.yaml").read_text("utf-8"))["services"]
    roles = {name: each for name, each in services.items() if "deploy" in each}
    assert {"web", "work", "tick"} == set(roles)
    for name, each in roles.items():
        assert (2, True) == (each["deploy"]["replicas"], each["command"][0] in words()), name
        assert (name != "web") == each.get("healthcheck", {}).get("disable", False), name


@pytest.mark.parametrize("status", [0, 1, 2])
def test_the_exit_statuses_are_told(status: int) -> None:
    """docs/operating.md names each."""
    assert re.search(rf"(?m)\b{status}\b", (REPOSITORY / "docs/operating.md").read_text("utf-8"))


def test_the_tree_of_errors_is_drawn_whole() -> None:
    """Every error class stands in the picture at the head of its module, with its status."""
    classes = {
        name: each for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, Exception)
    }
    drawn = errors.__doc__ or ""
    assert set() == {name for name in classes if name not in drawn}
    branch = 1
    for line in drawn.splitlines():
        named = re.match(r"\W*(\w+) {2,}", line)
        if named and named[1] in classes and named[1] != "DigestError":
            told = re.search(r"exit (\d)$", line)
            branch = int(told[1]) if told else branch
            drawn_as = classes[named[1]]
            assert issubclass(drawn_as, errors.DigestError)
            assert (named[1], branch) == (named[1], drawn_as.exit_status)
