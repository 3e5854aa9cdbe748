"""Polite, guarded HTTP out: pinned addresses, streamed limits, one request a host at a time."""

from digest.fetch.client import Fetcher
from digest.fetch.guard import Guard, host_of
from digest.fetch.limits import Limits
from digest.fetch.response import Response, retry_after

__all__ = ["Fetcher", "Guard", "Limits", "Response", "host_of", "retry_after"]
