"""Exports of other services go in as they are; our own goes out guarded and comes back whole."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from digest.errors import UsageError
from digest.store.database import Store
from digest.subscribers import csvfile, flow
from digest.subscribers.entering import ImportReport

NOW = datetime(2026, 6, 26, 8, 0, tzinfo=UTC)
NEWS = "newsflash"

MAILCHIMP = """Email Address,First Name,Last Name,RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,UNSUB_TIME,TAGS
ana@example.org,Ana,Ruiz,2,2024-03-01,,"2024-03-01 10:05:00",198.51.100.7,,"""
BUTTONDOWN = """id,email,notes,metadata,tags,creation_date,type,source,ip_address
1,ana@example.org,,{},,2024-03-01T10:05:00Z,regular,embedded_form,198.51.100.7
2,bo@example.org,,{},,2024-03-01T10:05:00Z,unsubscribed,api,
3,cy@example.org,,{},,2024-03-01T10:05:00Z,unactivated,api,
"""
LISTMONK = """uuid,email,name,attributes,status,created_at,updated_at
5f6c,ana@example.org,Ana Ruiz,{},enabled,2024-03-01 10:05:00,2024-03-02
5f6d,bo@example.org,Bo,{},blocklisted,2024-03-01 10:05:00,2024-03-02
"""


def imported(store: Store, path: Path, text: str | bytes, **options: object) -> ImportReport:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return asyncio.run(flow.import_csv(store, path, NEWS, confirmed=True, now=NOW, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("service", "text", "refused", "name"),
    [
        ("Mailchimp", MAILCHIMP + "\nbo@example.org,Bo,,2,2024-03-01,,2024-03-01,,2025-01-01,\n", 1, "Ana Ruiz"),
        ("Buttondown", BUTTONDOWN, 2, ""),
        ("listmonk", LISTMONK, 1, "Ana Ruiz"),
    ],
)
def test_an_export_goes_in_as_it_is(
    store: Store, tmp_path: Path, service: str, text: str, refused: int, name: str
) -> None:
    """With when and from where they had agreed; who left there is not brought in."""
    report = imported(store, tmp_path / "export.csv", text)
    shown = asyncio.run(flow.show(store, "ana@example.org"))
    [standing] = shown.subscriptions
    evidence = json.loads(standing.evidence)
    assert (1, refused, name) == (report.imported, len(report.refused), shown.subscriber.name)
    assert (service, "2024-03-01") == (evidence["before"]["via"], evidence["before"]["at"][:10])
    assert "export.csv, line 2" in evidence["wording"]


def test_columns_are_what_an_operator_says(store: Store, tmp_path: Path) -> None:
    """Several make a name; a column that is not there is named."""
    text = "Correo;Nombre;Apellido;Telefono\nana@example.org;Ana;Ruiz;1\n"
    columns = {"email": "Correo", "name": "Nombre+Apellido"}
    assert imported(store, tmp_path / "a.csv", text, columns=columns).imported == 1
    assert asyncio.run(flow.show(store, "ana@example.org")).subscriber.name == "Ana Ruiz"
    with pytest.raises(UsageError, match='no column "email"'):
        imported(store, tmp_path / "a.csv", text, columns={"email": "email"})


def test_a_dry_run_reports_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    """The same report as the real one, repeated lines among them."""
    text = "email\nana@example.org\nana@example.org\nnot an address\n" + "".join(f"u{n}@e.org\n" for n in range(1500))
    dry = imported(store, tmp_path / "a.csv", text, dry=True)
    assert asyncio.run(flow.listed(store)) == ()
    assert dry == imported(store, tmp_path / "a.csv", text)


def test_of_a_hundred_with_ten_gone_and_five_suppressed_85_come_in(store: Store, tmp_path: Path) -> None:
    """And the fifteen are in the report, each with its line."""
    for number in range(10):
        asyncio.run(flow.add(store, f"u{number}@example.org", NEWS, confirmed=True, now=NOW))
        asyncio.run(flow.unsubscribe_address(store, f"u{number}@example.org", now=NOW))
    for number in range(10, 15):
        asyncio.run(flow.suppress(store, f"u{number}@example.org", now=NOW))
    report = imported(store, tmp_path / "a.csv", "email\n" + "".join(f"u{n}@example.org\n" for n in range(100)))
    assert (85, list(range(2, 17))) == (report.imported, [line for line, _, _ in report.refused])


def test_utf_16_is_read(store: Store, tmp_path: Path) -> None:
    """As spreadsheets write it, with its mark."""
    text = "email\tname\nana@example.org\tChloé\n".encode("utf-16")
    assert imported(store, tmp_path / "a.csv", text).imported == 1
    assert asyncio.run(flow.show(store, "ana@example.org")).subscriber.name == "Chloé"


@given(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=20))
def test_a_guarded_cell_comes_back_as_it_was(cell: str) -> None:
    """And begins with nothing that a spreadsheet runs."""
    assert csvfile.guarded(cell)[:1] not in tuple("=+-@\t\r")
    assert csvfile.unguarded(csvfile.guarded(cell)) == cell
