"""What can be checked of a configuration before anything runs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from digest import templating
from digest.deliveries.signing import signers
from digest.deliveries.smtp import relay
from digest.errors import ConfigError, DeliveryError, TemplateError
from digest.model.editions import Snapshot
from digest.schedule import parse
from digest.schedules.effective import leaves_time
from digest.settings import Digest, Settings


def check_settings(settings: Settings) -> None:
    """Raise ConfigError naming the key for a missing folder, a broken template or subject, or no sending key.

    Also for a relay that would get its password in plain text.
    """
    settings.keyring()
    check_keys(settings)
    _check_relays(settings)
    _check_templates("templates", settings.templates)
    for slug, digest in settings.digests.items():
        _check_templates(f"digests.{slug}.templates", digest.templates)
        _check_subject(digest)
        _check_lead(digest)
    for slug, source in settings.sources.items():
        if source.kind == "folder" and not Path(source.url).is_dir():
            raise ConfigError(f"there is no folder {source.url}", about=f"sources.{slug}.url")


def check_keys(settings: Settings) -> None:
    """Raise ConfigError naming the file of a DKIM key that is missing, open to others, or no key."""
    for sender in settings.senders.values():
        signers(sender)


def _check_relays(settings: Settings) -> None:
    for slug, sender in settings.senders.items():
        for url in sender.servers:
            try:
                relay.parse(url)
            except DeliveryError as error:
                key = "relays" if sender.relays else "url"
                raise ConfigError(f"{error.about} {error.message}", about=f"senders.{slug}.{key}") from error


def doubts(settings: Settings) -> tuple[str, ...]:
    """What is allowed and unwise, a sentence each."""
    return tuple(
        f"senders.{slug}.dkim: the RSA key of {signer.name} is short; receivers ask for 2048 bits."
        for slug, sender in settings.senders.items()
        for signer in signers(sender)
        if signer.weak
    )


def _check_templates(key: str, folder: Path | None) -> None:
    try:
        templating.check(templating.environment((folder,) if folder else ()))
    except TemplateError as error:
        raise ConfigError(str(error), about=key) from error


def _check_lead(digest: Digest) -> None:
    if not leaves_time(digest, parse(digest.schedule)):
        raise ConfigError("is longer than from one edition to the next", about=f"digests.{digest.slug}.lead")


def _check_subject(digest: Digest) -> None:
    day = date(2026, 6, 26)
    language = digest.language or "en"
    edition = Snapshot(
        digest=digest.slug,
        title=digest.title,
        label=day.isoformat(),
        number=1,
        date=day,
        language=language,
        subject=digest.subject,
    )
    try:
        templating.subject(digest.subject, language=language, edition=edition, lead="", count=0)
    except TemplateError as error:
        known = "it may name edition.title, edition.number, edition.date, lead and count"
        raise ConfigError(f"{error.message}; {known}", about=f"digests.{digest.slug}.subject") from error
