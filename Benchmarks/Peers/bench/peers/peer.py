"""What a proxy has to say of itself to be measured."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from .. import paths
from ..cases import Case
from ..tokens import AUDIENCE, ISSUER, KeyMaterial


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

    def values(self) -> dict[str, object]:
        """The names a configuration may use between @ signs."""
        values: dict[str, object] = {
            "PORT": self.port,
            "UPSTREAM_PORT": self.upstream_port,
            "DIRECTORY": self.directory,
            "CONFIGURATIONS": paths.CONFIGURATIONS,
            "ISSUER": ISSUER,
            "AUDIENCE": AUDIENCE,
        }
        if self.material is not None:
            values["ALGORITHM"] = self.material.algorithm
            values["PUBLIC_KEY"] = self.material.public_key
            values["JWKS"] = self.material.jwks
        return values


class Peer(ABC):
    """A proxy: its packages, its configurations, its command."""

    #: Short and stable: the key in the JSON result, the folder under configurations/.
    name: str
    #: What the tables call it.
    title: str
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

    def missing(self) -> str | None:
        """Why this peer cannot run here; None if it can."""
        return None

    def supports(self, case: Case) -> bool:
        return True

    def prepare(self, settings: Settings) -> list[str]:
        """Writes the configuration and returns the command that runs it."""
        template = paths.CONFIGURATIONS / self.name / f"{settings.case.configuration}{self.extension}"
        return self.command(paths.render(template, settings.directory / template.name, settings.values()))


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
