"""Which column of a list means what: our own, what an operator says, or the exports of three services as they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from digest.errors import UsageError
from digest.subscribers.address import Refused

COLUMNS = ("email", "name", "language", "text_only")
FIELDS = (*COLUMNS, "at", "ip", "source")
"""What may be mapped; `at`, `ip` and `source` are evidence of consent."""
ATTRIBUTE = "attribute."
"""What stands before the name of anything else that a list says of people, for segments."""
_YES = frozenset({"yes", "true", "1", "text"})
_NO = frozenset({"", "no", "false", "0", "html"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

Cells = Mapping[str, str]


@dataclass(frozen=True)
class Columns:
    """Where each field stands: the columns whose cells make it, by their names in lower case, of a `header`."""

    service: str
    fields: Mapping[str, tuple[str, ...]]
    gone: Callable[[Cells], str]
    """Why somebody must not be written to, as the export says; empty for those who may."""
    header: tuple[str, ...] = ()

    @cached_property
    def wide(self) -> int:
        return len(self.header)

    @cached_property
    def _places(self) -> Mapping[str, tuple[int, ...]]:
        """The numbers of the columns: a hundred thousand lines are read cell by cell."""
        numbers = {name: number for number, name in enumerate(self.header)}
        return {field: tuple(numbers[each] for each in at if each in numbers) for field, at in self.fields.items()}

    @cached_property
    def proves(self) -> bool:
        """Whether it says anything of consent."""
        return bool(self.service or {"at", "ip", "source"} & self.fields.keys())

    @cached_property
    def _besides(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, name.removeprefix(ATTRIBUTE)) for name in self.fields if name.startswith(ATTRIBUTE))

    def field(self, name: str, cells: Sequence[str]) -> str:
        """A field of a line: a name is put together of its columns, anything else is the first that is not empty."""
        places = self._places.get(name, ())
        if len(places) < 2:
            return cells[places[0]].strip(" \t") if places else ""
        filled = [each for place in places if (each := cells[place].strip(" \t"))]
        return " ".join(filled) if name == "name" else next(iter(filled), "")

    def attributes(self, cells: Sequence[str]) -> dict[str, str]:
        """What a line says besides, by name; empty cells say nothing."""
        if not self._besides:
            return {}
        return {name: value for field, name in self._besides if (value := self.field(field, cells))}

    def why_gone(self, cells: Sequence[str], digest: str) -> str:
        """The same as `gone`, of a line for that digest: whoever agreed to another did not agree to this one."""
        if self.gone is _never:
            return ""
        said = dict(zip(self.header, cells, strict=False))
        other = said["digest"].strip() if self.gone is _ours else digest
        return self.gone(said) or ("" if other == digest else f"Of another newsletter there ({other}).")


def _never(_: Cells) -> str:
    return ""


def _mailchimp(cells: Cells) -> str:
    if cells.get("unsub_time", "").strip():
        return f"Unsubscribed there on {cells['unsub_time'][:10]}."
    return "Cleaned there: its mail came back." if cells.get("clean_time", "").strip() else ""


def _buttondown(cells: Cells) -> str:
    kind = (cells.get("type") or cells.get("subscriber_type") or cells.get("status") or "").strip().lower()
    if kind in ("unactivated", "unpaid", "pending"):
        return f"Not confirmed there ({kind})."
    return "" if kind in ("", "regular", "premium", "gifted", "trialed", "active") else f"Not active there ({kind})."


def _listmonk(cells: Cells) -> str:
    status = cells.get("status", "").strip().lower()
    listed = cells.get("subscription_status", "").strip().lower()
    if listed == "unsubscribed":
        return "Unsubscribed there."
    return "" if status in ("", "enabled") else f"Not enabled there ({status})."


def _ours(cells: Cells) -> str:
    state = cells.get("state", "").strip().lower()
    return "" if state in ("", "confirmed") else f"Not confirmed there ({state})."


_SERVICES = (
    (
        {"email", "digest", "state", "evidence"},
        Columns(
            "digest",
            {
                "email": ("email",),
                "name": ("name",),
                "language": ("language",),
                "text_only": ("text_only",),
                "at": ("changed_at",),
                "basis": ("basis",),
            },
            _ours,
        ),
    ),
    (
        {"email address", "optin_time"},
        Columns(
            "Mailchimp",
            {
                "email": ("email address",),
                "name": ("first name", "last name"),
                "language": ("language",),
                "at": ("confirm_time", "optin_time"),
                "ip": ("confirm_ip", "optin_ip"),
            },
            _mailchimp,
        ),
    ),
    (
        {"email", "creation_date"},
        Columns(
            "Buttondown",
            {
                "email": ("email",),
                "name": ("name",),
                "at": ("creation_date",),
                "ip": ("ip_address",),
                "source": ("source",),
            },
            _buttondown,
        ),
    ),
    (
        {"email", "uuid", "status"},
        Columns("listmonk", {"email": ("email",), "name": ("name",), "at": ("created_at",)}, _listmonk),
    ),
)  # fmt: skip


def mapped(header: Sequence[str], said: Mapping[str, str], about: str) -> Columns:
    """What the columns of a header mean; `said` maps our fields to its names, several joined by "+".

    Raises UsageError for a header nobody can read.
    """
    names = tuple(name.strip().lower() for name in header)
    if said:
        return _said(names, said, about)
    for signs, found in _SERVICES:
        if signs <= set(names):
            besides = {name: (name,) for name in names if name.startswith(ATTRIBUTE)}
            return replace(found, fields={**found.fields, **besides}, header=names)
    for name in names:
        if name not in COLUMNS and not name.startswith(ATTRIBUTE):
            known = ", ".join(COLUMNS)
            raise UsageError(f'knows no column "{name[:60]}"; the first line names {known}, or use --map', about=about)
    if "email" not in names or len(set(names)) < len(names):
        raise UsageError("the first line must name email, and each column once", about=about)
    return Columns("", {name: (name,) for name in names}, _never, names)


def _said(names: Sequence[str], said: Mapping[str, str], about: str) -> Columns:
    fields = {field: tuple(part.strip().lower() for part in columns.split("+")) for field, columns in said.items()}
    for field, columns in fields.items():
        if field not in FIELDS and not _NAME.fullmatch(field.removeprefix(ATTRIBUTE)):
            raise UsageError(f'is no name like "{ATTRIBUTE}country"', about=f"--map {field}")
        if field not in FIELDS and not field.startswith(ATTRIBUTE):
            known = ", ".join(FIELDS)
            raise UsageError(f'maps no "{field}"; there are {known}, and {ATTRIBUTE}NAME', about="--map")
        for column in columns:
            if column not in names:
                raise UsageError(f'has no column "{column}"', about=about)
    if "email" not in fields:
        raise UsageError("must say which column is email", about="--map")
    return Columns("", fields, _never, tuple(names))


def yes(text: str) -> bool | Refused:
    """What a cell of `text_only` says."""
    said = text.lower()
    if said in _YES or said in _NO:
        return said in _YES
    return Refused("The column text_only says neither yes nor no.")
