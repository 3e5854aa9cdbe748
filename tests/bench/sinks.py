"""The sink in C, and Postfix's smtp-source: both in processes of their own."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

HERE = Path(__file__).parent


@dataclass
class Sink:
    """A running sink; what it `took`, and its processor `seconds`, once it has ended."""

    port: int
    took: int = -1
    seconds: float = field(default=0.0)


@contextmanager
def sink(program: Path, *options: str) -> Iterator[Sink]:
    """A sink on loopback while the block runs."""
    process = subprocess.Popen([str(program), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    running = Sink(int(process.stdout.readline()))
    try:
        yield running
    finally:
        rest, _ = process.communicate("")
        took, seconds = rest.split() if rest else (-1, 0.0)
        running.took, running.seconds = int(took), float(seconds)


def built(folder: Path) -> tuple[Path | None, bool]:
    """The sink, compiled, and whether it can do TLS; None without a compiler."""
    compiler, program = shutil.which("cc") or shutil.which("gcc"), folder / "sink"
    if compiler is None:
        return None, False
    plain = [compiler, "-O2", "-o", str(program), str(HERE / "sink.c")]
    secured = [*plain, "-DTLS", "-lssl", "-lcrypto"]
    if subprocess.run(secured, capture_output=True, check=False).returncode == 0:
        return program, True
    subprocess.run(plain, check=True)
    return program, False


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, signed by itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return cert_file, key_file


def smtp_source() -> str | None:
    """Postfix's program, where it is installed."""
    return shutil.which("smtp-source", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def run_smtp_source(program: str, port: int, count: int, *, connections: int, size: int) -> dict[str, float]:
    """So many messages of `size` octets over connections that are kept: what it took."""
    command = [program, "-d", "-s", str(connections), "-m", str(count), "-l", str(size), f"127.0.0.1:{port}"]
    began = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"smtp-source ended with {process.returncode}")
    return figures(count, seconds, used)


def figures(count: int, seconds: float, used: resource.struct_rusage) -> dict[str, float]:
    """What is told of a case."""
    cpu = used.ru_utime + used.ru_stime
    return {
        "messages_per_s": count / seconds,
        "cpu_us_per_message": cpu / count * 1e6,
        "peak_mb": used.ru_maxrss / 1024,
        "seconds": seconds,
    }
