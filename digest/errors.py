"""One tree of errors, each carrying what it is about.

    DigestError                what a person is told, never a traceback
    ├── ConfigError            a setting is wrong; names the key                     exit 2
    ├── UsageError             a command or an argument is wrong                     exit 2
    ├── NotFound               a slug, label or id names nothing                     exit 2
    ├── ScheduleError          a schedule expression is impossible; says why         exit 2
    ├── StoreError             the database refuses: unreachable, old, locked        exit 1
    ├── CollectError           a source could not be read; names the source or URL   exit 1
    │   ├── FetchError         over HTTP: refused address, time, size, status
    │   └── ParseError         bytes arrived and made no sense
    ├── TemplateError          a template is broken; names file and line             exit 1
    ├── LetterError            a letter would be wrong; nothing is sealed            exit 1
    ├── EditionError           an edition cannot make that move now                  exit 1
    └── DeliveryError          a relay cannot be used at all                         exit 1

Expected outcomes (a 4xx reply, an unchanged feed) are values, not errors.
"""

from __future__ import annotations

import re

_CREDENTIALS = re.compile(r"(https?://)[^/\s]*@", re.IGNORECASE)


class DigestError(Exception):
    """Something a person can act on; `about` names the file, key, line, URL or address."""

    exit_status = 1

    def __init__(self, message: str, *, about: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.about = about

    def __str__(self) -> str:
        return f"{self.about}: {self.message}" if self.about else self.message


class ConfigError(DigestError):
    """A setting is missing, misspelt or impossible; `about` is its dotted key or variable."""

    exit_status = 2


class UsageError(DigestError):
    """A command was called with something it cannot act on."""

    exit_status = 2


class NotFound(DigestError):
    """A slug, label or id names nothing here."""

    exit_status = 2


class ScheduleError(DigestError):
    """A schedule expression is misspelt or can never fire; `about` is the expression."""

    exit_status = 2


class StoreError(DigestError):
    """The database cannot be used: unreachable, of an older schema, or locked too long."""


class CollectError(DigestError):
    """A source could not be read; what is known of it stays. No password of an address is told."""

    def __init__(self, message: str, *, about: str = "") -> None:
        super().__init__(discreet(message), about=discreet(about))


def discreet(words: str) -> str:
    """The same without the user and the password that an address in it may hold."""
    return _CREDENTIALS.sub(r"\1", words) if "@" in words else words


class FetchError(CollectError):
    """A request failed: refused address, time, size, redirect or status; `about` is the URL.

    `status` is the HTTP status where one arrived; `retry_after` the seconds the host asked for.
    """

    def __init__(
        self, message: str, *, about: str = "", status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, about=about)
        self.status = status
        self.retry_after = retry_after


class ParseError(CollectError):
    """Bytes arrived and could not be read as what the source is said to be."""


class TemplateError(DigestError):
    """A template is missing or broken; `about` is `file:line`."""


class LetterError(DigestError):
    """A letter failed its own checks; nothing was sealed."""


class EditionError(DigestError):
    """An edition cannot make that move in its present status."""


class DeliveryError(DigestError):
    """A relay cannot be used at all; everything stays owed."""
