"""The page at `/feeds/`: every feed in words, for people, and for readers that look for one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from jinja2 import Environment

from digest import templating
from digest.feeds.documents import MEDIA_TYPES
from digest.feeds.entries import Channel, channel
from digest.letter.views import SiteView
from digest.settings import Settings

INDEX_PATH = "/feeds/index.html"
"""Where the page stands among files."""

NAMES = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed on the page, and (name, media type, address) of each of its formats."""

    slug: str
    title: str
    description: str
    forms: tuple[tuple[str, str, str], ...]


@cache
def style() -> bytes:
    """The style sheet of feeds, CSS; XSLT is about to leave the browsers."""
    return files("digest.feeds").joinpath("feed.css").read_bytes()


def page(settings: Settings, templates: Environment) -> str:
    """A whole HTML document with autodiscovery links; the same text for the same settings and templates."""
    site = settings.site
    host = urlsplit(site.url).hostname or ""
    return templating.render(
        templates,
        "web/public/feeds.html",
        language=site.language,
        kept="",
        site=SiteView(
            title=site.title,
            url=site.url,
            language=site.language,
            postal_address=site.postal_address,
            privacy_url=site.privacy_url,
        ),
        public_url=site.url,
        style=f"{site.url}/static/style.css",
        personal=False,
        feeds=[_listed(channel(feed, site, host=host)) for feed in settings.feeds.values()],
    )


def _listed(each: Channel) -> Listed:
    forms = ((name, MEDIA_TYPES[form].partition(";")[0], each.address(form)) for form, name in NAMES.items())
    return Listed(each.slug, each.title, each.description, tuple(forms))
