"""An SMTP inbox on loopback: every message is kept as it came, byte for byte."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Inbox:
    """A server in a thread of its own; messages land in `folder`, named for whom they are."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.received: list[tuple[str, Path]] = []
        """(recipient, file)."""
        self._controller: Any = Controller(self, hostname="127.0.0.1", port=port, decode_data=False)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message; the library calls this by its name."""
        path = self._free_path("".join(map(str, envelope.rcpt_tos)))
        path.write_bytes(envelope.original_content or b"")
        self.received.extend((recipient, path) for recipient in envelope.rcpt_tos)
        return "250 2.0.0 kept"

    def _free_path(self, recipient: str) -> Path:
        """A file for this recipient's next message; nothing of an address leads out of the folder."""
        name = re.sub(r"[^\w.@-]", "_", recipient).lstrip(".")[:100]
        paths = (self.folder / f"{name}{number}.eml" for number in ("", *(f"-{again}" for again in range(2, 1000))))
        return next(path for path in paths if not path.exists())
