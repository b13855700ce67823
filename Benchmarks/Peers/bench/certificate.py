"""The certificate that every proxy serves: one key on P-256, which all of them sign with at about the same cost."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: What all of them have to agree on: the first that wrk offers, which is not to be told another one.
CIPHER = "TLS_AES_256_GCM_SHA384"


@dataclass(frozen=True)
class Certificate:
    chain: Path
    key: Path
    #: Both in one file, as HAProxy wants them.
    both: Path


def make(directory: Path) -> Certificate:
    """A certificate of this run."""
    directory.mkdir(parents=True, exist_ok=True)
    certificate = Certificate(directory / "chain.pem", directory / "key.pem", directory / "both.pem")
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", str(certificate.key), "-out", str(certificate.chain), "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
    )
    certificate.both.touch(mode=0o600)
    certificate.both.write_text(certificate.chain.read_text() + certificate.key.read_text())
    return certificate


def client_context(alpn: str) -> ssl.SSLContext:
    """Trusts whoever answers: it is the loopback, and what is checked are the answers."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([alpn])
    return context
