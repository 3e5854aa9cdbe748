"""A real message read as receivers and filters read it: hosts that mislead, pictures without words, faint colours."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest import templating
from digest.demo import awkward
from digest.doctor import colours, paper
from digest.doctor.finding import Verdict
from tests.builders import Desk, folder_source, web_source
from tests.fakes import free_port, sinking
from tests.unit.doctor.nameserver import serving

LINK = "https://example.org/a"


@pytest.mark.parametrize(
    ("link", "verdict"),
    [
        (LINK, "ok"),
        ("https://xn--bcher-kva.example/", "ok"),
        ("https://日本語テスト.example/", "ok"),
        ("https://xn--pple-43d.com/", "wrong"),
        ("https://news.bаnk.example/", "wrong"),
    ],
)
def test_hosts_in_mixed_scripts_are_found(link: str, verdict: str) -> None:
    """Also as they stand in the wire's letters; Japanese writes three scripts together and misleads nobody."""
    assert verdict == paper.hosts_of(((link, "words"),)).verdict.value


def test_a_picture_without_words_is_named() -> None:
    """The operator is told which, since only they can say what it shows."""
    assert Verdict.FINE is paper.pictures_of(awkward.editions()["full"], "en").verdict
    silent = awkward.editions()["upright picture"]
    assert silent.lead is not None
    version = silent.lead.versions[0]
    picture = version.picture
    assert picture is not None
    object.__setattr__(picture, "alt", " ")
    found = paper.pictures_of(silent, "en")
    assert (Verdict.MIND, True) == (found.verdict, version.title in found.words)


@pytest.mark.parametrize(("language", "verdict"), [("en", "ok"), ("de-AT", "ok"), ("ar", "mind")])
def test_a_language_without_words_of_ours_is_told(language: str, verdict: str) -> None:
    """And where they would have to be: a letter half in English is seen before it goes."""
    found = paper.language_of(language, ("en", "de", "es", "fr"))
    assert (verdict, "words/ar.po" in found.mend) == (found.verdict, language == "ar")


def test_a_look_that_cannot_be_read_is_told() -> None:
    """Ours can be, light and dark; pale grey on white cannot, nor can a colour that is none."""
    ours = templating.tokens(templating.environment())
    assert [Verdict.FINE] * 2 == [each.verdict for each in colours.look("newsflash", ours)]
    pale = {"light": {**ours["light"], "muted": "#AAAAAA"}, "dark": {**ours["dark"], "text": "white"}}
    light, dark = colours.look("newsflash", pale)
    assert ("muted on card 2.3" in light.words, "text on card 0.0" in dark.words) == (True, True)
    assert [21.0, 1.0] == [colours.contrast("#000000", "#FFFFFF"), colours.contrast("#123456", "#123456")]


@pytest.mark.long
def test_a_house_is_looked_at_whole(desk: Desk) -> None:
    """DNS, relay, a real message, the button pressed at the running site, links alive and dead; nothing is changed."""
    desk.write("one", "THIS IS ALL IN CAPITALS", "2025-05-06", link="http://127.0.0.1:{port}/nothing")
    zone = {
        ("example.org", "TXT"): ['"v=spf1 mx -all"'],
        ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none; rua=mailto:office@example.org"'],
        ("example.org", "MX"): ["10 mx.example.org."],
    }
    with sinking() as sink, serving(zone) as dns:
        port = free_port()
        desk.write("one", "A title", "2025-05-06", link=f"http://127.0.0.1:{port}/nothing/here")
        desk.declare(sources=folder_source(desk.folder), smtp=sink.port, digest='subject = "{{ lead | upper }}NEWS!!"')
        desk.config.write_text(desk.config.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{port}"))
        desk.done("collect")
        before = desk.run("doctor", "--dns", dns, "--json")
        web = desk.spawn("web", "--port", str(port))
        assert web.stdout is not None
        web.stdout.readline()
        after = desk.run("doctor", "newsflash", "--dns", dns, "--json")
        told = desk.run("doctor", "--dns", dns)
        web.terminate()
        web.communicate(timeout=60)
    first, found = ({each["what"]: each for each in ran.json()} for ran in (before, after))
    assert [("wrong", "mind")] == [(first["one-click"]["verdict"], found["one-click"]["verdict"])]
    assert "answers; mail programs press only https" == found["one-click"]["words"]
    assert {"configuration", "store", "source notes", "sender main", "SPF of example.org", "DMARC of example.org"} <= {
        what for what, each in found.items() if each["verdict"] == "ok"
    }
    assert ("ok", "ok", "ok") == tuple(found[each]["verdict"] for each in ("headers", "size", "link hosts"))
    assert (f"leads nowhere: http://127.0.0.1:{port}/nothing/here", 1) == (found["links"]["words"], after.status)
    hints = [each["words"] for each in after.json() if each["what"] == "spam hints"]
    assert {"the subject is all in capitals", "the subject shouts"} <= set(hints)
    assert ([], True) == (desk.done("editions", "list", "--json").json(), "To mend" in told.out)
    assert 2 == desk.run("doctor", "nothing").status
    assert not sink.accepted


def test_a_house_without_anything_is_looked_at_too(desk: Desk) -> None:
    """Before the first collecting: what cannot be checked yet is said to be so."""
    desk.declare(sources=web_source("site", "feed", "http://127.0.0.1:9/feed/"))
    with serving({}) as dns:
        found = {each["what"]: each["verdict"] for each in desk.run("doctor", "--dns", dns, "--json").json()}
    assert ("not checked", "not checked", "wrong") == (
        found["letter of newsflash"],
        found["source site"],
        found["sender main"],
    )


@pytest.mark.long
def test_the_record_to_copy_is_one_line(tmp_path: Path) -> None:
    """In the output of a command, whatever the width of the terminal."""
    desk = Desk(tmp_path)
    desk.declare()
    with serving({}) as dns:
        out = desk.run("doctor", "--dns", dns).out
    assert '_dmarc.example.org. IN TXT "v=DMARC1; p=none; rua=mailto:office@example.org"' in out.splitlines()


def test_people_of_a_digest_that_was_renamed_are_not_forgotten(desk: Desk) -> None:
    """A section under another name is another digest: who is subscribed to the old one would get nothing, unheard."""
    desk.write("one", "First & foremost", "2025-05-06")
    desk.declare(sources=folder_source(desk.folder))
    desk.done("collect")
    desk.done("subscribers", "add", "ana@example.org", "--digest", "newsflash", "--confirmed")
    text = desk.config.read_text("utf-8")
    desk.config.write_text(
        text.replace("newsflash]", "letter]")
        .replace("newsflash.", "letter.")
        .replace("[sources.notes]", "[sources.press]"),
        "utf-8",
    )
    with serving({}) as dns:
        found = {each["what"]: each for each in desk.run("doctor", "--dns", dns, "--json").json()}
    assert ("mind", True) == (
        found["digest newsflash"]["verdict"],
        "1 person is subscribed" in found["digest newsflash"]["words"],
    )
    assert "[digests.newsflash]" in found["digest newsflash"]["mend"]
    assert ("mind", True) == (found["source notes"]["verdict"], 'was = ["notes"]' in found["source notes"]["mend"])
