"""Whatever a template raises, told as one TemplateError that names the file and the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from jinja2 import TemplateNotFound, TemplateSyntaxError

from digest.errors import TemplateError

_NOUN = re.compile(r"'[\w.]+ object' has no attribute '(\w+)'")
_SUBJECT_FILE = "<template>"  # Jinja's name for what does not come from a file


@contextmanager
def told(name: str, roots: tuple[str, ...]) -> Iterator[None]:
    """Turn whatever a template raises into a TemplateError that names the file and line it happened in."""
    try:
        yield
    except TemplateError as error:
        if error.about:
            raise
        raise TemplateError(error.message, about=_place(error.__cause__ or error, roots) or name) from error
    except TemplateSyntaxError as error:
        raise TemplateError(
            error.message or "syntax error", about=f"{error.filename or name}:{error.lineno}"
        ) from error
    except TemplateNotFound as error:
        raise TemplateError(f"no template named {error.name}", about=_place(error, roots) or name) from error
    except Exception as error:
        # A template can raise anything at all: what it names may be of any kind.
        raise TemplateError(_words(error), about=_place(error, roots) or name) from error


def _words(error: Exception) -> str:
    """What went wrong; a noun of ours is not called by its address in the house."""
    return _NOUN.sub("no '\\1' there", str(error)) or type(error).__name__


def _place(error: BaseException, roots: tuple[str, ...]) -> str:
    """`file:line` of the innermost template in the traceback; Jinja has put template lines into it."""
    place, step = "", error.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if file == _SUBJECT_FILE:
            place = f"subject:{step.tb_lineno}"
        elif file.startswith(roots):
            place = f"{file}:{step.tb_lineno}"
        step = step.tb_next
    return place
