"""The load: wrk with one thread and 32 kept-alive connections, on the CPU of the proxy."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import machine, paths

WRK = "/usr/bin/wrk"
PACKAGES = {WRK: "wrk"}
CONNECTIONS = 32
#: The longest a load that ends by its number of requests may take.
MAXIMUM_SECONDS = 60


class LoadFailed(Exception):
    """An answer was missing, or not the one asked for."""


@dataclass(frozen=True)
class Requests:
    """The first `count` tokens of a file, in rotation or each exactly once, and the paths they go to."""

    tokens: Path
    count: int
    #: A file, one path a line.
    paths: Path
    once: bool = False


def send(port: int, requests: Requests, seconds: int, cpu: int) -> int:
    """Puts the proxy on `port` under load and returns the number of requests completed, each with 2xx."""
    seconds = MAXIMUM_SECONDS if requests.once else seconds
    command = [
        WRK, "--threads=1", f"--connections={CONNECTIONS}", f"--duration={seconds}s", "--timeout=5s",
        f"--script={paths.CONFIGURATIONS / 'wrk' / 'rotate.lua'}", f"http://127.0.0.1:{port}/",
        "--", str(requests.tokens), str(requests.count), "once" if requests.once else "loop", str(requests.paths),
    ]
    with machine.pinned(cpu):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=seconds + 20)
    finally:
        process.kill()
        process.wait()
    return completed(output)


def completed(output: str) -> int:
    lines = [line for line in output.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise LoadFailed(f"wrk gave no result:\n{output}")
    result = json.loads(lines[0].removeprefix("RESULT "))
    errors = {name: result[name] for name in ("status", "connect", "read", "write", "timeout") if result[name]}
    if errors or not result["requests"]:
        raise LoadFailed(f"of {result['requests']} requests failed: {errors or 'all'}")
    return result["requests"]
