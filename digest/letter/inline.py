"""CSS written into the style attributes that mail clients read; css-inline lives here and nowhere else."""

from __future__ import annotations

import re

from css_inline import CSSInliner, InlineError

from digest.errors import LetterError

# Style sheets in the page are inlined and dropped, but those marked `data-css-inline="keep"`: the media rules.
_INLINER = CSSInliner(load_remote_stylesheets=False)
_MARK = re.compile(r' data-css-inline="keep"')
_INDENT = re.compile(r"\n\s+")


def inlined(html: str) -> str:
    """`html` with its styles inlined, spare white space between lines gone; nothing is fetched."""
    try:
        done = _INLINER.inline(html)
    except InlineError as error:
        raise LetterError(f"its styles cannot be inlined: {error}", about="html") from error
    return _INDENT.sub("\n", _MARK.sub("", done))
