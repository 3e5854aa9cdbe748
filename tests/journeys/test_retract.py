"""What is taken back is gone everywhere: feeds, archive documents, pages, pictures, editions on the web."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import httpx
import pytest
from PIL import Image

from digest.service.house import opened
from digest.settings import load
from digest.web.app import create
from tests.builders import Desk, folder_source

FEEDS = '\n[feeds.issues]\nsources = ["editions"]\n\n[feeds.last]\nentries = 1\n'


@pytest.fixture
def house(desk: Desk) -> Desk:
    """Two announcements with a picture each, in a sealed edition."""
    for name, colour, day in (("one", "teal", "2025-05-06"), ("two", "navy", "2025-05-07")):
        out = io.BytesIO()
        Image.new("RGB", (30, 20), colour).save(out, "PNG")
        desk.write(name, f"Number {name}", day, picture=f"{name}.png")
        (desk.folder / f"notes/{name}.png").write_bytes(out.getvalue())
    desk.declare(sources=folder_source(desk.folder) + FEEDS)
    desk.done("collect")
    desk.done("editions", "compose", "newsflash", "--at", "2025-05-30T08:00Z")
    desk.done("feeds", "build", "--out", "before")
    return desk


def files(house: Desk, folder: str) -> dict[str, bytes]:
    root = house.folder / folder
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".gz"
    }


def test_a_retraction_reaches_everything(house: Desk) -> None:
    """Every document that told of it tells of it no more, its picture is gone; letters that hold it are named."""
    media = Path(house.folder / "var/media")
    before = files(house, "before")
    telling = {name for name, body in before.items() if b"Number one" in body}
    assert {"feeds/news.atom", "feeds/last/archive/1.atom", "feeds/issues.atom"} <= telling
    assert len(list(media.iterdir())) == 2
    listed = house.done("announcements", "list", "--json").json()
    (one,) = (each["id"] for each in listed if each["title"] == "Number one")
    told = house.done("announcements", "retract", one, "--why", "it was wrong").out
    assert "letters of newsflash 2025-05-30 hold it still; `digest editions correct newsflash 2025-05-30`" in told
    house.done("feeds", "build", "--out", "after")
    after = files(house, "after")
    assert {name for name, body in after.items() if b"Number one" in body} == set()
    assert b"Number two" in after["feeds/issues.atom"]
    assert len(list(media.iterdir())) == 1
    house.done("collect")
    assert len(list(media.iterdir())) == 1
    house.done("feeds", "build", "--out", "before")
    assert [2, 1] == [sum(len(Path(name).name) == 64 for name in tree) for tree in (before, files(house, "before"))]
    page = shown(house, "/editions/newsflash/2025-05-30")
    assert "Number two" in page
    assert "Number one" not in page


def test_a_tree_for_a_file_server_holds_the_pictures_of_its_feeds(desk: Desk) -> None:
    """Also where no edition shows them; and a place that cannot be written to is told."""
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(out, "PNG")
    desk.write("one", "Number one", "2025-05-06", picture="one.png")
    (desk.folder / "notes/one.png").write_bytes(out.getvalue())
    desk.declare(sources=folder_source(desk.folder))
    desk.done("collect")
    desk.done("feeds", "build", "--out", "public")
    tree = files(desk, "public")
    (picture,) = (name for name in tree if name.startswith("media/") and not name.endswith(".laid"))
    assert all(f"/{picture}" in tree[f"feeds/news.{form}"].decode() for form in ("atom", "rss", "json"))
    ran = desk.run("feeds", "build", "--out", "digest.toml")
    assert (2, True) == (ran.status, "digest.toml/feeds/feed.css: cannot be written" in ran.err)


def shown(house: Desk, path: str) -> str:
    """A page of the service, as it answers now."""

    async def get() -> str:
        async with opened(load(house.config)) as open_house:
            transport = httpx.ASGITransport(app=create(open_house))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as web:
                return (await web.get(path)).text

    return asyncio.run(get())
