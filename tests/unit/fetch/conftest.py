"""A real HTTP server on loopback that misbehaves on order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.sites import Route, Site, answer


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def respond() -> Callable[..., Route]:
    return answer
