"""A sealed edition as a letter: one language, nothing clipped, everybody's reader served."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Protocol

import pytest
from jinja2 import Environment

from digest.errors import LetterError, TemplateError
from digest.letter import check
from digest.letter.holes import Letter, Markers, new_markers
from digest.letter.render import no_calendar, reason, render
from digest.letter.views import CalendarLink, SiteView
from digest.model.announcements import Facts, Figure, Picture
from digest.model.editions import Snapshot, SnapshotItem, SnapshotSection
from digest.templating.lines import columns
from tests.unit.letter.conftest import item, rich_snapshot, version


class Page(HTMLParser):
    """Tags with their attributes, and what links say."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.said: dict[str, str] = {}
        self._link: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "a":
            self._link = given["href"]
            self.said.setdefault(self._link, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._link:
            self.said[self._link] += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.tags if name == tag]


class Renders(Protocol):
    def __call__(self, snapshot: Snapshot, language: str = "en", calendar_link: CalendarLink = ...) -> Letter: ...


@pytest.fixture
def rendered(environment: Environment, site: SiteView, markers: Markers) -> Renders:
    """Renders a snapshot, in English unless told."""

    def act(snapshot: Snapshot, language: str = "en", calendar_link: CalendarLink = no_calendar) -> Letter:
        return render(
            snapshot,
            language=language,
            site=site,
            environment=environment,
            markers=markers,
            calendar_link=calendar_link,
        )

    return act


def news(*items: SnapshotItem) -> Snapshot:
    """A snapshot of nothing but these."""
    section = SnapshotSection(title="News", items=items)
    return rich_snapshot(introduction="", lead=None, more=(), sections=(section,))


LONG = "Assured sites report on water, energy and the people who work there. " * 12
AWKWARD = {
    "full": rich_snapshot(),
    "one": news(item("Only one")),
    "sixty": news(*(item(f"Number {n}", summary=LONG) for n in range(60))),
    "thousand": news(*(item(f"Number {n} of very many", summary=LONG) for n in range(1000))),
    "long title": news(item("A title without end " * 15, summary=LONG)),
    "hostile": news(item("<script>alert(1)</script> {{ 7 * 7 }} [/] \x1b[31m", summary="</td></table><img src=x>")),
    "scripts": news(item("铜业协会" * 30, language="zh"), item("مبادرة", language="ar"), item("👩‍👩‍👧‍👦 🚀")),
    "no link": news(item("Linkless", link=""), item("Odd link", link="javascript:alert(1)")),
    "same titles": news(item("Same"), item("Same"), item("Same")),
}


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "ar", "xx"])
@pytest.mark.parametrize("case", AWKWARD)
def test_awkward_editions_pass_every_check(rendered: Renders, markers: Markers, case: str, language: str) -> None:
    """Whatever is in it: no fault, structure sound, link texts unlike each other, text part in columns."""
    letter = rendered(AWKWARD[case], language)
    page = Page(letter.html)
    said = [words for words in page.said.values() if words]

    assert [] == check.faults(letter)
    assert [] == [attrs for attrs in page.all("table") if attrs.get("role") != "presentation"]
    assert (1, len(said)) == (len(page.all("h1")), len(set(said)))
    assert "<script>" not in letter.html
    assert [] == [line for line in letter.text.splitlines() if columns(line) > 72 and "://" not in line]
    assert not re.search(r"([^\w\s])\1\1", letter.text.replace("://", ""))


def test_every_item_is_in_both_parts_in_the_same_order(rendered: Renders, snapshot: Snapshot) -> None:
    """Text as good as the HTML: the same titles, the same links, the same order."""
    letter = rendered(snapshot)
    links = [each.version("en").link for each in snapshot.items]

    assert links == [link for link in Page(letter.html).said if link in links]
    assert links == [line for line in letter.text.splitlines() if line in links]


def test_headings_are_numbered_and_addresses_stand_alone(rendered: Renders, snapshot: Snapshot) -> None:
    """What the text part looks like."""
    text = rendered(snapshot).text

    assert (
        "2.1 Steel standard accepts the Mark for three of its levels\n"
        "7 May 2026, Recognition\n"
        "Makers of steel may count assured metals as responsible input. The rule\n"
        "holds at once.\n"
        "https://example.org/steel-standard-accepts-the-mark-for-three-of-its-levels\n"
    ) in text


def test_foreign_items_say_their_language(rendered: Renders, snapshot: Snapshot) -> None:
    """A Spanish title is read aloud in Spanish, and said to be so; in the Spanish letter it is at home."""
    english, spanish = rendered(snapshot, "en"), rendered(snapshot, "es")

    assert 'lang="es" dir="ltr"' in english.html
    assert "in Spanish" in english.text
    assert 'lang="es" dir="ltr">Más' not in spanish.html
    assert "en inglés" in spanish.text


def test_the_right_version_is_shown(rendered: Renders) -> None:
    """An announcement with two languages shows each reader theirs."""
    both = SnapshotItem(public_id="tag:x,2026:1", versions=(version("Good day"), version("Buenos días", language="es")))

    shown = [rendered(news(both), language).text for language in ("en", "es", "fr")]
    assert [True, True, True] == [
        words in text for words, text in zip(("Good day", "Buenos días", "Good day"), shown, strict=True)
    ]


def test_letter_speaks_the_language_of_its_reader(rendered: Renders, snapshot: Snapshot) -> None:
    """Subject, dates, section names and the way out."""
    letter = rendered(snapshot, "de")

    assert "Newsflash Juni 2026" == letter.subject
    assert '<html lang="de" dir="ltr"' in letter.html
    for words in ("Aktuelles", "Abbestellen", "26. Juni 2026", "9 Meldungen seit dem 29. Mai"):
        assert words in letter.html
        assert words in letter.text


def test_what_a_letter_leads_to_speaks_as_it_does(rendered: Renders, snapshot: Snapshot, site: SiteView) -> None:
    """The edition on the web, the form and our own pages bear the language where it is not the digest's."""
    bare = replace(snapshot, lead=SnapshotItem(public_id="x/a1b2", versions=(version("Nowhere else", link=""),)))
    paths = (f"editions/{snapshot.digest}/{snapshot.label}", f"subscribe/{snapshot.digest}", "announcements/a1b2")
    own = [f"{site.url}/{path}" for path in paths]
    english, spanish = (re.findall(r'href="([^"]+)"', rendered(bare, language).html) for language in ("en", "es"))
    assert set(own) < set(english)
    assert {f"{link}?lang=es" for link in own} < set(spanish)


def test_pictures_are_ours_or_none(rendered: Renders) -> None:
    """Served by us, with the words the source gave; a picture elsewhere may vanish or watch, so it is left out."""
    ours = Picture(url="https://elsewhere.example/a.jpg", alt="Hills", sha256="cd" * 32, width=1200, height=600)
    theirs = replace(ours, sha256="")

    shown, hidden = (
        Page(rendered(rich_snapshot(lead=item("Lead", picture=picture))).html).all("img") for picture in (ours, theirs)
    )
    assert [("https://news.example.org/media/" + "cd" * 32, "Hills", "600")] == [
        (each["src"], each["alt"], each["width"]) for each in shown
    ]
    assert [] == hidden


@pytest.mark.parametrize(
    ("size", "width"),
    [((1200, 900), 600), ((0, 0), 600), ((590, 300), 520), ((64, 64), 64), ((480, 640), 240), ((999, 999), 460)],
)
def test_no_picture_is_blown_up_or_fills_the_screen(rendered: Renders, size: tuple[int, int], width: int) -> None:
    """From edge to edge where it is large enough, else within the margins at its own size; a long one stays short."""
    picture = Picture(url="", alt="Hills", sha256="cd" * 32, width=size[0], height=size[1])
    [shown] = Page(rendered(rich_snapshot(lead=item("Lead", picture=picture))).html).all("img")
    assert str(width) == shown["width"]
    assert f"max-width: {width}px" in str(shown["style"])


def test_a_pixel_is_no_picture_and_holds_up_no_letter(rendered: Renders) -> None:
    """Nor is a strip of them: it is left out, and the letter that had it goes."""
    for width, height in ((1, 1), (1, 900), (400, 9000)):
        pixel = Picture(url="", sha256="cd" * 32, width=width, height=height)
        assert [] == Page(rendered(rich_snapshot(lead=item("Lead", picture=pixel))).html).all("img")


def test_items_without_a_usable_link_lead_to_our_own_page(rendered: Renders, site: SiteView) -> None:
    """An item always leads somewhere, and never to a script."""
    linkless = SnapshotItem(public_id="https://x/announcements/a1b2", versions=(version("Odd", link="javascript:x"),))

    assert f"{site.url}/announcements/a1b2" in Page(rendered(news(linkless)).html).said


def test_too_much_is_shortened_then_listed_then_counted(rendered: Renders) -> None:
    """Excerpts first; then titles only; then the rest is counted, and the way out is never lost."""
    few, many, crowd = (
        rendered(news(*(item(f"Number {n} here", summary=LONG) for n in range(count)))) for count in (12, 140, 900)
    )

    assert len(few.html.encode()) <= 45_000
    assert [True, True, True] == [len(each.html.encode()) <= check.MAX_HTML for each in (few, many, crowd)]
    assert "Number 139 here" in many.html
    assert re.search(r"\d+ more on the web", crowd.html)
    assert LONG[:300] in few.html
    assert LONG[:300] not in many.html


def test_deadlines_come_first_and_past_ones_are_said_to_be(rendered: Renders) -> None:
    """Open: closes; over: closed, and no calendar link."""
    section = SnapshotSection(
        title="Consultations",
        kind="consultations",
        items=(
            item("Open one", facts=Facts(deadline=date(2026, 7, 1))),
            item("Past one", facts=Facts(deadline=date(2026, 6, 1))),
            item("Far one", facts=Facts(deadline=date(2027, 1, 15))),
        ),
    )
    letter = rendered(
        rich_snapshot(sections=(section,)), calendar_link=lambda each: f"https://x/{each.public_id[-8:-4]}.ics"
    )

    assert ["1 Jul", "1 Jun", "15 Jan 2027"] == re.findall(r'class="deadline-day"[^>]*>([^<]+)<', letter.html)
    assert "Closes on 1 July 2026\n" in letter.text
    assert "Closed on 1 June 2026\n" in letter.text
    assert (2, 2) == (letter.text.count(".ics"), letter.html.count(".ics"))


@pytest.mark.parametrize("kind", ["lead", "news", "case", "consultations", "figures"])
def test_a_deadline_counts_wherever_it_stands(rendered: Renders, kind: str) -> None:
    """It is told before the title, goes into a calendar, and its figures are drawn: as in plain text, so in HTML."""
    facts = Facts(deadline=date(2026, 7, 1), figures=(Figure(value="60", label="days to say so"),))
    held, calendar = item("Your comments, please", facts=facts), "https://news.example.org/deadline.ics"
    sections = (SnapshotSection(title="X", kind=kind, items=(held,)),) if kind != "lead" else ()
    edition = rich_snapshot(lead=held if kind == "lead" else None, sections=sections, more=())
    letter = rendered(edition, calendar_link=lambda _: calendar)

    body = letter.html.partition("</head>")[2].partition("masthead")[2]
    assert body.index("1 July" if kind == "lead" else "1 Jul") < body.index("Your comments, please")
    assert "days to say so" in body
    assert f'href="{calendar}"' in body
    assert calendar in letter.text.splitlines()


def test_plain_text_keeps_its_rhythm(rendered: Renders) -> None:
    """One empty line between items, two before a heading, and no line beyond 72 columns that could be shorter."""
    open_till = Facts(deadline=date(2026, 7, 1))
    title = "What our members, their neighbours and everybody else have to say to the new criteria"
    section = SnapshotSection(title=title, items=(item("One", facts=open_till), item("Two")))
    edition = rich_snapshot(title=title, sections=(section, SnapshotSection(title="Last", items=(item("Three"),))))
    text = rendered(edition, calendar_link=lambda _: "https://news.example.org/deadline.ics").text

    assert "deadline.ics\n\n2.2 Two\n" in text
    assert "\n\n\n3. Last\n" in text
    assert [] == [line for line in text.splitlines() if columns(line) > 72 and "://" not in line]


def test_no_line_begins_with_a_dot_that_parts(rendered: Renders, snapshot: Snapshot) -> None:
    """The blank before each is no place to break at."""
    body = rendered(snapshot).html.partition("<table")[2]
    assert "·" in body
    assert [] == re.findall(r" (?:&nbsp;)?·", body)


def test_an_address_of_several_lines_keeps_them(
    environment: Environment, site: SiteView, snapshot: Snapshot, markers: Markers
) -> None:
    """In both parts, escaped."""
    house = replace(site, postal_address="Smelter Lane 1\nA <b>\n")
    letter = render(snapshot, language="en", site=house, environment=environment, markers=markers)
    assert "Metals Mark<br>Smelter Lane 1<br>A &lt;b&gt;</p>" in letter.html
    assert letter.text.endswith("Metals Mark\nSmelter Lane 1\nA <b>\n")


def test_a_category_that_we_have_words_for_is_in_the_letters_language(rendered: Renders) -> None:
    """As the names of sections are; any other stays what its source calls it."""
    known, other = (item(title, categories=(name,)) for title, name in (("One", "Consultations"), ("Two", "R&D")))
    letter = rendered(news(known, other), "de")

    assert "· Konsultationen&nbsp;·" in letter.html
    assert "· R&amp;D&nbsp;·" in letter.html
    assert ", Konsultationen, auf Englisch\n" in letter.text


def test_bars_are_drawn_on_one_scale_with_their_number_beside(rendered: Renders) -> None:
    """A track is the whole; nothing is nothing, and hardly anything is still seen."""
    figures = tuple(
        Figure(value=f"{share:.1%}", label=str(share), share=share) for share in (0.0, 0.001, 0.15, 1.0, 7.0)
    )
    html = rendered(news(item("Numbers", facts=Facts(figures=figures)))).html

    assert ["1%", "15%", "100%", "100%"] == re.findall(r'class="bar"[^>]* width="(\d+%)"', html)
    assert "15.0%" in html
    assert "15.0%" == re.findall(r'class="bar-value"[^>]* dir="ltr"[^>]*>([^<]+)<', html)[2]


def test_contents_and_other_places_are_told_without_a_link(rendered: Renders, snapshot: Snapshot) -> None:
    """What is in it, in both parts; where else an item was announced, by name: it has one link."""
    first = snapshot.sections[0].items[0]
    told = replace(first, also_at=("https://www.steel.example/1", "https://example.org/again"))
    letter = rendered(
        replace(snapshot, sections=(replace(snapshot.sections[0], items=(told,)), *snapshot.sections[1:]))
    )

    assert "In this issue: News, Case studies, Consultations, Facts & Figures\n" in letter.text
    assert "Recognition, also announced at steel.example\n" in letter.text
    assert "also announced at steel.example</p>" in letter.html
    assert "steel.example/1" not in letter.html
    assert "In this issue" not in rendered(news(item("Only one"))).text


def test_a_case_study_shows_its_picture(rendered: Renders) -> None:
    """Within the margins, no taller than a screen where it is upright; in no other section."""
    picture = Picture(url="", alt="Reels", sha256="ef" * 32, width=1200, height=520)
    items = (item("Case", picture=picture), item("Tall", picture=replace(picture, width=480, height=640)))
    shown = {
        kind: [each["width"] for each in Page(rendered(rich_snapshot(lead=None, sections=(section,))).html).all("img")]
        for kind in ("case", "news")
        for section in [SnapshotSection(title="X", kind=kind, items=items)]
    }
    assert {"case": ["520", "240"], "news": []} == shown


def test_control_characters_are_no_part_of_a_letter(rendered: Renders) -> None:
    """An escape sequence in a title is shown by no client and run by no terminal."""
    letter = rendered(news(item("Red \x1b[31m\u2028title", summary="A\x07 bell\x00.")))

    assert [] == [part for part in (letter.html, letter.text) if re.search(r"[\x00-\x08\x0b-\x1f\u2028]", part)]


def test_content_with_a_marker_is_refused(rendered: Renders, markers: Markers) -> None:
    """Nobody can open a hole from outside."""
    with pytest.raises(LetterError, match="marker"):
        rendered(news(item("Innocent", summary=f"x{markers.token}00x")))


def test_markers_are_new_for_each_composition() -> None:
    """128 bits from whoever is asked for them."""
    assert Markers(token="ab" * 16) == new_markers(lambda size: "ab" * size)


def test_the_same_snapshot_gives_the_same_letter(rendered: Renders, snapshot: Snapshot) -> None:
    """What an operator saw is what goes out."""
    assert rendered(snapshot) == rendered(snapshot)


def test_a_broken_subject_seals_nothing(rendered: Renders) -> None:
    """A template error never reaches a subscriber."""
    with pytest.raises(TemplateError, match="subject:1"):
        rendered(rich_snapshot(subject="{{ nothing.here }}"))


def test_dark_and_phone_rules_stay_and_the_rest_is_inlined(rendered: Renders, snapshot: Snapshot) -> None:
    """Two media queries and what they need, in one small block; Outlook's own comments kept."""
    html = rendered(snapshot).html
    [style] = re.findall(r"<style>(.*?)</style>", html[html.index("<![endif]-->") :], re.S)

    assert "prefers-color-scheme: dark" in style
    assert len(style) <= check.MAX_STYLE
    assert "data-css-inline" not in html
    assert html.count("<!--[if mso]>") == html.count("<![endif]-->")
    assert re.search(r'<h1 style="[^"]*Georgia', html)


@pytest.mark.parametrize(
    ("language", "basis", "day", "expected"),
    [
        ("en", "consent", date(2025, 5, 3), "you asked for it on 3 May 2025"),
        ("en", "consent", None, "you asked for it"),
        ("es", "membership", None, "es miembro"),
        ("fr", "soft opt-in", None, "vous êtes en relation avec nous"),
    ],
)
def test_why_one_gets_it(environment: Environment, language: str, basis: str, day: date | None, expected: str) -> None:
    """As it reads after "because"."""
    assert expected == reason(environment, language, basis, day)
