"""What a spam filter makes of the letter: SpamAssassin with its own rules, and nobody else asked."""

from __future__ import annotations

import email
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest import templating
from digest.demo import awkward
from digest.letter import check
from digest.letter.compile import compile_letter
from digest.letter.headers import Heading, Mailbox
from digest.letter.holes import Personal, new_markers
from digest.letter.plain import compile_plain
from digest.letter.render import calendar_at, reason, render
from digest.letter.views import SiteView
from digest.model.subscribers import Basis

MOST = 0.5
SPAM = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
"""What every filter is sure of: it tells that this one is awake."""
LANGUAGES = ("en", "es", "fr", "de")
URL = "https://news.metalsmark.org"
SITE = SiteView(
    title="Metals Mark News",
    url=URL,
    postal_address="Metals Mark, 1 Smelter Lane, Exampletown",
    privacy_url="https://metalsmark.org/privacy",
    feed_url=f"{URL}/feeds/news.atom",
)
HEADING = Heading(
    sender=Mailbox("Metals Mark", "news@metalsmark.org"),
    list_title="Newsflash",
    list_id="newsflash.news.metalsmark.org",
    reply_to="office@metalsmark.org",
    archive=f"{URL}/editions/newsflash/",
    help=f"{URL}/subscribe/newsflash",
)


def messages() -> Iterator[tuple[str, bytes]]:
    """Every awkward edition, whole and as text only, and an ordinary one in every language, as on the wire."""
    environment = templating.environment()
    for case, snapshot in awkward.editions().items():
        for language in LANGUAGES if case == "full" else LANGUAGES[:1]:
            markers = new_markers(secrets.token_hex)
            letter = render(
                snapshot,
                language=language,
                site=SITE,
                environment=environment,
                markers=markers,
                calendar_link=calendar_at(URL, language),
            )
            personal = somebody(reason(environment, language, Basis.CONSENT))
            whole = compile_letter(letter, HEADING).personalise(personal)
            check.message(whole, markers.token)
            yield f"{case}, {language}", whole
            if language == "en":
                yield f"{case}, text only", compile_plain(letter, HEADING).personalise(personal)


def somebody(because: str) -> Personal:
    return Personal(
        name="Ada Whitfield",
        address="ada@whitfield.org",
        reason=because,
        unsubscribe=f"{URL}/unsubscribe/newsflash.1.0.{'k7q3' * 10}",
        manage=f"{URL}/manage/newsflash.1.0.{'p2x9' * 10}",
        message_id=f"<{'0f1e2d3c' * 4}@metalsmark.org>",
        date=datetime.now(UTC),
    )


@pytest.mark.long
def test_no_letter_looks_like_spam(tmp_path: Path) -> None:
    """At most half a point of the five that make spam, in every awkward case, in each language, whole and in text."""
    program = filter_program()
    asked = {**dict(messages()), "control": b"Subject: Buy\n\n" + SPAM + b"\n"}
    mbox = b"".join(
        b"From news@metalsmark.org Fri Jun 26 09:00:00 2026\nX-Case: %b\n%b\n"
        % (name.encode(), raw.replace(b"\r\n", b"\n"))
        for name, raw in asked.items()
    )
    (tmp_path / "prefs").write_text(
        "use_bayes 0\nuse_auto_welcomelist 0\nreport_safe 0\nadd_header all Status _SCORE_ _TESTS_\n"
    )
    command = [program, "--local", "--nocreate-prefs", f"--prefspath={tmp_path / 'prefs'}", "--mbox"]
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LC_ALL": "C"}
    done = subprocess.run(
        command, input=mbox, capture_output=True, timeout=600, check=True, env=environment, cwd=tmp_path
    )
    scores = dict(map(judged, re.split(rb"(?m)^From [^\n]*\n", done.stdout)[1:]))
    assert set(asked) == set(scores), done.stderr.decode("utf-8", "replace")[-500:]
    assert 1000 <= scores.pop("control")[0]
    assert {} == {name: said for name, said in scores.items() if said[0] > MOST}


def judged(raw: bytes) -> tuple[str, tuple[float, str]]:
    """The name of a case, its score and what it scored for; answers come in an order of their own."""
    message = email.message_from_bytes(raw)
    score, tests = str(message["X-Spam-Status"]).split(maxsplit=1)
    return str(message["X-Case"]), (float(score), "".join(tests.split()))


def filter_program() -> str:
    """The one named by TEST_SPAMASSASSIN, or one at hand; without any, the report says what nobody asked."""
    named = os.environ.get("TEST_SPAMASSASSIN", "")
    if named and named != "missing":
        return named
    found = shutil.which("spamassassin")
    if found is None:
        pytest.skip("NO SPAMASSASSIN: nobody asked what a spam filter makes of the letter")
    return found
