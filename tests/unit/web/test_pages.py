"""What anybody may open: front page, editions, announcements, pictures, health and errors."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from digest.model.editions import EditionStatus
from digest.service.house import House
from digest.store import announcements, editions, retracting
from digest.subscribers import tokens
from digest.web.laying import lay_out
from tests.unit.web.conftest import Site


@pytest.mark.parametrize("path", ["/editions/newsflash/", "/editions/newsflash/2026-06-26", "/subscribe/newsflash"])
def test_every_public_page_names_the_feeds(site: Site, path: str) -> None:
    """So that a reader finds them from whichever page somebody gives it."""
    site.seal()
    assert site.get(path).text.count('<link rel="alternate" type="application/rss+xml"') == 1


def test_the_front_page_names_the_ways_to_follow(site: Site) -> None:
    """Feeds for readers that look for them, the newsletter with its issues, all of it escaped."""
    site.seal()
    page = site.get("/")
    assert page.status_code == 200
    assert '<link rel="alternate" type="application/atom+xml"' in page.text
    assert 'href="/subscribe/newsflash"' in page.text
    assert 'href="/editions/newsflash/2026-06-26"' in page.text
    assert "Metals Mark &lt;News&gt;" in page.text


def test_an_edition_is_shown_as_sealed(site: Site) -> None:
    """Titles and teasers are text and stay so; pictures are ours; drafts and unknown labels are not there."""
    site.seal()
    site.seal("2026-07-31", EditionStatus.HELD)
    page = site.get("/editions/newsflash/2026-06-26").text
    assert "Curve &amp; &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<em>summer</em>" in page
    assert re.findall(r'<img class="([a-z]+)" src="/media/([a-f0-9]+)" width="(\d+)" alt="(\w+)">', page) == [
        ("wide", "ab" * 32, "600", "Hills"),
        ("inset", "ab" * 32, "300", "Reels"),
    ]
    assert 'href="/announcements/00000000000000000000000000000003"' in page
    assert "<table" not in page or 'class="bars"' in page
    assert "Dos centros" not in page
    for missing in ("2026-07-31", "2026-01-01", "..%2f..%2fetc"):
        assert site.get(f"/editions/newsflash/{missing}").status_code == 404


def test_an_edition_speaks_the_language_asked_for(site: Site) -> None:
    """Its items and its own words; a tag that is none changes nothing."""
    site.seal()
    page = site.get("/editions/newsflash/2026-06-26?lang=es").text
    assert '<html lang="es" dir="ltr">' in page
    assert "Dos centros se suman" in page
    assert "junio" in page
    assert '<html lang="ar" dir="rtl">' in site.get("/editions/newsflash/2026-06-26?lang=ar").text
    assert '<html lang="en"' in site.get('/editions/newsflash/2026-06-26?lang="><script>').text


def test_figures_say_what_language_their_words_are_in(site: Site) -> None:
    """As titles and teasers do, and a number keeps its own direction in a page that is written from the right."""
    site.seal()
    page = site.get("/editions/newsflash/2026-06-26?lang=ar").text
    assert '<dt lang="en" dir="ltr">participants</dt><dd><bdi>100+</bdi></dd>' in page
    assert '<th scope="row" lang="en" dir="ltr">March</th>' in page
    assert "<td><bdi>15 %</bdi></td>" in page
    assert "<dt>participants</dt>" in site.get("/editions/newsflash/2026-06-26").text


def test_the_list_of_editions_stands_at_one_address(site: Site) -> None:
    """With the slash; without it, a redirect that names no host."""
    site.seal()
    assert "2026-06-26" in site.get("/editions/newsflash/").text
    bare = site.get("/editions/newsflash", headers={"host": "evil.example.org"})
    assert (bare.status_code, bare.headers["location"]) == (308, "/editions/newsflash/")


def test_a_picture_is_served_only_if_the_store_knows_it(site: Site) -> None:
    """With its type, for ever, and able to do nothing by itself."""
    name = site.keep_picture()
    found = site.get(f"/media/{name}")
    assert (found.status_code, found.headers["content-type"]) == (200, "image/png")
    assert "immutable" in found.headers["cache-control"]
    assert found.headers["x-content-type-options"] == "nosniff"
    for wrong in ("cd" * 32, "ef" * 32, "AB" * 32, "ab", "..%2fdigest.db", "%2e%2e/digest.db"):
        assert site.get(f"/media/{wrong}").status_code == 404


@pytest.mark.parametrize("lines", ["{tag}", "*", "W/{tag}", '"a", {tag}'])
@pytest.mark.parametrize("what", ["picture", "style"])
def test_a_picture_and_the_style_are_not_sent_again(site: Site, what: str, lines: str) -> None:
    """To whoever has them, however they say so (RFC 9110, 13.1.2); what merely contains the tag says nothing."""
    path = f"/media/{site.keep_picture()}" if what == "picture" else site.app._feeds._app._app.state.style.path
    tag = site.get(path).headers["etag"]
    assert site.get(path, headers={"if-none-match": lines.format(tag=tag)}).status_code == 304
    assert site.get(path, headers={"if-none-match": f"x{tag}"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/unsubscribe/x", {"GET", "HEAD", "POST"}),
        ("/manage/x", {"GET", "HEAD", "POST"}),
        ("/confirm/x", {"GET", "HEAD", "POST"}),
        ("/subscribe/newsflash", {"GET", "HEAD", "POST"}),
        ("/editions/newsflash/", {"GET", "HEAD"}),
        ("/hooks/bounces", {"POST"}),
    ],
)
def test_what_an_address_takes_is_told_whole(site: Site, path: str, allowed: set[str]) -> None:
    """405 names every method (RFC 9110, 15.5.6), of those that show and those that act."""
    wrong = site.run(site.request("DELETE", path))
    assert (wrong.status_code, sorted(wrong.headers["allow"].split(", "))) == (405, sorted(allowed))


def test_an_announcement_has_a_page_of_ours(site: Site) -> None:
    """Found whatever host its id was minted with; its title is text, its content the HTML that was cleaned."""
    link = site.announce(
        1,
        "Curve & <b>mines</b>",
        content="<p>In <em>full</em>.</p>",
        link="https://www.metals.example.org/curve",
        language="es",
    )
    page = site.get(link)
    assert page.status_code == 200
    assert "Curve &amp; &lt;b&gt;mines&lt;/b&gt;" in page.text
    assert "<p>In <em>full</em>.</p>" in page.text
    assert '<article lang="es" dir="ltr">' in page.text
    assert '<p class="meta" lang="en" dir="ltr">' in page.text
    assert "Read it at metals.example.org" in page.text


def test_a_deadline_that_is_over_is_not_offered_to_calendars(site: Site) -> None:
    """It says so, as the letter does; one to come is offered."""
    over, ahead = (
        site.get(site.announce(number, "A consultation", facts=json.dumps({"deadline": day}))).text
        for number, day in ((1, "2026-01-15"), (2, "2999-01-15"))
    )
    assert ("closed</p>" in over, "deadline.ics" in over) == (True, False)
    assert ("closes</p>" in ahead, "deadline.ics" in ahead) == (True, True)


def test_shares_are_bars_on_an_announcements_page_too(site: Site) -> None:
    """Under their title, as in the letter."""
    figures = [{"value": "15 %", "label": "March", "share": 0.15}]
    page = site.get(site.announce(1, "In figures", facts=json.dumps({"figures": figures, "figures_title": "Share"})))
    assert "<caption>Share</caption>" in page.text
    assert '<progress max="100" value="15"' in page.text


def test_the_front_page_leads_to_each_announcement(site: Site) -> None:
    """Newest first, where it was published, or to our own page when it was nowhere else."""
    here = site.announce(1, "Only here")
    site.announce(2, "Elsewhere", link="https://metals.example.org/2")
    page = site.get("/").text
    assert page.index('href="https://metals.example.org/2"') < page.index(f'href="{here}"')


def retract(site: Site, link: str) -> None:
    """Take back the announcement of that page."""

    async def story() -> None:
        async with site.house.store.write() as tx:
            found = await announcements.by_slug(tx, link.rpartition("/")[2])
            assert found
            await retracting.retract(tx, found.id, why="wrong", at=found.updated_at)

    site.run(story())


def test_an_announcement_taken_back_is_gone(site: Site) -> None:
    """410, and off the front page."""
    link = site.announce(1, "A mistake")

    assert "A mistake" in site.get("/").text
    retract(site, link)
    assert site.get(link).status_code == 410
    assert "A mistake" not in site.get("/").text


def test_an_announcement_that_is_not_there(site: Site) -> None:
    """404, also for what is no slug at all."""
    for wrong in ("0" * 32, "%", "0" * 31, "%27%20or%201"):
        assert site.get(f"/announcements/{wrong}").status_code == 404


def test_health_says_whether_the_work_can_be_done(site: Site) -> None:
    """Live while the loop turns; ready only with a store of this schema."""

    async def age() -> None:
        async with site.house.store.write() as tx:
            await tx.execute(text("UPDATE alembic_version SET version_num = 'older'"))

    assert [site.get(f"/health/{each}").status_code for each in ("live", "ready")] == [200, 200]
    site.run(age())
    assert [site.get(f"/health/{each}").status_code for each in ("live", "ready")] == [200, 503]


@pytest.mark.parametrize(
    "path", ["/", "/editions/newsflash/", "/editions/newsflash/2026-06-26", "/subscribe/newsflash"]
)
def test_a_page_leads_to_pages_in_its_language(site: Site, path: str) -> None:
    """Every one that can speak it; in the site's own no address says so."""
    site.seal()
    ours = re.compile(r'<a [^>]*href="(/(?:\?[^"]*)?|/(?:subscribe|editions|announcements)/[^".]*)"')
    assert [] == [link for link in ours.findall(site.get(path).text) if "?" in link]
    assert {True} == {link.endswith("?lang=es") for link in ours.findall(site.get(f"{path}?lang=es").text)}


@pytest.mark.parametrize("path", ["/", "/nothing", "/subscribe/newsflash", "/unsubscribe/x", "/static/style.css"])
def test_every_page_shuts_out_what_is_foreign(site: Site, path: str) -> None:
    """No script, no frame, nothing from elsewhere; errors too."""
    answer = site.get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script" not in answer.text
    assert "set-cookie" not in answer.headers


def test_a_page_of_ones_own_leaves_no_trace(site: Site) -> None:
    """Not indexed, not kept, not told to the next site; nor where the link is wrong."""
    keys, handle = site.house.keys, site.subscriber()
    links = [
        f"/unsubscribe/{tokens.unsubscribe_token(keys, handle, 'newsflash')}",
        f"/manage/{tokens.manage_token(keys, handle, 'newsflash')}",
        "/confirm/x",
    ]
    for link in links:
        headers = site.get(link).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"].startswith("noindex")
        assert headers["cache-control"] == "no-store"


def test_errors_are_pages_in_plain_words(site: Site) -> None:
    """404, 405 with what is allowed, 503 when the store is gone, and never a traceback."""

    async def break_store() -> None:
        async with site.house.store.write() as tx:
            await tx.execute(text("DROP TABLE editions"))

    missing = site.get("/nothing/<script>")
    assert (missing.status_code, "There is no such page" in missing.text) == (404, True)
    wrong = site.post("/")
    assert (wrong.status_code, "GET" in wrong.headers["allow"]) == (405, True)
    site.run(break_store())
    broken = site.get("/")
    assert broken.status_code in (500, 503)
    assert "our side" in broken.text
    assert "Traceback" not in broken.text
    assert "editions" not in broken.text.replace("/editions/", "")


def test_a_browser_finds_the_mark_of_the_house(site: Site) -> None:
    """A drawing with its first letter, named by every page, and at the place where browsers look unasked."""
    drawn = site.get("/favicon.ico")
    assert (200, "image/svg+xml") == (drawn.status_code, drawn.headers["content-type"])
    assert '<link rel="icon" type="image/svg+xml" href="/static/icon.svg">' in site.get("/").text
    assert drawn.content == site.get("/static/icon.svg").content
    assert ">M</text>" in drawn.text
    assert 304 == site.get("/favicon.ico", headers={"if-none-match": drawn.headers["etag"]}).status_code


def test_the_style_is_asked_for_once(site: Site) -> None:
    """By an address that changes with it, in the letters' colours."""
    page = site.get("/").text
    link = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    sheet = site.get(link)
    assert (sheet.status_code, sheet.headers["content-type"].split(";")[0]) == (200, "text/css")
    assert "#9A4A16" in sheet.text
    assert site.get(link, headers={"if-none-match": sheet.headers["etag"]}).status_code == 304


def test_a_deadline_goes_into_a_calendar(site: Site) -> None:
    """In the reader's language; where there is none, or it was taken back, there is no file."""
    page = site.announce(7, "Comments, please", facts='{"deadline": "2126-07-01"}')
    without = site.announce(8, "No date")
    answer = site.get(f"{page}/deadline.ics?lang=es")
    assert (200, "text/calendar; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
    assert "SUMMARY:Se cierra: Comments\\, please\r\n" in answer.text
    assert f"{page}/deadline.ics" in site.get(page).text
    assert [404, 404] == [site.get(f"{each}/deadline.ics").status_code for each in (without, "/announcements/nothing")]
    retract(site, page)
    assert 404 == site.get(f"{page}/deadline.ics").status_code


def test_past_issues_stand_by_year_and_are_searched(site: Site) -> None:
    """By all the words, in whatever case and language; nothing of a draft, nothing that was taken back."""
    for label in ("2024-12-27", "2025-06-27", "2026-06-26"):
        site.seal(label)
    site.seal("2026-06-27", EditionStatus.HELD)
    page = site.get("/editions/newsflash/").text
    assert ["2026", "2025", "2024"] == re.findall(r'id="year-(\d{4})"', page)
    assert page.index("2025-06-27") < page.index("2024-12-27")
    found = site.get("/editions/newsflash/?q=SUMAN+dos").text
    assert (3, 3) == (found.count("Dos centros se suman"), len(re.findall(r"/editions/newsflash/20\d\d-", found)))
    assert "Found in no issue" in site.get("/editions/newsflash/?q=nowhere").text
    assert "Found in" not in site.get("/editions/newsflash/?q=+").text
    escaped = site.get('/editions/newsflash/?q="><script>alert(1)</script>' + "x" * 500).text
    assert ("<script>" in escaped, "&gt;&lt;script&gt;" in escaped) == (False, True)
    assert "En ningún" not in page
    assert "No se ha encontrado" in site.get("/editions/newsflash/?q=nowhere&lang=es").text


def test_editions_are_laid_out_as_files(site: Site, tmp_path: Path) -> None:
    """As a visitor gets them, with pictures and style, without what only a server can do; what is withdrawn goes."""
    site.keep_picture()
    site.seal("2026-05-29")
    site.seal("2026-06-26")
    out = tmp_path / "public"
    files = site.run(lay_out(site.house, out))
    names = {file.relative_to(out).as_posix() for file in files}
    assert names == {
        "editions/newsflash/index.html",
        "editions/newsflash/2026-05-29/index.html",
        "editions/newsflash/2026-06-26/index.html",
    }
    page = (out / "editions/newsflash/2026-06-26/index.html").read_text()
    assert ("Two sites join" in page, "?lang=" in page) == (True, False)
    assert "search" not in (out / "editions/newsflash/index.html").read_text()
    assert b"\x89PNG" == (out / "media" / ("ab" * 32)).read_bytes()[:4]
    assert (out / "static/style.css").is_file()
    assert (out / "static/icon.svg").is_file()
    before = {file: file.stat().st_mtime_ns for file in files}
    site.run(lay_out(site.house, out))
    assert before == {file: file.stat().st_mtime_ns for file in files}
    site.run(_cancel(site.house, "2026-05-29"))
    site.run(lay_out(site.house, out))
    assert ((out / "editions/newsflash/2026-05-29").exists(), files[0].exists()) == (False, True)


async def _cancel(house: House, label: str) -> None:
    async with house.store.write() as tx:
        found = await editions.by_label(tx, "newsflash", label)
        assert found is not None
        await editions.move(tx, found, EditionStatus.CANCELLED, now=datetime.now(UTC))
