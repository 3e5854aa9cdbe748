"""What templates say in a reader's language: filters for dates and numbers, and gettext catalogues.

Both follow the `language` of the template's context. A catalogue is `words/<language>.po`, read when the
environment is made; what a language lacks is shown in English.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import NullTranslations, Translations
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from digest.errors import TemplateError
from digest.templating import language as by
from digest.templating.lines import wrap

SOURCE_LANGUAGE = "en"
_REMEMBERED = 2_048


def add_filters(env: Environment) -> None:
    for act in (by.month_year, by.long_date, by.day_month, by.short_date, by.number, by.percent, by.language_name):
        env.filters[act.__name__] = _by_language(cast(Callable[[Any, str], str], act))
    env.filters["direction"] = by.direction
    env.filters["own_name"] = by.own_name
    env.filters["wrap"] = wrap


def _by_language(act: Callable[[Any, str], str]) -> Callable[[Context, Any], str]:
    @pass_context
    def applied(context: Context, value: Any) -> str:
        return act(value, _language(context))

    return applied


def _language(context: Context) -> str:
    return str(context.get("language") or SOURCE_LANGUAGE)


def add_words(env: Environment, words: Mapping[str, NullTranslations]) -> None:
    """`_`, `gettext` and `ngettext` for templates: what they give is formatted with the variables, as Jinja has it.

    Jinja's own take four steps for each word, and a page has twenty.
    """
    said = _Said(words)

    @pass_context
    def gettext(context: Context, message: str, /, **variables: Any) -> str:
        language, safe = _language(context), context.eval_ctx.autoescape
        if not variables:
            return said.plain(language, message, safe)
        return _marked(said.by(language).gettext(message), safe) % variables

    @pass_context
    def ngettext(context: Context, one: str, many: str, count: int, /, **variables: Any) -> str:
        text = said.by(_language(context)).ngettext(one, many, count)
        return _marked(text, context.eval_ctx.autoescape) % {"num": count, **variables}

    @pass_context
    def translated(context: Context, message: str) -> str:
        return said.by(_language(context)).gettext(message)

    env.filters["translated"] = translated  # for what comes from settings, like the names of sections
    env.globals.update(_=gettext, gettext=gettext, ngettext=ngettext)
    env.newstyle_gettext = True  # type: ignore[attr-defined]


class _Said:
    """The catalogues, and what was said without variables, for pages say it again and again."""

    def __init__(self, words: Mapping[str, NullTranslations]) -> None:
        self._words = words
        self._none = NullTranslations()
        self.plain = lru_cache(maxsize=_REMEMBERED)(self._say)

    def by(self, language: str) -> NullTranslations:
        return self._words.get(language) or self._words.get(language.partition("-")[0]) or self._none

    def _say(self, language: str, message: str, safe: bool) -> str:
        return _marked(self.by(language).gettext(message), safe) % {}


def _marked(text: str, safe: bool) -> str:
    return Markup(text) if safe else text  # noqa: S704  ours, or an operator's own


def read_words(roots: Sequence[Path]) -> dict[str, NullTranslations]:
    files = {path.stem: path for root in reversed(roots) for path in sorted(root.glob("words/*.po"))}
    return {language: _catalogue(path) for language, path in files.items()}


def _catalogue(path: Path) -> NullTranslations:
    compiled = io.BytesIO()
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
        # A wrong name in a translation would break the letter only when it is said.
        for message, errors in catalogue.check():
            raise TemplateError(f"{errors[0]}: {message.id}", about=f"{path}:{message.lineno}")
        write_mo(compiled, catalogue)
    except (PoFileError, ValueError, OSError) as error:
        raise TemplateError(f"cannot be read: {error}", about=str(path)) from error
    compiled.seek(0)
    return Translations(compiled)
