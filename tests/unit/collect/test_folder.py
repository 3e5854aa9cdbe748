"""A folder of Markdown files: drafts, the future, translations, facts, pictures and mistakes."""

from __future__ import annotations

import io
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from digest.collect.picture import encode
from digest.errors import ParseError
from digest.model.announcements import Figure
from tests.unit.collect.conftest import House

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def folder(house: House) -> Path:
    made = house.folder / "notices"
    made.mkdir()
    house.sources = {"notices": {"kind": "folder", "url": str(made), "announce_first": "all"}}
    return made


def png(width: int = 40, height: int = 30) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()


def test_all_that_may_be_said(house: House, folder: Path) -> None:
    """Front matter gives dates, language, facts and picture; the text becomes clean HTML."""
    (folder / "pictures").mkdir()
    (folder / "pictures/a.png").write_bytes(png(2400, 1200))
    (folder / "a.md").write_text(
        "---\ntitle: Facts & Figures\ndate: 2026-05-30\npicture: pictures/a.png\npicture_alt: A bar\n"
        "deadline: 2026-07-01\nfigures_title: So far\nfigures:\n- {value: 100+, label: sites, share: 0.4}\n"
        "categories: [Figures]\ncolour: red\n---\nHello **there**.\n\n<script>x</script>\n\n| a |\n|---|\n| b |\n"
    )
    (folder / "a.es.md").write_text(
        "---\ntitle: Hechos\ndate: 2026-05-30\nlanguage: es\ntranslation_of: a\n---\nHola.\n"
    )
    report = house.collect()["notices"]
    assert (report.new, report.error, report.warnings) == (2, "", ("a.md: unknown key 'colour' ignored",))
    (found,) = house.listed()
    version = found.version("en")
    assert [each.language for each in found.versions] == ["en", "es"]
    assert (version.title, version.published_on, version.categories) == (
        "Facts & Figures",
        date(2026, 5, 30),
        ("Figures",),
    )
    assert version.facts.deadline == date(2026, 7, 1)
    assert version.facts.figures == (Figure(value="100+", label="sites", share=0.4),)
    assert "<strong>there</strong>" in version.content
    assert "script" not in version.content
    assert version.picture is not None
    assert (version.picture.width, version.picture.height, version.picture.alt) == (1200, 600, "A bar")
    assert (house.folder / "media" / version.picture.sha256).is_file()
    assert house.collect()["notices"].unchanged == 2


def test_whatever_is_corrected_is_taken_in(house: House, folder: Path) -> None:
    """A summary, where a link leads, an author: each is taken in by itself; what a reader would see moves the date."""
    file, notice = folder / "a.md", "---\ntitle: T\ndate: 2026-05-30\nsummary: {}\nauthors: {}\n---\nSee [it]({}).\n"
    file.write_text(notice.format("One.", "Ann", "https://x.org/a"))
    house.collect()
    for number, said in enumerate((("Two.", "Ann", "https://x.org/a"), ("Two.", "Ann", "https://x.org/b")), start=1):
        file.write_text(notice.format(*said))
        at = NOW + timedelta(hours=number)
        assert house.collect(now=at)["notices"].revised == 1
        version = house.listed()[0].version("en")
        assert (version.summary, said[2] in version.content, version.updated_at) == (said[0], True, at)
    file.write_text(notice.format("Two.", "Bob", "https://x.org/b"))
    assert house.collect(now=NOW + timedelta(hours=3))["notices"].revised == 0
    version = house.listed()[0].version("en")
    assert (version.authors, version.updated_at) == (("Bob",), NOW + timedelta(hours=2))


def test_drafts_and_the_future_stay_out(house: House, folder: Path) -> None:
    """A draft and what is dated later stay out of everything until their time."""
    (folder / "a.md").write_text("---\ntitle: A\ndate: 2026-06-03\n---\nText.\n")
    (folder / "b.md").write_text("---\ntitle: B\ndate: 2026-05-01\ndraft: true\n---\nText.\n")
    assert house.collect()["notices"].seen == 0
    assert house.collect(now=NOW + timedelta(days=2))["notices"].new == 1


def test_mistakes_name_the_file(house: House, folder: Path) -> None:
    """A broken file is an error with its name and line; the others are kept, and a missing picture is a note."""
    (folder / "good.md").write_text("---\ntitle: Good\ndate: 2026-05-01\npicture: ../../etc/passwd\n---\nText.\n")
    (folder / "bad.md").write_text("---\ntitle: A\ndate: [\n---\nText.\n")
    (folder / "none.md").write_text("---\ndate: 2026-05-01\n---\nText.\n")
    (folder / "bytes.md").write_bytes(b"---\ntitle: \xff\n---\n")
    (folder / "digits.md").write_text(f"---\ntitle: 0x{'f' * 6_000}\n---\n")
    report = house.collect()["notices"]
    assert report.new == 1
    assert "bad.md:" in report.error
    assert "none.md: title is missing" in report.error
    assert "digits.md: title is missing" in report.error
    assert "bytes.md: is not UTF-8" in report.error
    assert any("outside" in warning for warning in report.warnings)


def test_two_files_of_one_name(house: House, folder: Path) -> None:
    """A copy that kept its id is told by both names, and takes the place of nothing; renamed, it is in."""
    notice = "---\ntitle: {}\nid: same\ndate: 2026-05-0{}\n---\nText.\n"
    (folder / "a.md").write_text(notice.format("One", 1))
    (folder / "b.md").write_text(notice.format("Two", 2))
    report = house.collect()["notices"]
    assert (report.new, report.error) == (1, "b.md: is called 'same', as a.md is; give it an id of its own")
    (folder / "b.md").write_text(notice.format("Two", 2).replace("same", "other"))
    report = house.collect()["notices"]
    assert (report.new, report.revised, report.error) == (1, 0, "")


def test_names_of_files(house: House, folder: Path) -> None:
    """One that is no UTF-8 is told in words that can be printed; accents apart or not make no other name."""
    notice = "---\ntitle: {}\ndate: 2026-05-01\n---\nText.\n"
    (folder / "caf\u00e9.md").write_text(notice.format("One"))
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.md")).write_text(notice.format("Two"))
    report = house.collect()["notices"]
    assert (report.new, report.error) == (1, "bad?.md: its name is not UTF-8; rename it")
    (folder / "caf\u00e9.md").rename(folder / "cafe\u0301.md")
    assert house.collect()["notices"].new == 0


def test_a_missing_folder(house: House) -> None:
    """A folder that is not there is an error, and what was known stays."""
    house.sources = {"notices": {"kind": "folder", "url": str(house.folder / "gone")}}
    assert "no such folder" in house.collect()["notices"].error


def test_the_first_notice_of_an_empty_folder_is_news(house: House, folder: Path) -> None:
    """What is written after an empty folder was read is announced."""
    del house.sources["notices"]["announce_first"]
    house.collect()
    (folder / "a.md").write_text("---\ntitle: A\ndate: 2026-05-30\n---\nText.\n")
    assert house.collect()["notices"].new == 1
    assert house.baseline() == 0


def test_pictures_are_made_plain() -> None:
    """A picture is re-encoded without metadata; SVG, bombs and rubbish are refused."""
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    out = io.BytesIO()
    Image.new("RGB", (50, 20), "red").save(out, "JPEG", exif=exif)
    assert b"secret" in out.getvalue()
    made = encode(out.getvalue(), "x")
    assert (made.type, made.width, b"secret" in made.data) == ("image/jpeg", 50, False)
    for rubbish in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"", png()[:60]):
        with pytest.raises(ParseError):
            encode(rubbish, "x")
