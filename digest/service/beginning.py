"""A first configuration: what `digest init` asks, and the file it writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from digest.errors import ConfigError
from digest.service.checking import check_settings
from digest.settings import load


@dataclass(frozen=True, slots=True)
class Question:
    key: str
    words: str
    default: str


QUESTIONS = (
    Question("title", "What is the site called?", "Our Announcements"),
    Question("url", "The public address of this service", "http://127.0.0.1:8080"),
    Question("timezone", "Time zone", "Europe/London"),
    Question("postal_address", "Postal address, printed in every letter", "1 Example Street, Exampletown"),
    Question("source", "Where do announcements come from? A site's address, or a folder of Markdown", "announcements"),
    Question("kind", "What is there: wordpress, feed, page or folder", "folder"),
    Question("digest", "Name of the newsletter", "Newsflash"),
    Question("schedule", "When does it go out?", "last fri 09:00"),
    Question("from", "Whom is it from?", "Newsflash <news@example.org>"),
    Question("relay", "The mail server", "smtp://127.0.0.1:1025"),
    Question("alerts", "Who hears about trouble?", "office@example.org"),
)


def write(path: Path, answers: Mapping[str, str]) -> None:
    """Write the configuration of these answers; ConfigError, and no file, when they make none."""
    draft = path.with_name(f".{path.name}.draft")
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.write_text(_text(answers), "utf-8")
    try:
        declared = load(draft, environ={})
        if answers["kind"] == "folder":
            Path(answers["source"]).mkdir(parents=True, exist_ok=True)
        check_settings(declared)
    except ConfigError as error:
        raise ConfigError(error.message.replace(str(draft), str(path)), about=error.about) from None
    else:
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _text(answers: Mapping[str, str]) -> str:
    said = {key: json.dumps(value, ensure_ascii=False) for key, value in answers.items()}
    select = (
        '\nselect = { item = "article", title = "h2 a", date = "time, .date", summary = ".excerpt", next = "a.next" }'
        if answers["kind"] == "page"
        else ""
    )
    return f"""# Written by `digest init`. Every other key has a default; `digest config show` prints what is in force.

[site]
title = {said["title"]}
url = {said["url"]}
timezone = {said["timezone"]}
postal_address = {said["postal_address"]}

[alerts]
to = [{said["alerts"]}]

[senders.main]
url = {said["relay"]}
from = {said["from"]}

[sources.main]
kind = {said["kind"]}
url = {said["source"]}{select}
announce_first = 0                       # the archive found at the first visit is published, not mailed

[feeds.news]
title = {said["title"]}

[digests.newsflash]
title = {said["digest"]}
sender = "main"
schedule = {said["schedule"]}
"""
