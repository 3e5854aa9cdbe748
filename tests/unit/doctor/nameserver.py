"""A DNS server on loopback that knows one small zone and what a test adds to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], list[str]]
"""(name, kind of record) -> their values as a zone file writes them."""


@contextmanager
def serving(zone: Zone) -> Iterator[str]:
    """Answers over UDP until the block is left; gives "127.0.0.1:PORT"."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_answer, args=(wire, zone), daemon=True)
        thread.start()
        yield "{}:{}".format(*wire.getsockname())
        wire.sendto(b"", wire.getsockname())
        thread.join(5)


def _answer(wire: socket.socket, zone: Zone) -> None:
    while True:
        asked, whom = wire.recvfrom(4096)
        if not asked:
            return
        question = dns.message.from_wire(asked)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.AA | dns.flags.RA
        wanted = question.question[0]
        name, kind = wanted.name.to_text().rstrip("."), dns.rdatatype.to_text(wanted.rdtype)
        if values := zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(wanted.name, 60, "IN", kind, *values))
        elif not any(known == name for known, _ in zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        wire.sendto(answer.to_wire(), whom)
