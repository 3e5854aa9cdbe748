"""Plain text from the clean HTML of an introduction: paragraphs, and each address on a line of its own."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "div", "ul", "ol", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "pre"})
_SHOWN = ("http://", "https://", "mailto:")


def plain(html: str) -> str:
    """What `html` says: blocks parted by an empty line, list items led by a dash, a block's addresses below it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.said).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def shortened(text: str, limit: int) -> str:
    """`text` in one line of at most `limit` letters, cut between words and marked with an ellipsis; "" at 0."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    if limit < 2:
        return ""
    cut = line[: limit - 1]
    spaced = cut[: cut.rfind(" ")] if " " in cut[limit // 2 :] else cut
    return spaced.rstrip(" ,;:.–—-") + "…"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._links: list[str] = []
        self._block = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._end_block()
        elif tag == "br":
            self.said.append("\n")
        elif tag == "li":
            self.said.append("\n- ")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_block()

    def handle_data(self, data: str) -> None:
        self.said.append(re.sub(r"\s+", " ", data))

    def close(self) -> None:
        super().close()
        self._end_block()

    def _end_block(self) -> None:
        """Addresses come after the words that lead to them, each on its own line; not those that are the words."""
        shown = [link.removeprefix("mailto:") for link in self._links if link.startswith(_SHOWN)]
        words = "".join(self.said[self._block :]).split()
        self.said += ["".join(f"\n{link}" for link in shown if link not in words), "\n\n"]
        self._block = len(self.said)
        self._links.clear()
