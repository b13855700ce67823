"""How long answers take at a fixed rate: half of what HAProxy can do in the same case."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import machine, paths
from .load import LoadFailed

SOURCE = paths.ROOT / "clients" / "constant-rate.c"
BINARY = paths.WORK / "constant-rate"
PACKAGES = {"/usr/bin/cc": "gcc", "/usr/include/stdio.h": "libc6-dev"}
CONNECTIONS = 64
#: The cases it is measured in: nothing looked at, and a token seen before.
CASES = ("plain", "rs256-many")


@dataclass(frozen=True)
class Latency:
    """One proxy at a fixed rate in one round; microseconds from when a request was due to the end of its answer."""

    requests: int
    p50_us: float
    p90_us: float
    p99_us: float
    p999_us: float
    max_us: float
    #: Share of the time in which the client did not have its CPU.
    stalled: float


def client_cpu(measured: int) -> int | None:
    """Where the client runs: on another CPU than the proxy and the upstream; None where there is no other."""
    return min(os.sched_getaffinity(0) - {measured}, default=None)


def build() -> None:
    """Compiles the client, unless that has been done."""
    if BINARY.exists() and BINARY.stat().st_mtime > SOURCE.stat().st_mtime:
        return
    BINARY.parent.mkdir(parents=True, exist_ok=True)
    command = ["/usr/bin/cc", "-O2", "-Wall", "-Wextra", "-o", str(BINARY), str(SOURCE)]
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode != 0:
        raise LoadFailed(f"could not compile {SOURCE.name}")


def saturation(port: int, tokens: Path, count: int, cpu: int) -> float:
    """Answers per second when the next request goes out with the last answer; the median of three seconds."""
    return statistics.median(send(port, tokens, count, 0, 1, cpu)["per_second"] for _ in range(3))


def measure(port: int, tokens: Path, count: int, rate: float, seconds: float, cpu: int) -> Latency:
    result = send(port, tokens, count, rate, seconds, cpu)
    if result["requests"] != result["answers"]:
        raise LoadFailed(f"{result['requests']} requests got {result['answers']} answers")
    return Latency(**{name: result[name] for name in Latency.__dataclass_fields__})


def send(port: int, tokens: Path, count: int, rate: float, seconds: float, cpu: int) -> dict[str, float]:
    command = [str(BINARY), str(port), str(tokens), str(count), f"{rate:.3f}", str(seconds), str(CONNECTIONS)]
    with machine.pinned(cpu):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=seconds + 20)
    except subprocess.TimeoutExpired as error:
        raise LoadFailed("the client at a fixed rate did not end") from error
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        raise LoadFailed(f"at {rate:.0f} requests per second: {output.strip()}")
    return json.loads(output)
