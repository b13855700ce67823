"""What a proxy has to say of itself to be measured."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from .. import paths
from ..cases import Case, route_prefix
from ..certificate import Certificate
from ..tokens import AUDIENCE, ISSUER, TENANT, KeyMaterial


@dataclass(frozen=True)
class Settings:
    """What one started proxy is given."""

    case: Case
    port: int
    upstream_port: int
    #: Keys of the case's algorithm; None where tokens are not looked at.
    material: KeyMaterial | None
    #: A folder of its own, for the rendered configuration, logs and temporary files.
    directory: Path
    certificate: Certificate

    def values(self) -> dict[str, object]:
        """The names a configuration may use between @ signs."""
        values: dict[str, object] = {
            "PORT": self.port,
            "UPSTREAM_PORT": self.upstream_port,
            "DIRECTORY": self.directory,
            "CONFIGURATIONS": paths.CONFIGURATIONS,
            "ISSUER": ISSUER,
            "AUDIENCE": AUDIENCE,
            "TENANT": TENANT,
            "CERTIFICATE": self.certificate.chain,
            "PRIVATE_KEY": self.certificate.key,
            "CERTIFICATE_AND_KEY": self.certificate.both,
            # Every answer is checked through HTTP/1.1, which therefore is offered beside HTTP/2.
            "PROTOCOLS": "h2,http/1.1" if self.case.transport == "h2" else "http/1.1",
        }
        if self.material is not None:
            values["ALGORITHM"] = self.material.algorithm
            values["PUBLIC_KEY"] = self.material.public_key
            values["JWKS"] = self.material.jwks
        return values

    def prefixes(self) -> list[str]:
        """The path prefixes of the case's routes."""
        return [route_prefix(number) for number in range(self.case.routes)]


class Peer(ABC):
    """A proxy: its packages, its configurations, its command."""

    #: Short and stable: the key in the JSON result.
    name: str
    #: What the tables call it.
    title: str
    #: The folder under configurations/; its name, unless two peers share one.
    folder: str = ""
    #: The end of its configuration files' names.
    extension: str
    #: A file that shows a package is there → the Debian package.
    packages: dict[str, str] = {}
    #: Set beside the environment of this program.
    environment: dict[str, str] = {}

    @abstractmethod
    def command(self, configuration: Path) -> list[str]:
        """The command that runs in the foreground with `configuration`."""

    @abstractmethod
    def version(self) -> str: ...

    def install(self) -> None:
        """Installs what is no Debian package."""

    def missing(self) -> str | None:
        """Why this peer cannot run here; None if it can."""
        return None

    def supports(self, case: Case) -> bool:
        return case.name not in ("routes-10", "routes-100k")

    def template(self, case: Case) -> str:
        """The configuration file for a case."""
        return f"{case.configuration}{self.extension}"

    def values(self, settings: Settings) -> dict[str, object]:
        """Names in the configuration beside those of `Settings.values`; may write files for it."""
        return {}

    def features(self, case: Case) -> frozenset[str]:
        """Whose lines stand in the configuration."""
        return case.features | case.lines

    def prepare(self, settings: Settings) -> list[str]:
        """Writes the configuration and returns the command that runs it."""
        settings.directory.mkdir(parents=True, exist_ok=True)
        template = paths.CONFIGURATIONS / (self.folder or self.name) / self.template(settings.case)
        values = settings.values() | self.values(settings)
        destination = settings.directory / template.name
        return self.command(paths.render(template, destination, values, self.features(settings.case)))


def output_of(*command: str) -> str:
    """What a command prints, for a version line; an empty string when it fails."""
    try:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=10, check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return result.stdout.strip()
