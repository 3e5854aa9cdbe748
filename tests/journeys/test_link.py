"""An operator says that two announcements are one."""

from __future__ import annotations

from tests.builders import Desk, folder_source


def test_two_become_one(desk: Desk) -> None:
    """Both languages under the older's id, in the feed once, owed once; the other's name leads there, for good."""
    desk.write("one", "One", "2025-05-01")
    desk.write("uno", "Uno", "2025-05-02")
    path = next(desk.folder.rglob("uno.md"))
    path.write_text(path.read_text().replace("---\n", "---\nlanguage: es\n", 1))
    desk.declare(sources=folder_source(desk.folder))
    desk.done("collect")
    ids = {each["title"]: each["id"] for each in desk.done("announcements", "list", "--json").json()}
    desk.done("announcements", "link", ids["One"], ids["Uno"].rpartition("/")[2], "--why", "a translation")
    (left,) = desk.done("announcements", "list", "--json").json()
    assert (ids["One"], ["en", "es"]) == (left["id"], sorted(left["languages"]))
    assert ids["One"] == desk.done("announcements", "show", ids["Uno"], "--json").json()["id"]
    desk.done("feeds", "build", "--out", "out")
    atom = (desk.folder / "out/feeds/news.atom").read_text()
    assert (1, False) == (atom.count("<entry"), ids["Uno"] in atom)
    desk.done("collect")
    assert 1 == len(desk.done("announcements", "list", "--json").json())
    assert 2 == desk.run("announcements", "link", ids["One"], ids["Uno"]).status
