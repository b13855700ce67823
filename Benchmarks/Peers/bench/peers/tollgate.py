"""Tollgate: the binary under test, given by its path."""

from __future__ import annotations

import os
from pathlib import Path

from ..cases import Case
from .peer import Peer, Settings, output_of


class Tollgate(Peer):
    name = "tollgate"
    title = "Tollgate"
    extension = ".yaml"

    def __init__(self, binary: Path):
        self.binary = binary.absolute()

    def command(self, configuration: Path) -> list[str]:
        return [str(self.binary), "run", "-f", str(configuration)]

    def version(self) -> str:
        lines = output_of(str(self.binary), "version").splitlines()
        return lines[0].removeprefix("tollgate ") if lines else "unknown"

    def supports(self, case: Case) -> bool:
        return True

    def missing(self) -> str | None:
        if os.access(self.binary, os.X_OK) and self.binary.is_file():
            return None
        return "no binary at the path of --tollgate (build it with `swift build -c release`)"

    def values(self, settings: Settings) -> dict[str, object]:
        if not settings.case.routes:
            return {}
        upstream = f"127.0.0.1:{settings.upstream_port}"
        routes = (
            f"\n    - name: r{number}\n      matches: [{{path: {{pathPrefix: {prefix}}}}}]"
            f"\n      backends: [{{host: {upstream}}}]"
            for number, prefix in enumerate(settings.prefixes())
        )
        return {"ROUTES": "".join(routes)}
