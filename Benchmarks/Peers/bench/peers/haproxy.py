"""HAProxy: `jwt_verify` for the signature, the claims as access rules. It has no cache of verified tokens."""

from __future__ import annotations

from pathlib import Path

from ..cases import Case
from .peer import Peer, Settings, output_of


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

    def supports(self, case: Case) -> bool:
        return case.algorithm != "EdDSA" and super().supports(case)

    def values(self, settings: Settings) -> dict[str, object]:
        values: dict[str, object] = {}
        if settings.material:
            # A shared secret stands in the configuration, a public key in its file.
            path = settings.material.public_key
            values["KEY"] = path.read_text() if settings.material.algorithm == "HS256" else path
        if settings.case.routes:
            values["ROUTES"] = settings.directory / "routes.map"
            values["ROUTES"].write_text("".join(f"{prefix} upstream\n" for prefix in settings.prefixes()))
        return values
