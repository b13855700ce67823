"""HAProxy: `jwt_verify` for the signature, the claims as access rules. It has no cache of verified tokens."""

from __future__ import annotations

from pathlib import Path

from .peer import Peer, output_of


class HAProxy(Peer):
    name = "haproxy"
    title = "HAProxy"
    extension = ".cfg"
    packages = {"/usr/sbin/haproxy": "haproxy"}

    def command(self, configuration: Path) -> list[str]:
        # -db: one process in the foreground.
        return ["/usr/sbin/haproxy", "-db", "-f", str(configuration)]

    def version(self) -> str:
        words = output_of("/usr/sbin/haproxy", "-v").split()
        return words[2].split("-")[0] if len(words) > 2 else "unknown"
