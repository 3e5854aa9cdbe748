"""What commands print: whole lines for programs, what fits for people."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout

import pytest

from digest.cli import output
from digest.cli.output import FITTED, table

IDENT = "1057484245ad519abc6466537d1406b8"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(columns: Sequence[str], rows: Iterable[Sequence[object]], monkeypatch: pytest.MonkeyPatch) -> str:
    """The table on a terminal of 80 columns."""
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    with redirect_stdout(terminal):
        table(columns, rows)
    return terminal.getvalue()


def test_a_pipe_gets_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    """However long its cells are, aligned where a sign takes two columns, and nothing behind the last word."""
    table(("Name", "Said"), [("王小明", "x" * 300), ("Ada", "two\nlines"), ("Zoë", None)])
    assert [
        "Name    Said",
        "王小明  " + "x" * 300,
        "Ada     two",
        "        lines",
        "Zoë",
    ] == capsys.readouterr().out.splitlines()


def test_an_id_can_be_copied_from_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other commands ask for is never folded; what is beside it is, and all fits."""
    row = ("2025-06-19", "en", "main", "A long title " * 9, IDENT)
    drawn = shown(("Published", "Language", "Sources", "Title", "Id"), [row], monkeypatch)
    assert IDENT in drawn
    assert max(map(len, drawn.splitlines())) <= 80


def test_a_narrow_terminal_gets_what_there_is_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns of nothing but noughts are left out where all do not fit, and short words stay whole."""
    columns = ("Digest", "Edition", "Status", "Audience", "Accepted", "Deferred", "Rejected", "Uncertain", "Next try")
    row = ("newsflash", "2027-02-26", "proving", 51, 0, 0, 0, 0, "2027-02-26 08:10 UTC")
    assert [
        "Digest     Edition     Status   Audience  Next try",
        "newsflash  2027-02-26  proving  51        2027-02-26 08:10 UTC",
    ] == [line.rstrip() for line in shown(columns, [row], monkeypatch).splitlines()]


def test_a_long_list_is_not_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty thousand people took a minute to lay out: beyond a thousand rows each is one line."""
    monkeypatch.delattr(output, "_fitted")
    drawn = shown(("Address",), [(f"p{number}@example.org",) for number in range(FITTED + 1)], monkeypatch)
    assert FITTED + 2 == len(drawn.splitlines())
