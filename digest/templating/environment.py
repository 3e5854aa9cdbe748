"""The Jinja environment: files on disk, an operator's own folders first and the shipped one behind them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from digest.errors import TemplateError
from digest.templating.bounds import BoundedEnvironment, bounded
from digest.templating.failures import told
from digest.templating.files import Files
from digest.templating.words import SOURCE_LANGUAGE, add_filters, add_words, read_words


def templates_folder() -> Path:
    """Where the shipped templates stand: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / "_share" / "templates", package.parent / "templates"):
        if (folder / "email").is_dir():
            return folder
    raise TemplateError("the shipped templates are missing", about=str(package / "_share" / "templates"))


def environment(folders: Sequence[Path] = ()) -> Environment:
    """The environment of `folders`, first one first, with the shipped folder behind them file by file.

    Raises TemplateError for a folder that is not there, or words or tokens that cannot be read.
    """
    for folder in folders:
        if not folder.is_dir():
            raise TemplateError("no such folder of templates", about=str(folder))
    roots = [*folders, templates_folder()]
    kind = BoundedEnvironment if folders else Environment
    env = kind(
        loader=Files(roots),
        autoescape=select_autoescape(("html", "xml")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    add_filters(env)
    words = read_words(roots)
    add_words(env, words)
    env.globals["languages"] = (SOURCE_LANGUAGE, *sorted(words))
    env.globals["tokens"] = _read_tokens(roots)
    return env


def languages(env: Environment) -> tuple[str, ...]:
    """The languages that `env` has words for, English first."""
    return cast(tuple[str, ...], env.globals["languages"])


def tokens(env: Environment) -> Mapping[str, Any]:
    """The tokens of the look (colours by scheme, faces, sizes), as `tokens.toml` gives them."""
    return cast(Mapping[str, Any], env.globals["tokens"])


def render(env: Environment, name: str, /, **context: object) -> str:
    """The text of template `name`; any failure is a TemplateError naming `file:line`.

    So is a letter's, or one of somebody's own, that takes too long or too much: see `bounds`. A page of ours is asked
    for too often to be watched.
    """
    watched = name.startswith("email/") or isinstance(env, BoundedEnvironment)
    with told(name, _roots(env)), bounded(name) if watched else nullcontext():
        return env.get_template(name).render(context)


def check(env: Environment) -> None:
    """Compile every template of every folder, so that a broken one is known before anything starts."""
    for name in env.list_templates(extensions=("html", "txt", "css")):
        with told(name, _roots(env)):
            env.get_template(name)


def warm(env: Environment, within: str) -> None:
    """Compile what stands below `within` now and not when it is first asked for; a broken one is told then."""
    for name in env.list_templates(filter_func=lambda name: name.startswith(within)):
        with suppress(TemplateError), told(name, _roots(env)):
            env.get_template(name)


def subject(text: str, /, **context: object) -> str:
    """The one-line subject that template source `text` gives; `context` holds `language` and what may be named.

    It comes from a setting and not from a file, so it is rendered in a sandbox.
    Raises TemplateError naming `subject:line`, also when it comes out empty.
    """
    with told("subject", ()), bounded("subject"):
        line = " ".join(_sandbox().from_string(text).render(context).split())
    if not line:
        raise TemplateError("comes out empty", about="subject:1")
    return line


def _read_tokens(roots: Sequence[Path]) -> Mapping[str, Any]:
    path = next(root / "tokens.toml" for root in roots if (root / "tokens.toml").is_file())
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TemplateError(f"cannot be read: {error}", about=str(path)) from error


@cache
def _sandbox() -> BoundedEnvironment:
    env = BoundedEnvironment(undefined=StrictUndefined)
    add_filters(env)
    return env


def _roots(env: Environment) -> tuple[str, ...]:
    return tuple(cast(FileSystemLoader, env.loader).searchpath)
