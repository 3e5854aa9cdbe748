"""What operators declare: one TOML file, the environment over it, and every mistake named.

`load` is the one way in. The value it gives is frozen and is passed on; nothing reads it globally.
"""

from __future__ import annotations

from digest.settings.digests import Digest, DigestSection, Match
from digest.settings.load import Settings, load
from digest.settings.sections import Feed, Select, Sender, Site, Source

__all__ = ["Digest", "DigestSection", "Feed", "Match", "Select", "Sender", "Settings", "Site", "Source", "load"]
