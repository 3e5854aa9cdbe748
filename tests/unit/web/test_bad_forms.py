"""What nobody should send: each gets a clear answer, nothing is lost, and no answer tells who is here."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import func, select

from digest.store import audit
from digest.store.schema import notes
from digest.subscribers import flow, tokens
from digest.subscribers.tokens import Purpose
from tests.place import plain
from tests.unit.web.conftest import Site

ANA = "ana.ruiz@mail.example.org"
PATHS = {
    "confirm": Purpose.CONFIRM,
    "manage": Purpose.MANAGE,
    "unsubscribe": Purpose.UNSUBSCRIBE,
    "manage/address": Purpose.ADDRESS,
    "manage/export": Purpose.EXPORT,
    "manage/move": Purpose.MOVE,
    "manage/back": Purpose.MOVE_BACK,
}
EVIL = "evil.example"


def token(site: Site, purpose: Purpose, handle: str, at: datetime | None = None) -> str:
    if purpose in (Purpose.MANAGE, Purpose.UNSUBSCRIBE):
        return tokens.lasting(site.house.keys, purpose, "newsflash")([handle])[0].decode()
    return tokens.passing(site.house.keys, purpose, handle, "newsflash", at or datetime.now(UTC))


def mailed(site: Site) -> list[EmailMessage]:
    """Every note that is owed, as its reader's mail program sees it."""

    async def read() -> list[EmailMessage]:
        async with site.house.store.read() as tx:
            found = (await tx.execute(select(notes.c.message).order_by(notes.c.id))).scalars()
            return [email.message_from_bytes(each, policy=email.policy.SMTP) for each in found]

    return list(site.run(read()))


NO_ADDRESSES = (
    "bo@example.org\r\nBcc: all@example.org",
    "bo@example.org\nBcc: all@example.org",
    "bo\x00@example.org",
    '"bo"@example.org',
    "'bo@example.org\"><script>",
    "Bo <bo@example.org>",
    "bo@example.org, cy@example.org",
    "x" * 1_000 + "@example.org",
    "bo@" + "x" * 1_000 + ".org",
    "",
)


@pytest.mark.parametrize("form", ["join", "address"])
def test_what_is_no_address_is_asked_for_again(site: Site, form: str) -> None:
    """422, a page whose title says so, with what was typed still in the field, escaped; no letter to anybody."""
    fresh = f"/manage/address/{token(site, Purpose.ADDRESS, site.subscriber())}"
    for typed in NO_ADDRESSES:
        answer = site.post("/subscribe/newsflash" if form == "join" else fresh, data={"email": typed})
        assert (422, True) == (answer.status_code, "<title>Error: " in answer.text), typed
        field = re.search(r'<input id="email"[^>]* value="([^"]*)"', answer.text)
        assert (bool(typed), False) == (bool(field and field[1]), "<script" in answer.text), typed
    assert [] == mailed(site)


def test_addresses_of_every_script_are_written_to(site: Site) -> None:
    """One letter, to the mailbox as its owner spells it and the domain in ASCII; nothing else stands in its head."""
    spelled = {
        "bo@BÜCHER.example": "bo@xn--bcher-kva.example",
        "jörg@bücher.example": "jörg@xn--bcher-kva.example",
        "用户@例子.example": "用户@xn--fsqu00a.example",
        "o'neill+news@example.org": "o'neill+news@example.org",
    }
    for typed in spelled:
        answer = site.post("/subscribe/newsflash", data={"email": typed})
        assert (200, "pending") == (answer.status_code, site.state(typed))
    letters = mailed(site)
    assert list(spelled.values()) == [each["To"].encode("utf-8", "surrogateescape").decode() for each in letters]
    assert {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "Content-Type"} == {
        name
        for each in letters
        for name in each.keys()  # noqa: SIM118 - a message, no dict
    }


def test_a_language_that_is_none_is_the_digests(site: Site) -> None:
    """In the form and in the address: the page comes, in a language there is."""
    for language in ("es\r\nSet-Cookie: a=b", "../../etc/passwd", "x" * 1_000, "tlh", "\x00", ""):
        asked = site.post("/subscribe/newsflash", data={"email": "bo@example.org", "language": language})
        shown = site.get("/subscribe/newsflash", params={"lang": language})
        assert [(200, True)] * 2 == [(each.status_code, '<html lang="en"' in each.text) for each in (asked, shown)]
        assert "set-cookie" not in {*asked.headers, *shown.headers}


def test_pressed_twice_is_pressed_once(site: Site) -> None:
    """Two presses of each button at the same moment: one letter, one line in the audit, the same page twice."""

    async def twice(path: str, **form: str) -> list[str]:
        both = await asyncio.gather(*(site.request("POST", path, data=form) for _ in range(2)))
        assert [200, 200] == [each.status_code for each in both], path
        return [re.findall(r"<h1>(.*?)</h1>", each.text)[0] for each in both]

    async def done() -> Counter[str]:
        async with site.house.store.read() as tx:
            return Counter(line.action for line in await audit.listed(tx))

    assert ["Look in your inbox"] * 2 == site.run(twice("/subscribe/newsflash", email="bo@example.org"))
    handle = site.run(flow.show(site.house.store, "bo@example.org")).subscriber.handle
    link = f"/confirm/{token(site, Purpose.CONFIRM, handle)}"
    headings = site.run(twice(link))
    assert {"Welcome to Newsflash", "You get Newsflash already"} == set(headings)
    site.run(twice(f"/manage/{token(site, Purpose.MANAGE, handle)}", action="address"))
    site.run(twice(f"/manage/address/{token(site, Purpose.ADDRESS, handle)}", email="bo@new.example.org"))
    texts = [plain(each.as_bytes()) for each in mailed(site)]
    [move] = {found for text in texts for found in re.findall(r"/manage/move/\S+", text)}
    assert ["Your address is changed"] * 2 == site.run(twice(move))
    site.run(twice(f"/unsubscribe/{token(site, Purpose.UNSUBSCRIBE, handle)}"))
    assert (1, 1) == tuple(site.run(done())[action] for action in ("confirm", "unsubscribe"))
    subjects = Counter(each["Subject"] for each in mailed(site))
    assert {1} == set(subjects.values()), subjects


@pytest.mark.parametrize("path", PATHS)
def test_a_token_that_is_not_ours_tells_nothing(site: Site, path: str) -> None:
    """Cut, altered, made up, or of another purpose, of somebody here or of nobody: one and the same page, 404."""
    purpose, handle = PATHS[path], site.subscriber()
    good = token(site, purpose, handle)
    wrong = [good[:-1], good + "a", good.replace(good[-1], "0" if good[-1] != "0" else "1"), good.upper(), "x", "." * 3]
    wrong += [token(site, each, handle) for each in Purpose if each is not purpose]
    wrong += [token(site, purpose, tokens.new_handle())[:-1], "newsflash.nobody.0.x", "%00", "x" * 10_000]
    answers = [site.run(site.request(method, f"/{path}/{each}")) for each in wrong for method in ("GET", "POST")]
    assert {404} == {each.status_code for each in answers}
    assert 1 == len({each.content for each in answers})
    assert "confirmed" == site.state()


@pytest.mark.parametrize(
    ("path", "days"), [("confirm", 4), ("manage/address", 1), ("manage/export", 1), ("manage/move", 8)]
)
def test_a_link_that_ran_out_says_so_and_shows_the_way(site: Site, path: str, days: int) -> None:
    """In a page of its own, whether it is looked at or pressed; and nothing is done or given away."""
    handle = site.subscriber() if path != "manage/move" else tokens.new_handle()
    link = f"/{path}/{token(site, PATHS[path], handle, datetime.now(UTC) - timedelta(days=days))}"
    if path == "confirm":
        site.run(flow.unsubscribe_address(site.house.store, ANA, now=datetime.now(UTC)))
    before = site.run(_rows(site))
    for answer in (site.get(link), site.post(link, data={"email": "bo@example.org"})):
        assert 200 == answer.status_code
        assert "This link is no longer good" in answer.text
        assert "ana.ruiz" not in answer.text
    assert before == site.run(_rows(site))


async def _rows(site: Site) -> int:
    async with site.house.store.read() as tx:
        lines = len(await audit.listed(tx))
        return lines + int((await tx.execute(select(func.count()).select_from(notes))).scalar_one())


@pytest.mark.parametrize("path", ["subscribe", "confirm", "manage", "unsubscribe", "manage/address", "hooks/bounces"])
def test_ten_megabytes_are_too_much_for_any_form(site: Site, path: str) -> None:
    """413, a page that says so, and nothing is done; forms that are buttons alone read nothing."""
    last = token(site, PATHS[path], site.subscriber()) if path in PATHS else "newsflash"
    before = site.run(_rows(site))
    answer = site.post(f"/{path}" if "hooks" in path else f"/{path}/{last}", content=b"email=" + b"x" * 10_000_000)
    assert (413, True, before) == (answer.status_code, "That was too much" in answer.text, site.run(_rows(site)))


ASTRAY = (
    f"//{EVIL}/",
    f"//{EVIL}/..",
    f"/\\{EVIL}",
    f"/%2f%2f{EVIL}",
    f"/%5c{EVIL}",
    f"/editions//{EVIL}",
    f"/editions/newsflash//{EVIL}/",
    "/editions/newsflash",
    f"/subscribe/newsflash?next=https://{EVIL}/&url=//{EVIL}&return_to=//{EVIL}",
    f"/?redirect=https://{EVIL}",
    f"/feeds/news.atom/https://{EVIL}",
    f"/https://{EVIL}",
    f"/editions/newsflash%0d%0aLocation:%20https://{EVIL}",
)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_is_sent_elsewhere(site: Site, method: str) -> None:
    """Neither by the path, nor by a parameter or field, nor by the host that a request claims."""
    form = {"data": {"next": f"https://{EVIL}/", "email": "bo@example.org"}} if method == "POST" else {}
    headers = {"host": EVIL, "x-forwarded-host": EVIL, "referer": f"https://{EVIL}/", "forwarded": f"host={EVIL}"}
    for path in ASTRAY:
        answer = site.run(site.request(method, f"https://news.example.org{path}", headers=headers, **form))
        assert answer.headers.get("location") in (None, "/editions/newsflash/"), path
        assert answer.headers.get("refresh") is None
        assert not re.search(rf'(?:href|action|src|content)="[^"]*{EVIL}', answer.text), path
    assert not [each for each in mailed(site) if EVIL in each.as_string()]


@pytest.mark.parametrize("link", ["unsubscribe", "manage", "confirm"])
def test_nor_by_a_field_of_a_persons_page(site: Site, link: str) -> None:
    """Whatever a form says besides, the answer is our own page."""
    path = f"/{link}/{token(site, PATHS[link], site.subscriber())}"
    form = {"next": f"https://{EVIL}/", "action": "leave", "digest": f"https://{EVIL}/", "undo": ""}
    answer = site.post(path, data=form, headers={"host": EVIL, "x-forwarded-host": EVIL})
    assert (None, None) == (answer.headers.get("location"), answer.headers.get("refresh"))
    assert EVIL not in answer.text
