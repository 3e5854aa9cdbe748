"""The demo's configuration, and where the sample stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from digest.errors import UsageError


def sample_folder() -> Path:
    """The shipped sample: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / "_share" / "config" / "sample", package.parent / "config" / "sample"):
        if folder.is_dir():
            return folder
    raise UsageError("the shipped sample is missing", about=str(package / "_share"))


def configuration(folder: Path, ports: Mapping[str, int]) -> str:
    """A digest.toml over three sources that tell the same story, and the inbox."""
    return _DECLARED.format(folder=folder, **ports)


_DECLARED = """# The demo's own configuration: try `digest --config {folder}/digest.toml editions list`.

secret_key = "demo:this-key-signs-nothing-of-value"

[site]
title = "Metals Mark News"
url = "http://127.0.0.1:{web}"
timezone = "Europe/London"
postal_address = "Metals Mark, 1 Smelter Lane, Exampletown"
privacy_url = "https://example.org/privacy"

[database]
url = "sqlite:///{folder}/digest.db"

[fetch]
allow_private = ["127.0.0.0/8"]
gap = "10 ms"

[senders.main]
url = "smtp://127.0.0.1:{smtp}"
from = "Metals Mark <news@example.org>"
reply_to = "office@example.org"
rate = "unlimited"

[sources.website]
kind = "wordpress"
url = "http://127.0.0.1:{site}"
announce_first = "all"

[sources.press]
kind = "feed"
url = "http://127.0.0.1:{site}/feed/"
announce_first = "all"

[sources.archive]
kind = "page"
url = "http://127.0.0.1:{site}/news/"
announce_first = "all"
select = {{ item = "article", title = "h2 a", date = ".date", summary = ".excerpt", next = "a.next" }}

[feeds.news]
title = "Metals Mark News"
description = "All that is announced."

[feeds.noticias]
title = "Metals Mark en español"
language = "es"

[digests.newsflash]
title = "Newsflash"
subject = "Newsflash {{{{ edition.date | month_year }}}}"
sender = "main"
schedule = "last fri 09:00"

[[digests.newsflash.sections]]
title = "Case studies"
kind = "case"
match = {{ title = "Case Study*" }}

[[digests.newsflash.sections]]
title = "Consultations"
kind = "consultations"
match = {{ categories = ["Consultations"] }}

[[digests.newsflash.sections]]
title = "Facts & Figures"
kind = "figures"
match = {{ title = "Facts & Figures*" }}
"""
