"""What is no bounce though a machine wrote it: out of office, receipts, and other answers by themselves."""

from __future__ import annotations

import re
from email.message import Message

from digest.subscribers.bounces import parts

_AWAY = re.compile(
    r"out of (the )?office|away from|vacation|on leave|auto(matic|mated)?[ -]?(reply|response|antwort|answer)|autoreply"
    r"|auto:|automatisch|abwesen|r[ée]ponse automatique|absence|respuesta autom|fuera de (la )?oficina|ausente"
    r"|resposta autom|risposta automatica|fuori sede|autosvar|poissa|afwezig|ooo\b|thank you for (your|contacting)"
    r"|自动回复|自動|автоответ",
    re.IGNORECASE,
)
_HEADERS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Auto-Reply",
    "X-Mail-Autoreply",
    "X-AutoReply-From",
)


def is_receipt(message: Message) -> bool:
    """A disposition notification (RFC 8098): read, deleted, displayed; but some refuse a letter in this form."""
    refuses = "reject" in parts.header(message, "Subject").lower()
    return parts.report_type(message) == "disposition-notification" and not refuses


def is_away(message: Message) -> bool:
    """Whether the subject says that a person is not there."""
    subject = parts.header(message, "Subject")
    return bool(_AWAY.search(subject)) or any(message.get(name) for name in _HEADERS)
