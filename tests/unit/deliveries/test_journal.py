"""What was dotted and what was answered is known after a kill."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliveries import journal
from digest.deliveries.journal import Journal, orphaned, others
from digest.deliveries.page import GRAIN, MOST, SIZE, Claim
from digest.errors import StoreError
from digest.model.deliveries import Outcome, OutcomeKind

REPOSITORY = Path(__file__).parents[3]
ACCEPTED = Outcome(kind=OutcomeKind.ACCEPTED, code=250)
DOTTED = "dotted"

outcomes = st.builds(Outcome, kind=st.sampled_from(OutcomeKind), code=st.integers(0, 599), text=st.text(max_size=80))
steps = st.lists(st.tuples(st.integers(0, 9), st.one_of(st.just(DOTTED), outcomes)), max_size=40)


@settings(deadline=None, max_examples=50)
@given(steps, st.lists(st.integers(1, 2**63), min_size=10, max_size=10, unique=True))
def test_says_the_last_of_each_letter(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, Outcome | str]], who: list[int]
) -> None:
    """However the steps are mixed: a dot is a doubt, an answer is kept, what is about the session is no answer."""
    kept = Journal(tmp_path_factory.mktemp("journal"), "a")
    page = kept.open(7, 3, who)
    last: dict[int, object] = {}
    for place, step in steps:
        if isinstance(step, Outcome):
            page.answered(place, step)
        else:
            page.dotted(place)
        last[place] = step
    claim = page.read()
    assert claim
    assert (7, 3, who) == (claim.mailing, claim.number, [each for each, _ in claim.letters])
    for place, (_, said) in enumerate(claim.letters):
        expected = last.get(place)
        if expected is DOTTED:
            assert said
            assert OutcomeKind.UNCERTAIN is said.kind
        elif isinstance(expected, Outcome) and expected.kind is not OutcomeKind.RELAY:
            assert said
            assert expected.kind is said.kind
            assert expected.code == said.code
            assert expected.text.startswith(said.text)
        else:
            assert None is said
    kept.settled(page)
    kept.close()


def test_a_page_is_free_only_when_settled(tmp_path: Path) -> None:
    """However many claims are open, none is written over; what is settled is used again."""
    kept = Journal(tmp_path, "a")
    pages = [kept.open(1, number, [number]) for number in range(5)]
    assert [0, 1, 2, 3, 4] == [claim.number for page in pages if (claim := page.read())]
    kept.settled(pages[2])
    assert pages[2] is kept.open(1, 9, [9])
    with pytest.raises(ValueError, match="500 places"):
        pages[2].begin(1, 9, range(MOST + 1))


def test_a_living_worker_is_left_alone(tmp_path: Path) -> None:
    """Nobody reads the journal of one that lives, and no two write one."""
    kept = Journal(tmp_path, "a")
    page = kept.open(1, 0, [1])
    with orphaned(tmp_path / "a") as found:
        assert None is found
    with pytest.raises(StoreError, match="another worker's"):
        Journal(tmp_path, "a").open(1, 0, [1])
    kept.close()
    assert (tmp_path / "a").exists()
    kept.settled(page)
    kept.close()
    assert () == others(tmp_path, "b")


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    """A page is reserved before it is written to, so that no signal kills the worker."""
    room = GRAIN + SIZE + SIZE // 2
    code = (
        "import resource, signal, sys; from pathlib import Path; from digest.deliveries.journal import Journal\n"
        "from digest.errors import StoreError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
        "kept = Journal(Path(sys.argv[1]), 'a')\n"
        "kept.open(1, 0, [1])\n"
        "print((Path(sys.argv[1]) / 'a').stat().st_blocks * 512)\n"
        "try: kept.open(1, 1, [2])\n"
        "except StoreError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    taken, said = done.stdout.splitlines()
    assert int(taken) >= GRAIN + SIZE
    assert "no room for another page" in said


def test_a_reboot_makes_it_worthless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not yet on the disk is gone with the power: nothing of it is believed."""
    left_behind(tmp_path)
    monkeypatch.setattr(journal, "boot", lambda: "another")
    with orphaned(tmp_path / "a") as found:
        assert found
        assert (False, ()) == (found.trusted, found.claims)
    assert () == others(tmp_path, "b")


@pytest.mark.parametrize("size", [0, 10, 4096, 5000, 40_000])
def test_a_torn_file_is_no_harm(tmp_path: Path, size: int) -> None:
    """Cut short anywhere, it says less; it never stops a start."""
    left_behind(tmp_path)
    os.truncate(tmp_path / "a", size)
    with orphaned(tmp_path / "a") as found:
        assert found
        assert () == found.claims[1:]


def test_looked_at_again_when_the_look_failed(tmp_path: Path) -> None:
    """It is taken away only when the ledger has it."""
    left_behind(tmp_path)
    with pytest.raises(RuntimeError), orphaned(tmp_path / "a"):
        raise RuntimeError
    with orphaned(tmp_path / "a") as found:
        assert found
        expected = Claim(
            mailing=1,
            number=0,
            letters=((1, ACCEPTED), (2, found.claims[0].letters[1][1]), (3, None)),
        )
        assert (expected,) == found.claims
    assert () == others(tmp_path, "b")


def test_killed_between_two_bytes(tmp_path: Path) -> None:
    """kill -9 of a worker that dots and answers as fast as it can: at most one of its letters is in doubt."""
    for kill in range(5):
        asyncio.run(_killed(tmp_path, kill))


async def _killed(folder: Path, kill: int) -> None:
    owner = f"worker{kill}"
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WORKER, str(folder), owner, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout
    for _ in range(50 + 37 * kill):
        said = int(await worker.stdout.readline())
    worker.kill()
    said = max([said, *(int(line) for line in (await worker.stdout.read()).split()[:-1])])
    await worker.wait()
    with orphaned(folder / owner) as found:
        assert found
        assert found.trusted
        answers = [outcome for _, outcome in found.claims[0].letters]
        kinds = [outcome.kind if outcome else None for outcome in answers]
        accepted = kinds.count(OutcomeKind.ACCEPTED)
        assert accepted >= said % MOST
        assert [OutcomeKind.ACCEPTED] * accepted == kinds[:accepted]
        assert kinds[accepted:].count(OutcomeKind.UNCERTAIN) <= 1
        assert set(kinds[accepted + 1 :]) <= {None}


def left_behind(folder: Path) -> None:
    """The journal of a worker that died: one accepted, one dotted, one not begun."""
    code = (
        "import os, sys; from pathlib import Path; from digest.deliveries.journal import Journal\n"
        "from digest.model.deliveries import Outcome, OutcomeKind\n"
        "page = Journal(Path(sys.argv[1]), 'a').open(1, 0, [1, 2, 3])\n"
        "page.dotted(0); page.answered(0, Outcome(kind=OutcomeKind.ACCEPTED, code=250)); page.dotted(1)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=REPOSITORY, check=False)


_WORKER = """
import sys
from pathlib import Path
from digest.deliveries.journal import Journal
from digest.deliveries.page import MOST
from digest.model.deliveries import Outcome, OutcomeKind

kept, done, page = Journal(Path(sys.argv[1]), sys.argv[2]), 0, None
answer = Outcome(kind=OutcomeKind.ACCEPTED, code=250)
page = kept.open(1, 0, range(1, MOST + 1))
for place in range(MOST):
    page.dotted(place)
    page.answered(place, answer)
    done += 1
    sys.stdout.write(f"{done}\\n")
    sys.stdout.flush()
sys.stdin.read()
"""
