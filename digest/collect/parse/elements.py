"""What one asks of an XML element: its bare name, its children by theirs, its text."""

from __future__ import annotations

from typing import Any, TypeAlias

Element: TypeAlias = Any
"""An lxml element; lxml has no types of its own."""


def local_name(element: Element) -> str:
    """A tag without its namespace; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


class Children:
    """An element's children by their names, looked up many times and gone through once."""

    def __init__(self, parent: Element) -> None:
        self._own = f"{parent.tag.rpartition('}')[0]}}}" if parent.tag.startswith("{") else ""
        self._by_tag: dict[str, list[Element]] = {}
        for each in parent:
            self._by_tag.setdefault(each.tag, []).append(each)

    def all(self, name: str, namespace: str = "") -> list[Element]:
        """Those of that name: in the namespace, or else in the parent's own and in none."""
        if namespace:
            return self._by_tag.get(f"{{{namespace}}}{name}", [])
        plain = self._by_tag.get(name, [])
        return [*self._by_tag.get(f"{self._own}{name}", ()), *plain] if self._own else plain

    def first(self, name: str, namespace: str = "") -> Element | None:
        return next(iter(self.all(name, namespace)), None)

    def text(self, name: str, namespace: str = "") -> str:
        """The text of the first of that name; empty when there is none."""
        child = self.first(name, namespace)
        return "" if child is None else all_text(child)


def all_text(element: Element) -> str:
    """All its text, that of elements within included, without white space around."""
    if not len(element):
        return (element.text or "").strip()
    return "".join(str(part) for part in element.itertext()).strip()
