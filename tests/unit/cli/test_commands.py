"""Every command says how it is used; programs get one JSON document with stable names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import typer
from hypothesis import example, given
from hypothesis import strategies as st

from digest.cli import app, command_line
from digest.cli.output import safe
from digest.cli.running import instant
from digest.errors import UsageError
from tests.builders import Desk, folder_source


def commands() -> Iterator[tuple[str, Any]]:
    """(words, command) of every command there is."""
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        if hasattr(command, "commands"):
            yield from ((f"{name} {inner}", each) for inner, each in command.commands.items())
        else:
            yield name, command


@pytest.mark.parametrize(("words", "command"), list(commands()), ids=[words for words, _ in commands()])
def test_each_command_has_help_and_an_example(words: str, command: Any) -> None:
    """A sentence on what it does, and a line to try."""
    assert command.help
    assert command.help.strip().endswith((".", "pieces)"))
    assert "Example" in command.epilog
    assert (
        f"digest {words.split()[0]}" in command.epilog
        or "digest --config" in command.epilog
        or "DIGEST_" in command.epilog
    )


@pytest.mark.parametrize(("words", "command"), list(commands()), ids=[words for words, _ in commands()])
def test_each_option_is_explained(words: str, command: Any) -> None:
    """No option is left to be guessed at."""
    assert [] == [each.name for each in command.params if each.param_type_name == "option" and not each.help]


@pytest.mark.parametrize("group", [(), ("editions",), ("subscribers",)])
def test_a_list_of_commands_cuts_no_sentence_off(group: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """What each does stands there whole, wrapped where it is long."""
    root: Any = command_line()
    root.main([*group, "--help"], prog_name="digest", standalone_mode=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert "..." not in shown.replace("COMMAND [ARGS]...", "")
    for command in (root.commands[group[0]] if group else root).commands.values():
        assert " ".join(command.help.partition("\n\n")[0].split()) in shown


HARMFUL = "\x1b\x7f\x9b\r\u200e\u200b\u202e\u2028\u2029\u2066\ufeff\ud800\U000e0041"


def test_help_is_light() -> None:
    """`digest --help` loads neither database, parser, template engine nor web framework."""
    heavy = "asyncio sqlalchemy pydantic jinja2 lxml feedparser starlette aiosmtplib rich httpx PIL"
    program = f"import sys, digest.cli; print([name for name in {heavy.split()!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()


@given(st.text(max_size=200))
@example(HARMFUL)
def test_nothing_a_stranger_wrote_reaches_the_terminal_raw(text: str) -> None:
    """No control character but the line end, no direction override, and the same length."""
    shown = safe(text)
    assert len(text) == len(shown)
    assert not any((ord(char) < 32 and char != "\n") or char in HARMFUL for char in shown)


@pytest.fixture
def house(desk: Desk) -> Desk:
    desk.write("one", "First & foremost", "2025-05-06T10:00:00Z", categories="[News]")
    desk.declare(sources=folder_source(desk.folder))
    desk.done("collect")
    return desk


@pytest.mark.long
@pytest.mark.parametrize("speaks", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_may_lack_letters(desk: Desk, speaks: str) -> None:
    """JSON is UTF-8 in any case (RFC 8259, 8.1); people are shown a question mark, and the command goes on."""
    desk.write("one", "Zürich — 中文", "2025-05-06T10:00:00Z")
    desk.declare(sources=folder_source(desk.folder))
    desk.done("collect")
    shown = {}
    for words in ("announcements list --json", "announcements list", "editions preview newsflash --at 2025-05-30"):
        line = [sys.executable, "-m", "digest", "--config", str(desk.config), *words.split()]
        told = os.environ | {"PYTHONIOENCODING": speaks}
        shown[words] = subprocess.run(line, capture_output=True, cwd=desk.folder, env=told, check=True).stdout
    assert ["Zürich — 中文"] == [each["title"] for each in json.loads(shown.pop("announcements list --json").decode())]
    assert all("Zürich — 中文".encode(speaks, "replace") in each for each in shown.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-06-26", datetime(2026, 6, 26, tzinfo=UTC)),
        ("2026-06-26T09:00", datetime(2026, 6, 26, 9, tzinfo=UTC)),
        ("2026-06-26t09:00z", datetime(2026, 6, 26, 9, tzinfo=UTC)),
        ("2026-06-26 09:00+02:00", datetime(2026, 6, 26, 7, tzinfo=UTC)),
        ("20260626T090000Z", datetime(2026, 6, 26, 9, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_any_form_of_iso_8601(text: str, said: datetime) -> None:
    """UTC where no zone is said (RFC 3339 also in lower case)."""
    assert said == instant(text)


@pytest.mark.parametrize(
    "text", ["", "now", "2026-02-30", "0001-01-01T00:00+14:00", "9999-12-31T23:59-23:59", "0001-01-01"]
)
def test_what_is_no_time_of_ours_is_refused_by_its_option(text: str) -> None:
    """Also the ends of the calendar, where no day is before or after."""
    with pytest.raises(UsageError, match="--since"):
        instant(text, "--since")


def test_json_of_announcements_and_times(house: Desk) -> None:
    """The names that other programs rely on."""
    [announcement] = house.done("announcements", "list", "--json").json()
    assert {"id", "source", "sources", "title", "url", "published", "language", "categories", "seq"} <= set(
        announcement
    )
    assert ("notes", ["notes"], "First & foremost", "en", ["News"]) == tuple(
        announcement[name] for name in ("source", "sources", "title", "language", "categories")
    )
    times = house.done("schedule", "next", "newsflash", "-n", "3", "--json").json()
    assert (3, True) == (len(times), all({"local", "utc"} <= set(time) for time in times))
    assert [] == house.done("deliveries", "uncertain", "--json").json()
    assert [] == house.done("suppressions", "list", "--json").json()
    shown = house.done("announcements", "show", announcement["id"], "--json").json()
    assert (announcement["id"], {"newsflash": "none yet"}) == (shown["id"], shown["dispositions"])


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (["editions", "preview", "nothing"], "nothing"),
        (["collect", "nowhere"], "nowhere"),
        (["announcements", "show", "tag:x"], "tag:x"),
        (["editions", "show", "newsflash", "2000-01-01"], "2000-01-01"),
        (["editions", "preview", "newsflash", "--at", "soon"], "soon"),
        (["schedule", "check", "day 30 feb 09:00"], "day 30 feb"),
        (["schedule", "check", "daily 09:00", "--timezone", "Europe"], "Europe: is no time zone"),
        (["subscribers", "add", "nobody", "--digest", "newsflash"], "nobody"),
        (["subscribers", "import", "missing.csv", "--digest", "newsflash"], "missing.csv"),
        (["editions", "send", "newsflash", "--grace", "ten"], "ten"),
        (["init", "--path", "digest.toml"], "digest.toml"),
        (["editions"], ""),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_usage_names_what_is_wrong(house: Desk, words: list[str], about: str) -> None:
    """Exit 2, and the thing by its name."""
    ran = house.run(*words)
    assert (2, True) == (ran.status, about in ran.err + ran.out)


def test_the_configuration_may_be_named_anywhere(house: Desk) -> None:
    """`--config` belongs to the whole line, before or after the command."""
    command = [sys.executable, "-m", "digest", "config", "show", "--json", f"--config={house.config}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Metals Mark" == json.loads(done.stdout)["site"]["title"]


def test_people_come_and_go(house: Desk) -> None:
    """Add, show, suppress, leave, each told in words; who left is not imported back."""
    house.done("subscribers", "add", "ana@example.org", "--digest", "newsflash", "--name", "Ana", "--confirmed")
    assert (
        "there already"
        in house.done("subscribers", "add", "ana@example.org", "--digest", "newsflash", "--confirmed").out
    )
    assert (
        "confirmed"
        == house.done("subscribers", "show", "ana@example.org", "--json").json()["subscriptions"][0]["state"]
    )
    assert "has left newsflash" in house.done("subscribers", "unsubscribe", "ana@example.org").out
    (house.folder / "back.csv").write_text("email\nana@example.org\nbob@example.org\n")
    house.done("suppressions", "add", "bob@example.org")
    ran = house.run("subscribers", "import", "back.csv", "--digest", "newsflash", "--confirmed")
    assert (1, True) == (ran.status, "0 imported, 0 there already, 2 refused" in ran.out)
    house.done("suppressions", "remove", "bob@example.org")


def test_an_edition_can_be_called_off(house: Desk) -> None:
    """Cancelled before the first mail, all it carried is owed again; a manual one waits for a person."""
    house.done("editions", "compose", "newsflash", "--at", "2025-05-30")
    house.done("editions", "cancel", "newsflash", "2025-05-30", "--why", "wrong")
    assert "sealed as No." in house.done("editions", "compose", "newsflash", "--at", "2025-05-31").out
    house.done("editions", "cancel", "newsflash", "2025-05-31", "--why", "again")
    house.declare(sources=folder_source(house.folder), digest='approval = "manual"')
    held = house.run("editions", "send", "newsflash")
    assert (1, True) == (held.status, "held until somebody approves" in held.out)
    [label] = [each["label"] for each in house.done("editions", "list", "--json").json() if each["status"] == "held"]
    assert f"{label} is sealed" in house.done("editions", "approve", "newsflash", label).out
    assert 2 == house.run("editions", "approve", "newsflash", "2000-01-01").status


def test_retracting_takes_it_from_the_feeds(house: Desk) -> None:
    """By the last part of its id; gone from feeds, and the tombstone stays."""
    [announcement] = house.done("announcements", "list", "--json").json()
    house.done("announcements", "retract", announcement["id"].rpartition("/")[2], "--why", "a mistake")
    house.done("feeds", "build", "--out", "out")
    assert "First" not in (house.folder / "out/feeds/news.atom").read_text()
    assert [] == house.done("announcements", "list", "--json").json()
    assert 0 == house.done("collect", "--json").json()[0]["new"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("schedule next newsflash -n 1000 --json | head -1", 0),
        ("schedule list | true", 0),
        ("schedule next nowhere 2>&1 | true", 2),
        ('schedule check "daily 09:00" >&-', 0),
        ("schedule next newsflash -n 1000 > /dev/full", 1),
    ],
)
def test_whoever_stops_listening_changes_nothing(house: Desk, command: str, status: int) -> None:
    """A reader that goes away, or none at all, and the command ends as it would; a full disk is a failure, in words."""
    line = f"{sys.executable} -m digest --config {house.config} {command}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (status, False, False) == (done.returncode, "Traceback" in done.stderr, "unexpected" in done.stderr), done
