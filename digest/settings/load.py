"""The file, the environment over it, and what is checked across sections."""

from __future__ import annotations

import email.utils
import os
import re
import tomllib
from collections.abc import Mapping
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url

from digest.errors import ConfigError
from digest.settings import references
from digest.settings.alerts import Alerts
from digest.settings.bounces import Bounces
from digest.settings.digests import Digest
from digest.settings.environment import alone, nested, variable
from digest.settings.explain import sentences
from digest.settings.keys import Keyring, made_key
from digest.settings.kinds import Mailbox
from digest.settings.manners import too_often
from digest.settings.place import Key, line_of, lines
from digest.settings.sections import Database, Engine, Feed, Fetch, Sender, Site, Source
from digest.settings.web import Web

_SLUG = re.compile(r"[a-z][a-z0-9_]{0,62}")
DEFAULT_PATH = Path("config/digest.toml")


class Settings(BaseSettings):
    """All that is declared, checked and frozen."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    site: Site
    database: Database = Database()
    engine: Engine = Engine()
    fetch: Fetch = Fetch()
    alerts: Alerts = Alerts()
    web: Web = Web()
    bounces: Bounces = Bounces()
    senders: dict[str, Sender] = {}
    sources: dict[str, Source] = {}
    feeds: dict[str, Feed] = {}
    digests: dict[str, Digest] = {}
    mode: Literal["live", "rehearsal"] = "live"
    rehearse_to: Mailbox | None = None
    templates: Path | None = None
    secret_key: SecretStr | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over: the environment is read there, and checked name by name."""
        return (init_settings,)

    @model_validator(mode="before")
    @classmethod
    def inherit(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Slugs become fields; a title, zone or language left out is the site's or the slug's."""
        site = _table(values, "site")
        for table in ("senders", "sources", "feeds", "digests"):
            for slug, section in _table(values, table).items():
                if not isinstance(section, dict):
                    continue
                section["slug"] = slug
                if table in ("feeds", "digests"):
                    section.setdefault("title", slug.replace("_", " ").capitalize())
                if table in ("sources", "digests"):
                    section.setdefault("timezone", site.get("timezone", "UTC"))
                    section.setdefault("language", site.get("language", "en"))
        return values

    @property
    def rehearsal(self) -> str:
        """The one address that all mail goes to in a rehearsal; "" when it is none."""
        box = self.rehearse_to or next(iter(self.alerts.to), "")
        return email.utils.parseaddr(box)[1] if self.mode == "rehearsal" else ""

    @model_validator(mode="after")
    def consistent(self) -> Self:
        """What no section can see alone: slugs, and references from one section to another."""
        wrong = [
            f'{table}.{slug}: "{slug}" is no slug; use a letter, then letters, digits and _ in lower case'
            for table in ("senders", "sources", "feeds", "digests")
            for slug in getattr(self, table)
            if not _SLUG.fullmatch(slug)
        ]
        wrong += references.of_senders(self.digests, self.senders)
        wrong += references.of_sources(self.feeds, self.digests, self.sources)
        wrong += [
            f'sources.{slug}.every: "5 min" is the least for a site that is not in fetch.allow_private'
            for slug, source in self.sources.items()
            if too_often(source, self.fetch.allow_private)
        ]
        if self.alerts.sender is not None and self.alerts.sender not in self.senders:
            wrong.append(f"alerts.sender: there is no [senders.{self.alerts.sender}]")
        if "editions" in self.sources:
            wrong.append('sources.editions: "editions" is the name of our own editions; choose another')
        if self.engine.kind == "procrastinate" and self.database.url.startswith("sqlite:"):
            wrong.append('engine.kind: "procrastinate" needs PostgreSQL, and database.url is SQLite')
        if self.mode == "rehearsal" and not self.rehearsal:
            wrong.append('mode: a "rehearsal" needs rehearse_to, or somebody in alerts.to')
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    @property
    def folder(self) -> Path:
        """What the service keeps beside its database: key, media, journal."""
        url = make_url(self.database.url)
        return Path(url.database or "var/x").parent if url.get_backend_name() == "sqlite" else Path("var")

    @property
    def media_folder(self) -> Path:
        return self.shared_folder / "media"

    @property
    def journal_folder(self) -> Path:
        """Where the workers of this machine that share a ledger keep their journals."""
        database = blake2b(self.database.url.encode(), digest_size=6).hexdigest()
        return self.folder / "journal" / database

    @property
    def shared_folder(self) -> Path:
        """What every process sees beside the database: pictures, the witness and the diary."""
        return self.database.shared or self.folder

    @property
    def diary_file(self) -> Path:
        """What no backup may forget."""
        return self.shared_folder / "diary"

    def keyring(self) -> Keyring:
        """The signing keys; embedded on SQLite makes its own beside the database, PostgreSQL refuses."""
        if self.secret_key is not None:
            return Keyring.parse(self.secret_key.get_secret_value())
        if not self.database.url.startswith("sqlite:"):
            raise ConfigError("is required with PostgreSQL: every process must sign alike", about="DIGEST_SECRET_KEY")
        return Keyring.parse(made_key(self.folder))


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `path`, else of DIGEST_CONFIG, else of config/digest.toml, with `environ` over them.

    Raises ConfigError that names each key or variable at fault.
    """
    environ = os.environ if environ is None else environ
    file = _file(path, environ)
    declared = _read(file)
    given, names = nested(environ)
    _lay_over(declared, given)
    try:
        return Settings(**declared)
    except ValidationError as error:
        known = lines(file.read_text("utf-8"))
        raise ConfigError("\n".join(sentences(error, Settings, partial(_place, file, known, names)))) from None


def _place(file: Path, known: Mapping[Key, int], names: Mapping[Key, str], key: Key) -> str:
    """The variable that gave a key, else the file and its line; of a table that only variables know, one of them."""
    if found := variable(key, names) or alone(key, names, known):
        return found
    line = line_of(key, known)
    return f"{file}:{line}" if line else str(file)


def where(key: str, path: Path | None = None) -> str:
    """A dotted key with the variable, or the file and line, that it was read from; what is no key, as it is."""
    step, file = tuple(key.split(".")), _file(path, os.environ)
    if step[0] not in Settings.model_fields:
        return key
    return f"{_place(file, lines(file.read_text('utf-8')), nested(os.environ)[1], step)}: {key}"


def _table(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A table of these; empty where something else stands in its place, which is told where all is checked."""
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def _file(path: Path | None, environ: Mapping[str, str]) -> Path:
    return path or Path(environ.get("DIGEST_CONFIG") or DEFAULT_PATH)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigError("not found; `digest init` writes one", about=str(file)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"is not TOML: {error}", about=str(file)) from None
    except OSError as error:
        raise ConfigError(error.strerror or "cannot be read", about=str(file)) from None


def _lay_over(declared: dict[str, Any], given: Mapping[str, Any]) -> None:
    for key, value in given.items():
        if isinstance(value, dict) and isinstance(declared.get(key), dict):
            _lay_over(declared[key], value)
        else:
            declared[key] = value
