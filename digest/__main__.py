"""The street door: `digest …` and `python -m digest …`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its status: 0 done, 1 failed, 2 wrong usage or configuration."""
    from digest.cli import command_line
    from digest.cli.running import guarded

    sys.argv[1:] = _hoisted(sys.argv[1:])
    sys.exit(guarded(command_line()))


def _hoisted(words: list[str]) -> list[str]:
    """`--config PATH` may stand anywhere; it belongs to the whole command line."""
    rest, first = list(words), []
    for index, word in enumerate(words):
        if word == "--":
            break
        if word == "--config" and index + 1 < len(words):
            first, rest = words[index : index + 2], words[:index] + words[index + 2 :]
        elif word.startswith("--config="):
            first, rest = [word], words[:index] + words[index + 1 :]
    return first + rest


if __name__ == "__main__":
    main()
