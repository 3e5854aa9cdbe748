"""The house stays one that the next engineer wants to live in."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
MODULES = sorted((REPOSITORY / "digest").rglob("*.py"))
GENERATED = "migrations/versions"


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def test_files_are_small() -> None:
    """At 250 lines one looks again, and none passes 300; a migration is written once and read never."""
    lengths = {str(path): len(path.read_text().splitlines()) for path in MODULES if GENERATED not in str(path)}
    assert {} == {path: lines for path, lines in lengths.items() if lines > 300}


def test_functions_are_small() -> None:
    """None over 50 lines."""
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in MODULES
        if GENERATED not in str(path)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= 50
    ]
    assert [] == long


def test_every_room_says_what_it_is_for() -> None:
    """A module begins with a sentence, and none is a drawer."""
    silent = [str(path) for path in MODULES if not ast.get_docstring(tree(path))]
    drawers = [str(path) for path in MODULES if path.stem in ("utils", "helpers", "common", "base", "misc")]
    assert ([], []) == (silent, drawers)


def test_every_test_says_what_is_promised() -> None:
    """In the first line of its docstring."""
    silent = [
        f"{path.name} {node.name}"
        for path in sorted((REPOSITORY / "tests").rglob("test_*.py"))
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert [] == silent


def test_no_file_names_a_registry_or_a_machine() -> None:
    """Neither a package registry's host nor a path of somebody's machine stands in what is tracked."""
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True)
    if listed.returncode:
        files = [path for path in REPOSITORY.rglob("*") if ".venv" not in path.parts and "var" not in path.parts]
    else:
        files = [REPOSITORY / name for name in listed.stdout.splitlines()]
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"))]
    wrong = re.compile(
        "|".join(map(re.escape, hosts)) + "|" + "|".join(rf"(?<![\w.])/{name}/" for name in ("work", "root"))
    )
    assert [] == [str(path) for path in files if path.is_file() and wrong.search(_text(path))]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""
