"""The page at `/feeds/`: every feed in words, for people, and for readers that look for one."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from urllib.parse import urlsplit

from digest.feeds.documents import MEDIA_TYPES
from digest.feeds.entries import Channel, channel
from digest.settings import Settings

INDEX_PATH = "/feeds/index.html"
"""Where the page stands among files."""

_NAMES = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}
_STYLE = """
:root { color-scheme: light dark;
  --ground: #F6F1EA; --card: #FFFFFF; --text: #1F2A30; --muted: #5B646A; --accent: #9A4A16 }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14181B; --card: #1D2327; --text: #ECE6DD; --muted: #B5ADA3; --accent: #E9A878 } }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.6 Arial, Helvetica, sans-serif }
main { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem }
h1, h2 { font-family: Georgia, 'Times New Roman', serif; line-height: 1.25; overflow-wrap: anywhere }
h2 { margin: 0 }
section { margin: 1rem 0; padding: 1.25rem; background: var(--card); border-radius: 6px }
p { margin: .5rem 0; color: var(--muted) }
a { color: var(--accent) }
nav a { display: inline-block; padding: .5rem 1rem .5rem 0 }
"""


@cache
def style() -> bytes:
    """The style sheet of feeds, CSS; XSLT is about to leave the browsers."""
    return files("digest.feeds").joinpath("feed.css").read_bytes()


def page(settings: Settings) -> str:
    """A whole HTML document with autodiscovery links; the same text for the same settings."""
    site = settings.site
    host = urlsplit(site.url).hostname or ""
    channels = [channel(feed, site, host=host) for feed in settings.feeds.values()]
    links = "\n".join(_link(each, form) for each in channels for form in _NAMES)
    sections = "\n".join(map(_section, channels)) or "<p>No feed is configured.</p>"
    title = escape(site.title)
    return f"""<!doctype html>
<html lang="{escape(site.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Feeds - {title}</title>
{links}
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>Feeds of {title}</h1>
<p>Copy an address into your feed reader, and each announcement comes to you as soon as it is out.</p>
{sections}
<p><a href="{escape(site.url)}">{title}</a></p>
</main>
</body>
</html>
"""


def _link(each: Channel, form: str) -> str:
    kind = MEDIA_TYPES[form].partition(";")[0]
    words = escape(f"{each.title} ({_NAMES[form]})")
    return f'<link rel="alternate" type="{kind}" title="{words}" href="{escape(each.address(form))}">'


def _section(each: Channel) -> str:
    links = " ".join(f'<a href="{escape(each.address(form))}">{name}</a>' for form, name in _NAMES.items())
    words = f"<p>{escape(each.description)}</p>" if each.description != each.title else ""
    return f"<section><h2>{escape(each.title)}</h2>{words}<nav>{links}</nav></section>"
