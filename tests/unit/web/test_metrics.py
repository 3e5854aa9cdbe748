"""Figures for a monitoring system: only for whoever bears the secret, and of nobody by name."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from digest.model.subscribers import SuppressionReason
from digest.subscribers import flow
from tests.unit.web.conftest import Site

SECRET = "a secret of 24 characters or more"
BEARING = {"authorization": f"Bearer {SECRET}"}
NOW = datetime(2026, 6, 26, 8, 0, tzinfo=UTC)
_LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="[^"]*",?)+)\})? (\S+)')


@pytest.fixture
def config() -> str:
    from tests.unit.web.conftest import CONFIG

    return CONFIG + f'[web]\nmetrics = "{SECRET}"\n'


def read(text: str) -> dict[str, float]:
    """Every sample of the format, each of which has a type said before it."""
    found: dict[str, float] = {}
    typed: set[str] = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        elif not line.startswith("# HELP "):
            match = _LINE.fullmatch(line)
            assert match, line
            assert match[1] in typed
            found[f"{match[1]} {match[2]}" if match[2] else match[1]] = float(match[3])
    return found


def test_figures_are_counts_of_nobody_by_name(site: Site) -> None:
    """In the text format of Prometheus: who gets what, who must not be written to, what is owed, what stands still."""
    for name in ("ana", "bo"):
        site.subscriber(f"{name}@example.org")
    site.seal()
    site.run(flow.suppress(site.house.store, "cy@example.org", reason=SuppressionReason.COMPLAINT, now=NOW))
    site.post("/subscribe/newsflash", data={"email": "di@example.org"})
    answer = site.get("/metrics", headers=BEARING)
    said = read(answer.text)
    assert "text/plain; version=0.0.4; charset=utf-8" == answer.headers["content-type"]
    assert (2, 1) == tuple(
        said[f'digest_subscriptions digest="newsflash",state="{state}"'] for state in ("confirmed", "pending")
    )
    assert 1 == said['digest_suppressions reason="complaint"']
    assert 1 == said['digest_editions digest="newsflash",status="sealed"']
    assert 1 == said['digest_notes state="owed"']
    assert (0, 0) == (said["digest_stopped"], said["digest_quarantine"])
    assert "example.org" not in answer.text


def test_only_who_bears_the_secret_reads_them(site: Site) -> None:
    """Anybody else is asked for it, and no more is said."""
    for given in ({}, {"authorization": "Bearer wrong"}, {"authorization": SECRET}, {"authorization": "Bearer é"}):
        answer = site.get("/metrics", headers={name: value.encode() for name, value in given.items()})
        assert (401, b"", "Bearer") == (answer.status_code, answer.content, answer.headers["www-authenticate"])
    assert 404 == site.get(f"/metrics/{SECRET}").status_code


class TestWithout:
    """No secret is declared."""

    @pytest.fixture
    def config(self) -> str:
        from tests.unit.web.conftest import CONFIG

        return CONFIG

    def test_there_is_no_such_page(self, site: Site) -> None:
        """As if it had never been thought of."""
        assert 404 == site.get("/metrics", headers=BEARING).status_code
