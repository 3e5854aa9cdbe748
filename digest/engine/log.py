"""Events as lines on standard error (logfmt), in every process and command: no address and no token is among them.

Whoever logs takes `get_logger` from here, so that nothing is ever logged in another way.
"""

from __future__ import annotations

import logging
import sys

import structlog

__all__ = ["get_logger"]

get_logger = structlog.get_logger

logging.getLogger("apscheduler").setLevel(logging.WARNING)
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
    ],
    logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
)
