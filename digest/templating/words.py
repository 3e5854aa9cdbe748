"""What templates say in a reader's language: filters for dates and numbers, and gettext catalogues.

Both follow the `language` of the template's context. A catalogue is `words/<language>.po`, read when the
environment is made; what a language lacks is shown in English.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import NullTranslations, Translations
from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from digest.errors import TemplateError
from digest.templating import language as by
from digest.templating.lines import wrap

SOURCE_LANGUAGE = "en"


def add_filters(env: Environment) -> None:
    for act in (by.month_year, by.long_date, by.day_month, by.short_date, by.number, by.percent, by.language_name):
        env.filters[act.__name__] = _by_language(cast(Callable[[Any, str], str], act))
    env.filters["direction"] = by.direction
    env.filters["wrap"] = wrap


def _by_language(act: Callable[[Any, str], str]) -> Callable[[Context, Any], str]:
    @pass_context
    def applied(context: Context, value: Any) -> str:
        return act(value, _language(context))

    return applied


def _language(context: Context) -> str:
    return str(context.get("language") or SOURCE_LANGUAGE)


def add_words(env: Environment, words: Mapping[str, NullTranslations]) -> None:
    none = NullTranslations()

    def said(context: Context) -> NullTranslations:
        language = _language(context)
        return words.get(language) or words.get(language.partition("-")[0]) or none

    @pass_context
    def gettext(context: Context, message: str) -> str:
        return said(context).gettext(message)

    @pass_context
    def ngettext(context: Context, one: str, many: str, count: int) -> str:
        return said(context).ngettext(one, many, count)

    env.filters["translated"] = gettext  # for what comes from settings, like the names of sections
    env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]


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
