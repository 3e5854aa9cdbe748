"""Whom we believe when a relay says who it is."""

from __future__ import annotations

import ssl
from pathlib import Path

from digest.errors import DeliveryError


def context(ca: Path | None) -> ssl.SSLContext:
    """Verifies a relay's certificate and its name, by the machine's authorities or those in the PEM file `ca` alone.

    TLS 1.2 or newer. DeliveryError when the file cannot be used.
    """
    try:
        made = ssl.create_default_context(cafile=ca)
    except OSError as error:
        why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise DeliveryError(f"cannot be used as ca: {why}", about=str(ca)) from error
    made.minimum_version = max(made.minimum_version, ssl.TLSVersion.TLSv1_2)
    return made
