"""Installs what is missing: Debian packages by apt-get, the library that signs by apt-get or pip."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

SYSTEM_PYTHON = ("/usr/bin", "/bin")


class SetupFailed(Exception):
    """Something is missing and could not be installed."""


def install(packages: dict[str, str]) -> None:
    """Installs the packages whose probe file is not there, and `cryptography`."""
    wanted = [package for probe, package in packages.items() if not Path(probe).exists()]
    has_library = importlib.util.find_spec("cryptography") is not None
    uses_system_python = str(Path(sys.executable).parent) in SYSTEM_PYTHON
    if not has_library and uses_system_python:
        wanted.append("python3-cryptography")
    if wanted:
        install_debian(sorted(set(wanted)))
    if not has_library and not uses_system_python:
        run([sys.executable, "-m", "pip", "install", "--quiet", "cryptography"])
    importlib.invalidate_caches()
    missing = [package for probe, package in packages.items() if not Path(probe).exists()]
    if missing:
        raise SetupFailed(f"still missing after the installation: {', '.join(missing)}")


def install_debian(packages: list[str]) -> None:
    print(f"installing {' '.join(packages)}", flush=True)
    if shutil.which("apt-get") is None:
        raise SetupFailed("no apt-get here: install by hand " + " ".join(packages))
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    run([*prefix, *environment, "apt-get", "update", "-qq"])
    run([*prefix, *environment, "apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages])


def run(command: list[str]) -> None:
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode != 0:
        raise SetupFailed(f"failed: {' '.join(command)}")
