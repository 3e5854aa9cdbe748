"""compose.yaml against what it starts: every command, variable, address, port, volume and health check is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer
import yaml

from digest.cli import app
from digest.settings import Settings, load
from digest.web import health

REPOSITORY = Path(__file__).parent.parent
TEXT = (REPOSITORY / "compose.yaml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text("utf-8")
OURS = sorted(name for name, service in SERVICES.items() if service["image"] == "newsflash-digest")
DEFAULT: list[str] = json.loads(re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[-1])


def settings(name: str) -> Settings:
    """As that service would have them; a variable that is no setting is refused."""
    return load(REPOSITORY / "config" / "digest.toml", environ=SERVICES[name]["environment"])


@pytest.mark.parametrize("name", OURS)
def test_each_command_is_one(name: str) -> None:
    """With options that it has."""
    command: Any = typer.main.get_command(app)
    rest = SERVICES[name].get("command", DEFAULT)
    while rest and not rest[0].startswith("-"):
        command, rest = command.commands[rest[0]], rest[1:]
    with typer.Context(command, info_name="digest") as context:
        _, unknown, _ = command.make_parser(context).parse_args(list(rest))
    assert [] == unknown


@pytest.mark.parametrize("name", OURS)
def test_each_address_leads_to_a_service(name: str) -> None:
    """The ledger's and the relay's; the ledger's with the account that its server was given."""
    declared = settings(name)
    assert urlsplit(declared.senders["main"].url).hostname == "inbox"
    url = urlsplit(declared.database.url)
    if url.scheme == "postgresql":
        given = SERVICES["postgres"]["environment"]
        assert url.hostname in SERVICES
        account = (given["POSTGRES_USER"], given["POSTGRES_PASSWORD"], given["POSTGRES_DB"])
        assert account == (url.username, url.password, url.path.removeprefix("/"))
        assert declared.engine.kind == "procrastinate"


@pytest.mark.parametrize("name", OURS)
def test_what_is_published_is_listened_to(name: str) -> None:
    """The container's end of each port is the one that the command is told, on every address."""
    command = SERVICES[name].get("command", DEFAULT)
    for port in SERVICES[name].get("ports", []):
        outside, _, inside = port.rpartition(":")
        assert (inside, "0.0.0.0") == (command[command.index("--port") + 1], command[command.index("--host") + 1])
        assert outside.startswith("127.0.0.1:")


def test_each_copy_has_a_port_of_its_own() -> None:
    """Web, work and tick run twice; two pages need two ports."""
    assert {"web": 2, "work": 2, "tick": 2} == {
        name: service["deploy"]["replicas"] for name, service in SERVICES.items() if "deploy" in service
    }
    first, _, last = SERVICES["web"]["ports"][0].split(":")[1].partition("-")
    assert SERVICES["web"]["deploy"]["replicas"] == int(last) - int(first) + 1
    assert [] == [*SERVICES["work"]["ports"], *SERVICES["tick"]["ports"]]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_it_leans_on_is_there(name: str) -> None:
    """Volumes and folders exist, and whatever it waits for is a service of the same run, with a health to wait for."""
    service = SERVICES[name]
    for volume in service.get("volumes", []):
        source = volume.partition(":")[0]
        assert (REPOSITORY / source).is_dir() if source.startswith(".") else source in COMPOSE["volumes"]
    waits = service.get("depends_on", [])
    for other in waits:
        assert set(SERVICES[other].get("profiles", [])) <= set(service.get("profiles", []))
        if isinstance(waits, dict) and waits[other]["condition"] == "service_healthy":
            assert SERVICES[other]["healthcheck"]["test"]


def test_the_line_for_postgresql_starts_no_second_store() -> None:
    """Compose starts the services it is told and what they need, and no other: none of them lives on SQLite."""
    [line] = re.findall(r"^# docker compose --profile postgres up --build (.+)$", TEXT, re.MULTILINE)
    started, told = set[str](), line.split()
    while told:
        started.add(name := told.pop())
        told += set(SERVICES[name].get("depends_on", [])) - started
    assert set(SERVICES) - {"digest"} == started
    assert {"postgresql"} == {urlsplit(settings(name).database.url).scheme for name in started & set(OURS)}


def test_the_health_check_asks_for_a_page_that_there_is() -> None:
    """Where the image's own check looks, on the port that it listens to; roles without pages have none."""
    asked = urlsplit(re.findall(r"urlopen\('([^']+)'", DOCKERFILE)[0])
    assert asked.path in {route.path for route in health.routes}
    assert str(asked.port) == DEFAULT[DEFAULT.index("--port") + 1]
    assert {True} == {SERVICES[name]["healthcheck"]["disable"] for name in ("work", "tick")}
