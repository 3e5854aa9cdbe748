"""A Postfix of a test's own: its configuration, queue, log and mailboxes in one folder, its port on loopback."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.certificates import Authority

PLACES = ("/usr/sbin", "/usr/lib/postfix/sbin", "/usr/local/sbin")

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
syslog_name = private
myhostname = relay.example.net
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
default_database_type = texthash
alias_maps =
smtputf8_enable = yes

strict_rfc821_envelopes = yes
smtpd_helo_required = yes
disable_vrfy_command = yes
smtpd_helo_restrictions = reject_invalid_helo_hostname
smtpd_client_restrictions = reject_unauth_pipelining
smtpd_data_restrictions = reject_unauth_pipelining
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy}
smtpd_forbid_bare_newline = yes
# It slows down and hangs up on clients that make mistakes: sooner than it would, for a test is short.
smtpd_soft_error_limit = 2
smtpd_hard_error_limit = 4
smtpd_error_sleep_time = 0

virtual_mailbox_domains = example.com
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = regexp:{folder}/etc/mailboxes
virtual_minimum_uid = 1
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
{tls}
"""

# Its own services, none of them in a jail of its own: the folder is one.
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - 10 virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

COMPLAINTS = re.compile(
    r"improper command pipelining|non-SMTP command|lost connection|bare (newline|<LF>)|timeout after|"
    r"protocol error|SSL_accept error|panic|fatal|warning",
    re.IGNORECASE,
)
OWN_TROUBLES = re.compile(r"file system (clock|time stamps)")
"""Of a machine whose clock was set meanwhile: about nobody who spoke to it."""


@dataclass(frozen=True)
class Postfix:
    """A running one; mail that it accepts for example.com ends in one Maildir."""

    folder: Path
    port: int
    ca: Path

    def log(self) -> list[str]:
        return (self.folder / "log").read_text("utf-8").splitlines()

    def complaints(self) -> list[str]:
        """What it logged of somebody who does not speak as he should."""
        return [line for line in self.log() if COMPLAINTS.search(line) and not OWN_TROUBLES.search(line)]

    def hung_up(self) -> int:
        """How often it had enough of a client's mistakes, and said 421."""
        return sum("too many errors" in line for line in self.log())

    def delivered(self, count: int) -> list[bytes]:
        """The messages in its Maildir, waited for until there are `count`."""
        box, until = self.folder / "mail" / "all" / "new", time.monotonic() + 60
        while (found := len(list(box.glob("*")))) < count:
            assert time.monotonic() < until, f"{found} of {count} in the Maildir"
            time.sleep(0.05)
        return [path.read_bytes() for path in box.iterdir()]


def program() -> str:
    """The one that TEST_POSTFIX names, or one at hand; without any, the report says what nobody looked at."""
    named = os.environ.get("TEST_POSTFIX", "")
    if named and named != "missing":
        return named
    found = shutil.which("postfix", path=os.pathsep.join((os.environ.get("PATH", ""), *PLACES)))
    if found is None or os.geteuid() != 0:
        pytest.skip("NO POSTFIX, or nobody to start one as: no real mail server was written to")
    return found


@contextmanager
def running(folder: Path, policy: int, *, tls: bool = False) -> Iterator[Postfix]:
    """One that asks the policy server on that port about each recipient; stopped when the block ends."""
    command, port = program(), _free_port()
    authority = Authority(folder)
    authority.server("127.0.0.1")
    _configure(folder, port, policy, tls)
    _do(command, folder, "start")
    try:
        _greets(port)
        yield Postfix(folder, port, authority.file)
    finally:
        _do(command, folder, "stop")


def _do(command: str, folder: Path, what: str) -> None:
    with (folder / "said").open("ab") as said:
        done = subprocess.run([command, "-c", str(folder / "etc"), what], stdout=said, stderr=said, check=False)
    words = [path.read_text() for path in (folder / "said", folder / "log") if path.exists()]
    assert done.returncode == 0, "\n".join(words)


def _configure(folder: Path, port: int, policy: int, tls: bool) -> None:
    owner = pwd.getpwnam("postfix")
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir()
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    os.chown(folder / "mail", 65534, 65534)
    for each in (folder, *folder.parents):
        # It works as several users, and all must reach it.
        if each.stat().st_uid == os.geteuid():
            each.chmod(each.stat().st_mode | 0o711)
    secure = (
        f"smtpd_tls_security_level = encrypt\nsmtpd_tls_chain_files = {folder}/server.pem\n"
        "smtpd_tls_loglevel = 1\nsmtpd_tls_mandatory_protocols = >=TLSv1.2\n"
    )
    (folder / "etc" / "main.cf").write_text(MAIN.format(folder=folder, policy=policy, tls=secure if tls else ""))
    (folder / "etc" / "master.cf").write_text(MASTER.format(port=port))
    # Nobody whose number ends in 01 has a mailbox: Postfix says so in its own words.
    (folder / "etc" / "mailboxes").write_text("if !/^person[0-9]*01@/\n/^person[0-9]+@/ all/\nendif\n")


def _free_port() -> int:
    """Below those that the kernel hands to whoever connects somewhere: Postfix takes seconds to begin."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _greets(port: int) -> None:
    """Wait until somebody may speak."""
    until = time.monotonic() + 30
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
                line.recv(200)
                line.sendall(b"QUIT\r\n")
                line.recv(200)
                return
        except OSError:
            assert time.monotonic() < until, "Postfix does not answer"
            time.sleep(0.1)
