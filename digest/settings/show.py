"""The settings in force as plain values, with every secret masked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from sqlalchemy.engine import make_url

from digest.settings.load import Settings

MASK = "•••"


def shown(settings: Settings) -> dict[str, Any]:
    """Tables and values as the file would hold them; passwords and keys are masked."""
    tables: dict[str, Any] = _plain(settings)
    return tables


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        named = ((field.alias or name, getattr(value, name)) for name, field in type(value).model_fields.items())
        return {name: _plain(each) for name, each in named if name != "slug" and each is not None}
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, timedelta):
        return _words(value)
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, Path):
        return str(value)
    return _masked(value) if isinstance(value, str) else value


def _masked(text: str) -> str:
    if "://" not in text or "@" not in text:
        return text
    return make_url(text).render_as_string(hide_password=True).replace("***", MASK)


def _words(length: timedelta) -> str:
    seconds = length.total_seconds()
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
