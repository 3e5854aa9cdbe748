"""Two languages in one post: the words of the one that the post says it is in."""

from __future__ import annotations

import re

_COMMON = {
    "en": "the of and to is for that with by from are was this have has been which our their its will they we not",
    "es": "el los las de del y que un una por con para se su al como más ha sus esta este nuestro",
    "fr": "le les des et une est dans pour qui sur au avec par ce cette aux sont ses ont nous leur du",
    "de": "der die das und den von zu mit sich auf für ist im dem nicht ein eine als auch wird werden haben hat sind",
}
"""Words that few sentences of a language do without, and that the others seldom have."""
_WORDS = {tag: frozenset(words.split()) for tag, words in _COMMON.items()}
_FEW = 3
"""Of them, different ones: a text with fewer quotes a name and is in no second language."""
_LOOKED_AT = 6_000
_SENTENCES = re.compile(r"(?<=[.!?\u2026])\s+")
_WORD = re.compile(r"[^\W\d_]+")
_POINTER = re.compile(
    r"\W*(?:versi\u00f3n en (?:espa\u00f1ol|ingl\u00e9s)|espa\u00f1ol|(?:english|spanish|french|german)(?: version)?"
    r"|version (?:fran\u00e7aise|anglaise|espagnole|allemande)|(?:deutsche|englische) (?:fassung|version))"
    r" (?:m\u00e1s abajo|abajo|a continuaci\u00f3n|below|follows|ci-dessous|plus bas|weiter unten|unten)\b[\W_]*",
    re.IGNORECASE,
)


def one_tongue(text: str, language: str) -> str:
    """The first run of sentences in `language` (BCP 47), where a text in words goes on in another one or begins in it.

    As it is where it is in one language only, or in none of those we can tell apart.
    """
    text = text[found.end() :] if (found := _POINTER.match(text)) else text
    mine = language.partition("-")[0]
    # Looked at in every text there is: what a sign clings to is worth no closer look.
    seen = set(text[:_LOOKED_AT].lower().split())
    if mine not in _WORDS or not any(len(seen & words) >= _FEW for tag, words in _WORDS.items() if tag != mine):
        return text
    kept: list[str] = []
    waiting: list[str] = []
    for sentence in _SENTENCES.split(text[:_LOOKED_AT]):
        tongue = _tongue(sentence)
        if not tongue:
            # A name or a date: it goes with what follows, or with what it stands behind.
            (kept or waiting).append(sentence)
        elif tongue == mine:
            kept += [*waiting, sentence] if not kept else [sentence]
            waiting = []
        elif kept:
            break
        else:
            waiting = []
    return " ".join(kept) or text


def is_foreign(text: str, language: str) -> bool:
    """Whether a text is plainly in another language that we know."""
    mine = language.partition("-")[0]
    return mine in _WORDS and _tongue(text[:_LOOKED_AT]) not in ("", mine)


def _tongue(sentence: str) -> str:
    """The language of a sentence; "" where its words do not tell."""
    words = _WORD.findall(sentence.lower())
    counts = sorted(((sum(word in common for word in words), tag) for tag, common in _WORDS.items()), reverse=True)
    (most, tag), (second, _) = counts[:2]
    return tag if most >= 2 and most >= 2 * second else ""
