"""Exports of other services go in as they are; our own goes out guarded and comes back whole."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from digest.errors import UsageError
from digest.store.database import Store
from digest.subscribers import csvfile, flow
from digest.subscribers.address import Refused
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


def imported(store: Store, path: Path, text: str | bytes, **options: Any) -> ImportReport:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return asyncio.run(flow.import_csv(store, path, NEWS, confirmed=True, now=NOW, **options))


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


def test_our_own_export_brings_nobody_into_another_digest(store: Store, tmp_path: Path) -> None:
    """Of an export of all, only the lines of this one, with their basis: who left it and gets another did not agree to
    come back.
    """
    head = "email,name,language,digest,state,basis,changed_at,evidence,text_only\n"
    lines = [
        ("ana@example.org", NEWS, "unsubscribed"),
        ("ana@example.org", "weekly", "confirmed"),
        ("bo@example.org", NEWS, "confirmed"),
    ]
    text = head + "".join(f"{email},,,{digest},{state},membership,2026-01-01,{{}},\n" for email, digest, state in lines)
    report = imported(store, tmp_path / "all.csv", text)
    assert 1 == report.imported
    assert ["Not confirmed there (unsubscribed).", "Of another newsletter there (weekly)."] == [
        why for _, _, why in report.refused
    ]
    assert ["membership"] == [each.basis for each in asyncio.run(flow.show(store, "bo@example.org")).subscriptions]


def test_columns_are_what_an_operator_says(store: Store, tmp_path: Path) -> None:
    """Several make a name; a column that is not there is named."""
    text = 'Correo;Nombre;Apellido;"Telefono, Casa"\nana@example.org;Ana;Ruiz;1\n'
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


CHLOE = "email,name\nana@example.org,Chloé\nbo@example.org,Bo\n"
OTHERWISE = "Not UTF-8: save the list as CSV UTF-8, or name what it is by --encoding, such as windows-1252."


@pytest.mark.parametrize(
    ("text", "encoding", "refused"),
    [
        (CHLOE.encode(), "", []),
        (CHLOE.encode("utf-8-sig"), "", []),
        (CHLOE.replace(",", "\t").encode("utf-16"), "", []),
        (b"\xfe\xff" + CHLOE.encode("utf-16-be"), "", []),
        (CHLOE.replace("\n", "\r\n").encode(), "", []),
        (CHLOE.replace("\n", "\r").encode(), "", []),
        (CHLOE.encode("latin-1"), "latin-1", []),
        (CHLOE.encode("cp1252"), "windows-1252", []),
        (CHLOE.encode("utf-16-le"), "utf-16-le", []),
        (CHLOE.encode("latin-1"), "", [(2, "ana@example.org", OTHERWISE)]),
        (CHLOE.encode("latin-1"), "utf-8", [(2, "ana@example.org", OTHERWISE)]),
    ],
)
def test_every_encoding_is_read_or_told(
    store: Store, tmp_path: Path, text: bytes, encoding: str, refused: list[tuple[int, str, str]]
) -> None:
    """With a mark or told by the operator: as it was meant. Else the lines that cannot be are listed with what to do,
    and the others are in.
    """
    report = imported(store, tmp_path / "a.csv", text, encoding=encoding)
    assert (2 - len(refused), tuple(refused)) == (report.imported, report.refused)
    names = {subscriber.name for subscriber, _ in asyncio.run(flow.listed(store))}
    assert names == ({"Bo"} if refused else {"Chloé", "Bo"})


@pytest.mark.parametrize(
    ("text", "encoding", "says"),
    [
        (CHLOE.encode("utf-16-le"), "", "--encoding"),
        (CHLOE.replace("name", "prénom").encode("latin-1"), "", "--encoding"),
        (CHLOE.encode(), "klingon", '"klingon"'),
        (CHLOE.encode(), "base64", '"base64"'),
    ],
)
def test_what_cannot_be_read_at_all_is_said_to_be_so(
    store: Store, tmp_path: Path, text: bytes, encoding: str, says: str
) -> None:
    """Before anybody is entered."""
    with pytest.raises(UsageError, match=says):
        imported(store, tmp_path / "a.csv", text, encoding=encoding)
    assert asyncio.run(flow.listed(store)) == ()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ('Ana "the Ru" O\'Neill, Inc.', 'Ana "the Ru" O\'Neill, Inc.'),
        ("Ana\r\nBcc: all@example.org", None),
        ("Ana\nRuiz", None),
        ("Ana\rRuiz", None),
        ("Ana\x00Ruiz", None),
        ("Ana\x1b[31m", None),
        ("x" * 1_000, None),
        ("x" * 200, "x" * 200),
        ("Ana\u2028Ruiz", None),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("  Ana   Ruiz ", "Ana Ruiz"),
    ],
)
def test_a_name_is_kept_whole_or_its_line_is_told(store: Store, tmp_path: Path, name: str, kept: str | None) -> None:
    """Quotes, breaks, zeros, endless ones: never cut short, and never part of a header of their own making."""
    cell = '"' + name.replace('"', '""') + '"'
    report = imported(store, tmp_path / "a.csv", f"email,name\nana@example.org,{cell}\nbo@example.org,Bo\n")
    entered = asyncio.run(flow.add(store, "cy@example.org", NEWS, name=name, now=NOW))
    names = [subscriber.name for subscriber, _ in asyncio.run(flow.listed(store))]
    if kept is None:
        assert (1, [(2, "ana@example.org")]) == (report.imported, [each[:2] for each in report.refused])
        assert (["Bo"], True) == (names, isinstance(entered, Refused))
    else:
        assert (2, [kept, "Bo", kept]) == (report.imported, names)


def test_who_was_swallowed_by_a_quotation_mark_is_told(store: Store, tmp_path: Path) -> None:
    """Opened in a column that nobody reads and never closed, or lines later; what is only a long note comes in."""
    text = (
        'Correo,Nombre,Notas\nana@example.org,Ana,"two lines,\nand ana@work.example.org"\n'
        'bo@example.org,Bo,"open\ncy@example.org,Cy,\ndi@example.org,Di,"\nem@example.org,Em,"open\nfa@example.org,Fa,\n'
    )
    report = imported(store, tmp_path / "a.csv", text, columns={"email": "Correo"})
    assert (1, [(4, "bo@example.org"), (7, "em@example.org")]) == (
        report.imported,
        [(line, address) for line, address, _ in report.refused],
    )


def test_text_only_comes_and_goes_with_a_list(store: Store, tmp_path: Path) -> None:
    """A column of its own, by its name or by a map; what says neither yes nor no is refused."""
    imported(
        store, tmp_path / "a.csv", "email,text_only\nana@example.org,yes\nbo@example.org,\ncy@example.org,perhaps\n"
    )
    columns = {"email": "Adresse", "text_only": "Format"}
    report = imported(
        store, tmp_path / "b.csv", "Adresse;Format\ndi@example.org;Text\nem@example.org;HTML\n", columns=columns
    )
    found = {subscriber.email[:2]: subscriber.text_only for subscriber, _ in asyncio.run(flow.listed(store))}
    assert ((), {"an": True, "bo": False, "di": True, "em": False}) == (report.refused, found)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20))
def test_a_guarded_cell_comes_back_as_it_was(cell: str) -> None:
    """And begins with nothing that a spreadsheet runs."""
    assert csvfile.guarded(cell)[:1] not in tuple("=+-@\t\r")
    assert csvfile.unguarded(csvfile.guarded(cell)) == cell
