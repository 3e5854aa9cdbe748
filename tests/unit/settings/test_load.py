"""Declaring: the file, the environment over it, and every mistake named with its key."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ConfigError
from digest.settings import load
from digest.settings.keys import Keyring, made_key
from digest.settings.quantities import duration, rate
from digest.settings.show import shown

PICTURE = Path(__file__).parents[3] / "docs" / "pictures" / "newsflash.png"
SMALL = """
[site]
url = "https://news.example.org/"
[senders.main]
url = "smtp://bob:secret@mail.example.org"
from = "News <news@example.org>"
[sources.notes]
kind = "feed"
url = "https://example.org/feed"
[digests.newsflash]
sender = "main"
schedule = "last fri 09:00"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "digest.toml"
    path.write_text(SMALL)
    return path


def test_what_is_left_out_has_its_default(file: Path) -> None:
    """Only what is required stands in the file; the rest is the design's defaults."""
    settings = load(file, environ={})
    digest = settings.digests["newsflash"]
    assert ("https://news.example.org", "Newsflash", 40, "auto", "latest") == (
        settings.site.url,
        digest.title,
        digest.max_items,
        digest.approval,
        digest.missed,
    )
    assert (timedelta(minutes=30), 0) == (settings.sources["notes"].every, settings.sources["notes"].announce_first)
    assert (timedelta(minutes=10), timedelta(hours=48)) == (digest.grace, digest.give_up_after)
    assert (5.0, 2) == (settings.senders["main"].rate, settings.senders["main"].connections)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('url = "https://news.example.org/"', "", "site.url: is required"),
        ('url = "https://news.example.org/"', 'url = "news.example.org"', "site.url"),
        ('sender = "main"', 'sender = "other"', "digests.newsflash.sender: there is no [senders.other]"),
        ('schedule = "last fri 09:00"', 'schedule = "last fryday 09:00"', "digests.newsflash.schedule"),
        ('schedule = "last fri 09:00"', 'schedule = "last fri 09:00"\nscedule = "x"', 'did you mean "schedule"'),
        ('kind = "feed"', 'kind = "fed"', "sources.notes.kind: must be"),
        ("[sources.notes]", "[sources.Notes]", 'sources.Notes: "Notes" is no slug'),
        ('url = "https://example.org/feed"', 'url = "ftp://example.org"', "sources.notes"),
        ('from = "News <news@example.org>"', 'from = "News"', "senders.main.from"),
        (
            'from = "News <news@example.org>"',
            'from = "Copper, Zinc <news@example.org>"',
            """a name with a comma stands in quotes: '"Copper, Zinc" <news@example.org>'""",
        ),
        ('from = "News <news@example.org>"', 'from = "a@b.org"\nrate = "fast"', "senders.main.rate"),
        ('from = "News <news@example.org>"', 'from = "nöws@example.org"', "senders.main"),
        ('from = "News <news@example.org>"', 'from = "a@b.org"\ndkim = { selector = "a b" }', "dkim.0.selector"),
        ('from = "News <news@example.org>"', 'from = "a@b.org"\ndkim = { selector = "a" }', "dkim.0.key_file"),
        ('from = "News <', 'domains = { "gmail" = "1/s" }\nfrom = "News <', '"gmail" is no mail domain'),
        ('from = "News <', 'domains = { "a.org" = "fast" }\nfrom = "News <', "senders.main.domains.a.org"),
        ("[site]", '[site]\ntimezone = "Europe/Lundon"', "site.timezone"),
        ("[site]", "[site]\ntimezone = 3", "site.timezone"),
        ("[digests.newsflash]", '[digests.newsflash]\ngrace = "ten"', "digests.newsflash.grace"),
        ("[digests.newsflash]", "[digests.newsflash]\ngrace = 10", "digests.newsflash.grace"),
        ("[sources.notes]", '[sources.notes]\nannounce_first = "some"', "sources.notes.announce_first"),
        (
            "[sources.notes]",
            "[sources.notes]\nannounce_first = -3",
            'announce_first: must be a number from 0, or "all"',
        ),
        ("[site]", '[engine]\nkind = "procrastinate"\n[site]', "engine.kind"),
        ("[site]", '[database]\nurl = "mysql://x"\n[site]', "database"),
        *(
            ("[site]", f'[database]\nurl = "{url}"\n[site]', "database.url: names no file")
            for url in ("sqlite:///", "sqlite:///:memory:", "sqlite:///var/digest.db?mode=ro")
        ),
        *(
            ("[site]", f'[database]\nurl = "postgresql://a:b@{host}/c"\n[site]', "database.url: is no address")
            for host in ("host:none", "host:99999")
        ),
        ("smtp://bob:secret@mail.example.org", "smtp://mail.example.org:none", "senders.main.url: is no relay"),
        ("https://news.example.org/", "https://news.example.org:99999", "site.url: "),
        ("[digests.newsflash]", "[digests]\nsecond = 3\n[digests.newsflash]", "digests.second: "),
        ("[sources.notes]", "[sources]\nsecond = 3\n[sources.notes]", "sources.second: "),
        ("[site]", "[sit]\n[site]", 'did you mean "site"'),
        ("[site]", '[fetch]\nallow_private = ["10.0.0/8"]\n[site]', '"10.0.0/8" is no network'),
        ("[senders.main]", "[sources.x]\nkind='feed'\nurl='http://a:99999/'\n[senders.main]", "sources.x"),
        ("[senders.main]", "[sources.x]\nkind='page'\nurl='http://'\n[senders.main]", "sources.x"),
        ("[sources.notes]", '[sources.notes]\nevery = "999999999999 days"', "sources.notes.every"),
        ("[senders.main]", "[sources.editions]\nkind='feed'\nurl='https://x.org'\n[senders.main]", "sources.editions"),
    ],
)
def test_every_mistake_names_its_key(file: Path, old: str, new: str, key: str) -> None:
    """The message holds the file and the dotted key."""
    file.write_text(SMALL.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load(file, environ={})
    assert key in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("source", "allowed", "refused"),
    [
        ('kind = "feed"\nurl = "https://example.org/feed"\nevery = "299 s"', "[]", True),
        ('kind = "feed"\nurl = "https://example.org/feed"\nevery = "0"', '["10.0.0.0/8"]', True),
        ('kind = "wordpress"\nurl = "http://192.0.2.7/"\nevery = "1 min"', '["10.0.0.0/8", "cms.lan"]', True),
        ('kind = "page"\nurl = "https://example.org/feed"\nevery = "5 min"', "[]", False),
        ('kind = "feed"\nurl = "http://cms.lan:8080/feed"\nevery = "1 s"', '["10.0.0.0/8", "CMS.lan."]', False),
        ('kind = "feed"\nurl = "http://10.1.2.3/feed"\nevery = "1 s"', '["10.0.0.0/8"]', False),
        ('kind = "feed"\nurl = "http://localhost:8000/feed"\nevery = "1 s"', '["127.0.0.0/8"]', False),
        ('kind = "feed"\nurl = "http://[::1]:8000/feed"\nevery = "1 s"', '["::1"]', False),
        ('kind = "folder"\nurl = "notes"\nevery = "1 s"', "[]", False),
    ],
)
def test_somebody_elses_site_is_left_in_peace(file: Path, source: str, allowed: str, refused: bool) -> None:
    """Five minutes at least; what is one's own, and said to be, may be read as often as one likes."""
    file.write_text(f"{SMALL}\n[fetch]\nallow_private = {allowed}\n[sources.x]\n{source}\n")
    if not refused:
        assert "x" in load(file, environ={}).sources
        return
    with pytest.raises(ConfigError, match=r'sources\.x\.every: "5 min" is the least'):
        load(file, environ={})


def test_a_mistake_names_its_line(file: Path) -> None:
    """Where the key begins, or the table that lacks it; what is not in the file at all has none."""
    wrong = """
[site]
url = "https://news.example.org"   # the public address
[senders.main]
relays = [
  "smtp://a.example.org",
  "nowhere",
]
[[digests.newsflash.sections]]
title = "A"
[[digests.newsflash.sections]]
title = "B"
match = { titel = "x" }
"""
    file.write_text(wrong)
    with pytest.raises(ConfigError) as caught:
        load(file, environ={"DIGEST_ALERTS__TO": "nobody"})
    told = {line.removeprefix(str(file)).partition(": ")[0] + " " + line.split(": ")[1] for line in _lines(caught)}
    assert {
        ":5 senders.main.relays.1",
        ":4 senders.main.from",
        ":13 digests.newsflash.sections.1.match.titel",
        ":9 digests.newsflash.sender",
        ":9 digests.newsflash.schedule",
        "DIGEST_ALERTS__TO alerts.to.0",
    } == told


def test_a_wrong_zone_of_the_site_is_told_once(file: Path) -> None:
    """Not again for every section that takes it over."""
    file.write_text(SMALL.replace("[site]", '[site]\ntimezone = "Europe/Lundon"'))
    with pytest.raises(ConfigError) as caught:
        load(file, environ={})
    assert [f'{file}:3: site.timezone: "Europe/Lundon" is no time zone; write one like "Europe/London"'] == _lines(
        caught
    )


@pytest.mark.parametrize(("sources", "right"), [("notes", True), ("NOT*", True), ("old", True), ("notse", False)])
def test_a_match_names_sources_that_are_there(file: Path, sources: str, right: bool) -> None:
    """By name or pattern, whatever its case, or by a name that one had; else nothing would ever fit it."""
    section = f'[[digests.newsflash.sections]]\ntitle = "A"\nmatch = {{ sources = ["{sources}"] }}\n'
    file.write_text(SMALL.replace("[sources.notes]", '[sources.notes]\nwas = ["old"]') + section)
    if right:
        assert load(file, environ={}).digests["newsflash"].sections
        return
    with pytest.raises(
        ConfigError, match=r"digests\.newsflash\.sections\.0\.match\.sources: there is no \[sources\.notse"
    ):
        load(file, environ={})


def _lines(caught: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    return str(caught.value).split("\n")


def test_all_mistakes_are_told_at_once(file: Path) -> None:
    """Nobody mends one to hear of the next."""
    file.write_text(SMALL.replace('kind = "feed"', 'kind = "x"').replace("last fri", "last fry"))
    with pytest.raises(ConfigError) as caught:
        load(file, environ={})
    assert 2 == len(str(caught.value).split("\n"))


def test_the_environment_lies_over_the_file(file: Path, tmp_path: Path) -> None:
    """Two underscores part the keys; lists are parted by commas or JSON; _FILE reads a secret."""
    (tmp_path / "secret").write_text("2:0123456789abcdef01\n")
    settings = load(
        file,
        environ={
            "DIGEST_SITE__URL": "https://other.example.org",
            "DIGEST_SENDERS__MAIN__URL": "smtps://mail.example.org",
            "DIGEST_ALERTS__TO": "a@example.org, b@example.org",
            "DIGEST_FETCH__ALLOW_PRIVATE": '["10.0.0.0/8"]',
            "DIGEST_SENDERS__MAIN__CONNECTIONS": "7",
            "DIGEST_SECRET_KEY_FILE": str(tmp_path / "secret"),
            "HOME": "/nowhere",
        },
    )
    assert ("https://other.example.org", 7) == (settings.site.url, settings.senders["main"].connections)
    assert (("a@example.org", "b@example.org"), ("10.0.0.0/8",)) == (settings.alerts.to, settings.fetch.allow_private)
    assert "2" == settings.keyring().current


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DIGEST_SITE__URLL", "https://x.example.org"),
        ("DIGEST_SIT__URL", "https://x.example.org"),
        ("DIGEST_SITE_URL", "https://x.example.org"),
        ("DIGEST_SITE__URL", "nonsense"),
        ("DIGEST_SECRET_KEY_FILE", "/does/not/exist"),
        ("DIGEST_SITE____URL", "x"),
        ("DIGEST_SITE", "x"),
        ("DIGEST_DIGESTS", "x"),
        ("DIGEST_SOURCES", "x"),
        ("DIGEST_DIGESTS__NEWSFLASH", "x"),
        ("DIGEST_SOURCES__NOTES", "x"),
        ("DIGEST_SENDERS__SECOND__URL", "smtps://mail.example.org"),
        ("DIGEST_FEEDS__NO-SLUG__TITLE", "x"),
        ("DIGEST_SECRET_KEY_FILE", str(PICTURE)),
    ],
)
def test_a_misspelt_variable_is_named(file: Path, name: str, value: str) -> None:
    """It never passes silently."""
    with pytest.raises(ConfigError, match=name):
        load(file, environ={name: value})


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    """The error names the command that writes one."""
    with pytest.raises(ConfigError, match="digest init"):
        load(tmp_path / "none.toml", environ={})


def test_secrets_are_masked(file: Path) -> None:
    """Neither password nor key is shown, nor stands in a message about another mistake."""
    settings = load(file, environ={"DIGEST_SECRET_KEY": "1:0123456789abcdef01"})
    assert "secret@" not in str(shown(settings))
    assert "0123456789abcdef01" not in str(shown(settings)) + repr(settings) + repr(settings.keyring())
    file.write_text(SMALL.replace('kind = "feed"', 'kind = "x"'))
    with pytest.raises(ConfigError) as caught:
        load(file, environ={})
    assert "bob" not in str(caught.value)


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """Embedded on SQLite it is made beside the database, for its owner alone, and stays."""
    first = made_key(tmp_path)
    assert first == made_key(tmp_path)
    assert 0o600 == (tmp_path / "secret_key").stat().st_mode & 0o777
    assert ["secret_key"] == [path.name for path in tmp_path.iterdir()]


def test_postgresql_refuses_to_make_a_key(file: Path) -> None:
    """Every process must sign alike."""
    settings = load(file, environ={"DIGEST_DATABASE__URL": "postgresql://x/y"})
    with pytest.raises(ConfigError, match="DIGEST_SECRET_KEY"):
        settings.keyring()


def test_keys_rotate() -> None:
    """The first signs, all verify; a purpose cannot stand in for another."""
    old, new = Keyring.parse("a:0123456789abcdef"), Keyring.parse("b:fedcba9876543210,a:0123456789abcdef")
    mac = old.mac("leave", "handle")
    assert new.verify(mac, "leave", "handle", key_id="a")
    assert not new.verify(mac, "manage", "handle", key_id="a")
    assert not new.verify(mac, "leave", "handle", key_id="b")
    assert not new.verify(mac, "leave", "handle", key_id="none")
    assert ("b", "a") == (new.current, old.current)


@pytest.mark.parametrize(
    "text", ["", "short", "a:short", "bad id:0123456789abcdef", ",", "a:0123456789abcdef,A:fedcba9876543210"]
)
def test_a_bad_key_is_refused(text: str) -> None:
    """Two of one id, too: which of them signs would be anybody's guess."""
    with pytest.raises(ConfigError):
        Keyring.parse(text)


@given(st.integers(1, 3_000), st.sampled_from([("s", 1), ("min", 60), ("h", 3600), ("hours", 3600), ("days", 86_400)]))
def test_durations(number: int, unit: tuple[str, int]) -> None:
    """A number and a unit, with or without a space."""
    assert timedelta(seconds=number * unit[1]) == duration(f"{number} {unit[0]}") == duration(f"{number}{unit[0]}")


@given(st.text(max_size=12))
def test_a_duration_is_read_or_refused(text: str) -> None:
    """Whatever somebody types: a length of time or a ValueError, nothing else."""
    with suppress(ValueError):
        assert duration(text) >= timedelta()


@pytest.mark.parametrize("text", ["3654 days", "999999999999 days", f"{'9' * 400} s"])
def test_a_duration_stays_within_the_calendar(text: str) -> None:
    """Ten years are the most."""
    with pytest.raises(ValueError, match="ten years"):
        duration(text)


def test_rates() -> None:
    """Per second, minute, hour; unlimited must be said; none at all is refused."""
    assert (5.0, 5.0, 0.5, None) == (rate("5/s"), rate("300/min"), rate("1800 / h"), rate("unlimited"))
    for wrong in ("0/s", "5", "", "fast", "-1/s"):
        with pytest.raises(ValueError, match="rate"):
            rate(wrong)


def test_the_shipped_files_are_right() -> None:
    """config/digest.toml and production.toml load as they stand."""
    folder = Path(__file__).parents[3] / "config"
    assert load(folder / "digest.toml", environ={}).digests
    assert tomllib.loads((folder / "production.toml").read_text())
    load(folder / "production.toml", environ={"DIGEST_SECRET_KEY": "1:0123456789abcdef01"})


def test_slower_to_some(file: Path) -> None:
    """A domain's rate alone, or a table; also from one variable."""
    table = '{ "gmail.com" = "20/min", "a.org" = { per_day = 9 } }'
    file.write_text(SMALL.replace("[sources.notes]", f"domains = {table}\n[sources.notes]"))
    limits = load(file, environ={}).senders["main"].domains
    assert (20 / 60, None, 9) == (limits["gmail.com"].rate, limits["a.org"].rate, limits["a.org"].per_day)
    said = load(file, environ={"DIGEST_SENDERS__MAIN__DOMAINS": "gmail.com = 500/day, b.org=1/s"}).senders["main"]
    assert {"gmail.com": 500 / 86_400, "b.org": 1.0} == {name: each.rate for name, each in said.domains.items()}
