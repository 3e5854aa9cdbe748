"""What a DKIM signature takes: ours beside dkimpy's, over the same letters of some 30 KB, with the same keys.

Ours as a sender makes it, on its threads; dkimpy holds the GIL, and more threads would not help it.
`python tests/bench/signing.py` prints a JSON object a case and then, for eyes, how many times as fast ours is.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime

import dkim as dkimpy
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest.deliveries import dkim
from digest.deliveries.dkim import Signer
from digest.deliveries.signing import Signing
from digest.letter.compile import compile_letter
from digest.letter.headers import Heading, Mailbox
from digest.letter.holes import Letter, Markers, Personal

NOW = datetime(2026, 6, 26, 8, tzinfo=UTC)
ROUNDS = 9
RELAXED = (b"relaxed", b"relaxed")
FIELDS = [name for name in dkim._SIGNED if name != b"from"]

Work = Callable[[list[bytes]], None]
Cost = tuple[float, float]
"""Microseconds for each message: of the clock, and of the processor."""


def letters(count: int) -> list[bytes]:
    """The same letter to so many, two thirds of it HTML."""
    markers = Markers(token="ab" * 16)
    sentence = "What was announced, in a sentence that says neither too much nor too little about it all.\n"
    leave = markers.of("unsubscribe")
    letter = Letter(
        language="en",
        subject="Newsflash June 2026",
        text=f"Dear {markers.of('name')},\n{sentence * 100}{leave}\n",
        html=f"<p>Dear {markers.of('name')},</p>{f'<p>{sentence}</p>' * 200}<a href='{leave}'>leave</a>",
        markers=markers,
    )
    heading = Heading(
        sender=Mailbox("Metals Mark", "news@example.org"),
        list_title="Newsflash",
        list_id="newsflash.news.example.org",
        reply_to="office@example.org",
        archive="https://news.example.org/editions/newsflash/",
        help="https://news.example.org/subscribe/newsflash",
    )
    compiled = compile_letter(letter, heading)
    return [compiled.personalise(_person(number)) for number in range(count)]


def _person(number: int) -> Personal:
    return Personal(
        name=f"Person Number {number}",
        address=f"person{number}@example.org",
        reason="you asked for it",
        unsubscribe=f"https://news.example.org/unsubscribe/newsflash.1.0.{number:042}",
        manage=f"https://news.example.org/manage/newsflash.1.0.{number:042}",
        message_id=f"<{number:032x}@example.org>",
        date=NOW,
    )


def cases() -> dict[str, tuple[Work, Work]]:
    """By algorithm: our way, and dkimpy's."""
    long, short = rsa.generate_private_key(65537, 2048), Ed25519PrivateKey.generate()
    pem = long.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    seed = b64encode(short.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    return {
        "DKIM RSA-2048": (_ours(long), _theirs(pem, b"rsa-sha256")),
        "DKIM Ed25519": (_ours(short), _theirs(seed, b"ed25519-sha256")),
    }


def _ours(key: dkim.Key) -> Work:
    signing = Signing([Signer(domain="example.org", selector="s", key=key)], lambda: NOW)

    def work(messages: list[bytes]) -> None:
        for made in [signing.begin(message) for message in messages]:
            made.result()

    return work


def _theirs(key: bytes, algorithm: bytes) -> Work:
    fields = [*FIELDS, b"from"]

    def work(messages: list[bytes]) -> None:
        for message in messages:
            dkimpy.sign(message, b"s", b"example.org", key, None, RELAXED, algorithm, include_headers=fields)

    return work


def cost(work: Work, messages: list[bytes]) -> Cost:
    clock, processor = time.perf_counter(), time.process_time()
    work(messages)
    taken = time.perf_counter() - clock, time.process_time() - processor
    return taken[0] / len(messages) * 1e6, taken[1] / len(messages) * 1e6


def middle(rounds: list[Cost]) -> Cost:
    return statistics.median(clock for clock, _ in rounds), statistics.median(processor for _, processor in rounds)


def main() -> int:
    messages, told = letters(60 if os.environ.get("BENCH_QUICK") else 300), []
    for case, (ours, theirs) in cases().items():
        # In short turns, so that whatever else the machine does is done to both.
        rounds = [(cost(ours, messages), cost(theirs, messages[: len(messages) // 10])) for _ in range(ROUNDS)]
        us, them = middle([each for each, _ in rounds]), middle([each for _, each in rounds])
        for name, (clock, processor) in ((case, us), (f"{case}, dkimpy", them)):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            figures = {"messages_per_s": 1e6 / clock, "cpu_us_per_message": processor, "peak_mb": peak}
            print(json.dumps({"case": name, **{key: round(value, 1) for key, value in figures.items()}}))
        told.append(
            f"{case}: {them[0] / us[0]:.1f} × dkimpy by the clock, {them[1] / us[1]:.1f} × by the processor "
            f"({us[1]:,.0f} µs of it for a letter of {len(messages[0]) / 1024:.0f} KB)"
        )
    print("\n".join(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
