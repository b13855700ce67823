"""The load: wrk, or h2load for HTTP/2, with one thread and 32 kept-alive connections, on the CPU of the proxy."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import certificate, machine, paths

WRK = "/usr/bin/wrk"
H2LOAD = "/usr/bin/h2load"
PACKAGES = {WRK: "wrk", H2LOAD: "nghttp2-client", "/usr/bin/openssl": "openssl"}
CONNECTIONS = 32
#: Requests under way on each connection of HTTP/2.
STREAMS = 8
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
    #: As `Case.transport`.
    transport: str = "clear"

    @property
    def under_way(self) -> int:
        """How many a load may leave unanswered when its time is up."""
        return CONNECTIONS * (STREAMS if self.transport == "h2" else 1)


def send(port: int, requests: Requests, seconds: int, cpu: int) -> int:
    """Puts the proxy on `port` under load and returns the number of requests completed, each with 2xx."""
    if requests.transport == "h2":
        return completed_by_h2load(run(h2load(port, requests, seconds), seconds, cpu))
    seconds = MAXIMUM_SECONDS if requests.once else seconds
    scheme = "http" if requests.transport == "clear" else "https"
    command = [
        WRK, "--threads=1", f"--connections={CONNECTIONS}", f"--duration={seconds}s", "--timeout=5s",
        f"--script={paths.CONFIGURATIONS / 'wrk' / 'rotate.lua'}", f"{scheme}://127.0.0.1:{port}/",
        "--", str(requests.tokens), str(requests.count), "once" if requests.once else "loop", str(requests.paths),
    ]
    return completed(run(command, seconds, cpu))


def h2load(port: int, requests: Requests, seconds: int) -> list[str]:
    """One token on one path: it takes its fields from the command line."""
    with requests.tokens.open() as tokens:
        token = tokens.readline().strip()
    with requests.paths.open() as lines:
        path = lines.readline().strip()
    return [
        H2LOAD, "--threads=1", f"--clients={CONNECTIONS}", f"--max-concurrent-streams={STREAMS}",
        f"--duration={seconds}", f"--tls13-ciphers={certificate.CIPHER}",
        "--header", f"authorization: Bearer {token}", f"https://127.0.0.1:{port}{path}",
    ]


def run(command: list[str], seconds: int, cpu: int) -> str:
    with machine.pinned(cpu):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=seconds + 20)
    finally:
        process.kill()
        process.wait()
    return output


def completed_by_h2load(output: str) -> int:
    totals = re.search(r"^requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output, re.M)
    statuses = re.search(r"^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output, re.M)
    if totals is None or statuses is None:
        raise LoadFailed(f"h2load gave no result:\n{output}")
    succeeded, *bad = (int(number) for number in totals.groups())
    good, *others = (int(number) for number in statuses.groups())
    if any(bad) or any(others) or not good:
        raise LoadFailed(f"h2load: {totals.group(0)}; {statuses.group(0)}")
    return good


def completed(output: str) -> int:
    lines = [line for line in output.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise LoadFailed(f"wrk gave no result:\n{output}")
    result = json.loads(lines[0].removeprefix("RESULT "))
    errors = {name: result[name] for name in ("status", "connect", "read", "write", "timeout") if result[name]}
    if errors or not result["requests"]:
        raise LoadFailed(f"of {result['requests']} requests failed: {errors or 'all'}")
    return result["requests"]
