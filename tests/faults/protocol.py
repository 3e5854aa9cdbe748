"""What a client owes a server: nothing used that was not offered, no bare LF, no line too long, each thing in turn."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

COMMAND, TEXT = 512, 1000
"""Octets of the longest command and of the longest line of a message, their CRLF included (RFC 5321, 4.5.3.1)."""
_ENDS_A_GROUP = ("EHLO", "HELO", "DATA", "STARTTLS", "AUTH", "QUIT", "NOOP")
"""What nothing may follow before its answer has come (RFC 2920, 3.1; RFC 3207; RFC 4954)."""
_PARAMETERS = {"SIZE": "SIZE", "BODY": "8BITMIME", "SMTPUTF8": "SMTPUTF8", "AUTH": "AUTH"}
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass
class Watch:
    """One session, watched; `wrong` says what its client did that it may not."""

    wrong: list[str]
    offered: frozenset[str] = frozenset()
    """Extensions, by their keywords; none before EHLO, none left after STARTTLS."""
    protected: bool = False
    greeted: bool = False
    open: bool = False
    """A MAIL was accepted, and nothing has ended its transaction."""
    wanted: bool = False
    """A recipient was accepted."""
    eight_bit: bool = False
    over: bool = False
    ahead: bool = False
    """Whether a command ever came before the answer to the one before it."""
    commands: list[str] = field(default_factory=list)

    def command(self, line: bytes, following: bytes) -> None:
        """A command as it came, with its CRLF, and what stood behind it before we said anything."""
        verb = line[:8].split()[0].decode("latin-1").upper() if line.split() else ""
        self.commands.append(line.decode("utf-8", "replace").strip())
        self.ahead = self.ahead or bool(following)
        shown = line[:60]
        if self.over:
            self._say(f"{shown!r} after QUIT")
        if len(line) > COMMAND:
            self._say(f"a command of {len(line)} octets")
        if _BARE.search(line) or b"\0" in line:
            self._say(f"a bare CR or LF, or a NUL, in {shown!r}")
        if not line.isascii() and b"SMTPUTF8" not in line and not line.startswith(b"RCPT"):
            self._say(f"not ASCII: {shown!r}")
        if following and ("PIPELINING" not in self.offered or verb in _ENDS_A_GROUP):
            self._say(f"{following[:40]!r} before the answer to {shown!r}")
        self._in_turn(verb, line, pipelined=bool(following) or "PIPELINING" in self.offered)

    def _in_turn(self, verb: str, line: bytes, *, pipelined: bool) -> None:
        if verb in ("MAIL", "RCPT", "DATA", "AUTH", "STARTTLS") and not self.greeted:
            self._say(f"{verb} before EHLO")
        if verb in ("STARTTLS", "AUTH") and verb not in self.offered:
            self._say(f"{verb}, which was not offered")
        if verb == "MAIL":
            if self.open:
                self._say("MAIL within MAIL")
            self._parameters(line)
        if not pipelined and ((verb == "RCPT" and not self.open) or (verb == "DATA" and not self.wanted)):
            self._say(f"{verb} out of turn")
        self.over = self.over or verb == "QUIT"

    def _parameters(self, line: bytes) -> None:
        words = line.partition(b">")[2].decode("latin-1").split()
        for word in words:
            if _PARAMETERS.get(word.partition("=")[0].upper(), word) not in self.offered:
                self._say(f"MAIL with {word}, which was not offered")
        self.eight_bit = "BODY=8BITMIME" in words

    def message(self, lines: list[bytes]) -> None:
        """A message as it came, line by line, with its CRLFs but without its final dot."""
        if lines and not self.wanted:
            self._say("a message for nobody")
        for line in lines:
            if len(line) > TEXT:
                self._say(f"a line of {len(line)} octets in a message")
            if line.startswith(b".") and not line.startswith(b".."):
                self._say(f"not stuffed: {line[:40]!r}")
            if _BARE.search(line) or b"\0" in line:
                self._say(f"a bare CR or LF, or a NUL, in a message: {line[:40]!r}")
            if not self.eight_bit and not line.isascii():
                self._say(f"eight bits, which were not announced: {line[:40]!r}")

    def ended(self, *, troubled: bool) -> None:
        """The client is gone; `troubled` when we gave it a reason to leave without a word."""
        if self.greeted and not self.over and not troubled:
            self._say("left without QUIT")

    def _say(self, what: str) -> None:
        self.wrong.append(what)
