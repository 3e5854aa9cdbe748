"""robots.txt (RFC 9309): whether a program of a name may read a path."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

_LONGEST = 500_000
"""Bytes that are looked at, as the RFC asks for at the least."""
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def forbids(body: bytes, agent: str, path: str) -> bool:
    """Whether the rules for `agent`, or else those for all, say no to a path with its query: the longest counts."""
    groups = list(_groups(body[:_LONGEST].decode("utf-8", "replace")))
    name = agent.lower()
    mine = [rules for names, rules in groups if name in names] or [rules for names, rules in groups if "*" in names]
    matching = [(len(rule), allowed) for rules in mine for rule, allowed in rules if _matches(rule, path)]
    return bool(matching) and not max(matching)[1]


def _groups(text: str) -> Iterator[tuple[set[str], list[tuple[str, bool]]]]:
    """(names, rules) of each group, a rule being its pattern and whether it allows."""
    names: set[str] = set()
    rules: list[tuple[str, bool]] = []
    begun = False
    for line in text.removeprefix("\ufeff").splitlines():
        key, _, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if key == "user-agent":
            if begun:
                yield names, rules
                names, rules, begun = set(), [], False
            names.add(value.lower())
        elif key in ("allow", "disallow"):
            begun = True
            if value:
                rules.append((quote(value, safe=_ASCII), key == "allow"))
    yield names, rules


def _matches(rule: str, path: str) -> bool:
    """By its beginning; `*` is anything, a `$` at the end the end. Each part is looked for once, so it is linear."""
    whole = rule.endswith("$")
    first, *rest = (rule[:-1] if whole else rule).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    last = rest.pop() if whole and rest else None
    for part in rest:
        at = path.find(part, at)
        if at < 0:
            return False
        at += len(part)
    if last is not None:
        return path.endswith(last) and len(path) - len(last) >= at
    return at == len(path) if whole else True
