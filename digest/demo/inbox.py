"""An SMTP inbox on loopback: every message is kept as it came, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Inbox:
    """A server in a thread of its own; messages land in `folder` as `0001.eml`, in order of arrival."""

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
        path = self.folder / f"{len(self.received) + 1:04}.eml"
        content = envelope.original_content or b""
        path.write_bytes(content)
        self.received.extend((recipient, path) for recipient in envelope.rcpt_tos)
        return "250 2.0.0 kept"
