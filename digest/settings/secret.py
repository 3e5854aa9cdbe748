"""An address that is a secret in itself."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr


def _secret_url(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address; it begins with http:// or https://")
    return url


SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
"""An address that is a secret in itself: whoever knows it may use it."""
