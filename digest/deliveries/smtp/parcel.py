"""A message on its way, and what is asked and told about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from digest.model.deliveries import Outcome, OutcomeKind

if TYPE_CHECKING:
    from digest.deliveries.smtp.batch import Batch

ACCEPTED = Outcome(kind=OutcomeKind.ACCEPTED, code=250)
"""What nearly every message comes to."""
_USUAL = re.compile(r"[!-;=?-~]{1,64}@[!-;=?-~]{1,189}")


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


def packed(key: int, sender: str, recipient: str, message: Sequence[bytes]) -> Parcel:
    """A message with all that can be worked out before a connection is free for it."""
    return packed_alike([key], [sender], [recipient], [message], most=sum(map(len, message)))[0]


def packed_alike(
    keys: Iterable[int],
    senders: Iterable[str],
    recipients: Iterable[str],
    messages: Iterable[Sequence[bytes]],
    *,
    most: int,
) -> list[Parcel]:
    """The same for very many at a time, of which none has more than `most` octets."""
    parcels, last, usual, lead = [], None, False, ""
    for key, sender, recipient, message in zip(keys, senders, recipients, messages, strict=True):
        if sender != last:
            last, usual, lead = sender, _USUAL.fullmatch(sender) is not None, f"MAIL FROM:<{sender}>\r\nRCPT TO:<"
        if usual and _USUAL.fullmatch(recipient):
            opening = f"{lead}{recipient}>\r\nDATA\r\n".encode()
            parcels.append(Parcel(key, sender, recipient, message, most, opening, True))
        else:
            parcels.append(Parcel(key, sender, recipient, message, most, _opening(sender, recipient)))
    return parcels


def _opening(sender: str, recipient: str) -> bytes:
    """The commands; only an address beyond ASCII asks for SMTPUTF8 (RFC 6531, 3.4)."""
    extra = "" if sender.isascii() and recipient.isascii() else " SMTPUTF8 BODY=8BITMIME"
    return f"MAIL FROM:<{sender}>{extra}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode("utf-8", "replace")


Source = Callable[[], Parcel | None]
"""The next message to send now; None for none, and nothing more is begun until `run` is called again."""
Result = Callable[[Parcel, Outcome | None], None]
"""Told once of each parcel's end; None for one that was only announced when the session ended over another."""
