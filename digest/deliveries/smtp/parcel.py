"""A message on its way, and what is asked and told about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from digest.model.deliveries import Outcome, OutcomeKind

if TYPE_CHECKING:
    from digest.deliveries.smtp.batch import Batch

ACCEPTED = Outcome(kind=OutcomeKind.ACCEPTED, code=250)
"""What nearly every message comes to."""
_PATH = r"<[!-;=?-~]{1,64}@[!-;=?-~]{1,189}>"
_USUAL = re.compile(rf"MAIL FROM:{_PATH}\r\nRCPT TO:{_PATH}\r\nDATA\r\n")


@dataclass(slots=True, eq=False)
class Parcel:
    """A message to one recipient; see `packed`."""

    key: int
    sender: str
    recipient: str
    message: Sequence[bytes]
    """In pieces that are joined when it is written: CRLF, no line that begins with a dot."""
    most: int = 0
    """Octets that it surely does not exceed."""
    opening: bytes = b""
    """The commands that lead to it."""
    usual: bool = False
    """Whether every relay can be told its addresses."""
    refused: Outcome | None = None
    """Why it cannot go anywhere."""
    verdict: Outcome | None = None
    """What an earlier reply decided; the rest of its group is read and passed over."""
    dotted: bool = False
    signed: bool = False
    batch: Batch = field(init=False, repr=False)
    """Those it was claimed with."""


def packed(key: int, sender: str, recipient: str, message: Sequence[bytes], *, most: int | None = None) -> Parcel:
    """A message with all that can be worked out before a connection is free for it: for very many at a time.

    `most` is what its letter comes to at most, where that is known. Only an address beyond ASCII asks for SMTPUTF8
    (RFC 6531, 3.4).
    """
    opening = f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"
    usual = _USUAL.fullmatch(opening) is not None
    if not (usual or opening.isascii()):
        opening = f"MAIL FROM:<{sender}> SMTPUTF8 BODY=8BITMIME\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"
    most = sum(map(len, message)) if most is None else most
    return Parcel(key, sender, recipient, message, most, opening.encode("utf-8", "replace"), usual)


Source = Callable[[], Parcel | None]
"""The next message to send now; None for none, and nothing more is begun until `run` is called again."""
Result = Callable[[Parcel, Outcome | None], None]
"""Told once of each parcel's end; None for one that was only announced when the session ended over another."""
