"""A server under measurement: started pinned, bounded in time, read through /proc, ended by its own pid."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import machine

READY_SECONDS = 60
STOP_SECONDS = 5
MEMORY_INTERVAL_SECONDS = 0.1
#: Memory stands still once so many readings in a row are the same; it is read so often at most.
STILL_READINGS = 10
MOST_MEMORY_READINGS = 100


class ServerFailed(Exception):
    """A server did not start, or ended on its own."""


@dataclass(frozen=True)
class CPUTime:
    """CPU time of all threads of a server. `total` is exact, the split is known in clock ticks."""

    total: int
    user: int
    system: int

    def __sub__(self, other: CPUTime) -> CPUTime:
        return CPUTime(self.total - other.total, self.user - other.user, self.system - other.system)


@dataclass(frozen=True)
class Memory:
    """Resident memory in KiB, summed over the processes of a server."""

    anonymous: int
    shared: int
    file: int

    @property
    def private(self) -> int:
        """What the server costs by itself; file pages can be dropped and are shown beside it."""
        return self.anonymous + self.shared


class Server:
    """A started command and its descendants."""

    def __init__(
        self, name: str, command: list[str], port: int, cpu: int, log: Path,
        time_limit: int | None = None, environment: dict[str, str] | None = None,
    ):
        self.name = name
        self.port = port
        self.log = log
        self.is_wrapped = time_limit is not None
        if time_limit is not None:
            # Should this program die, the server still ends.
            command = ["timeout", "--kill-after=5", str(time_limit), *command]
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output, machine.pinned(cpu):
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent,
                env=os.environ | (environment or {}),
            )

    def wait_until_ready(self) -> None:
        """Returns once the port accepts."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self.check_alive()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise ServerFailed(f"{self.name} does not accept connections{self.last_words()}")

    def check_alive(self) -> None:
        if self.process.poll() is not None:
            raise ServerFailed(f"{self.name} ended with {self.process.returncode}{self.last_words()}")

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-10:]
        return "".join(f"\n    {line}" for line in lines)

    def processes(self) -> list[int]:
        found = descendants(self.process.pid)
        return found if self.is_wrapped else [self.process.pid, *found]

    def cpu_time(self) -> CPUTime:
        total = user = system = 0
        for pid in self.processes():
            ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            user += int(ticks[11]) * machine.NANOSECONDS_PER_TICK
            system += int(ticks[12]) * machine.NANOSECONDS_PER_TICK
            total += running_ns(pid)
        return CPUTime(total or user + system, user, system)

    def memory(self) -> Memory:
        sums = {"RssAnon": 0, "RssShmem": 0, "RssFile": 0}
        for pid in self.processes():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in sums:
                    sums[name] += int(value.split()[0])
        return Memory(sums["RssAnon"], sums["RssShmem"], sums["RssFile"])

    def settled_memory(self) -> Memory:
        """Memory once it stands still: a server may give back what starting took after it has begun to serve."""
        last, still = self.memory(), 0
        for _ in range(MOST_MEMORY_READINGS):
            time.sleep(MEMORY_INTERVAL_SECONDS)
            now = self.memory()
            still = still + 1 if now.private == last.private else 0
            last = now
            if still == STILL_READINGS:
                break
        return last

    def stop(self) -> None:
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in self.processes():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()


def running_ns(pid: int) -> int:
    """Time on a CPU of every thread of `pid`; 0 where the kernel keeps no schedstat."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(path.read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread that has just ended
    return total


def descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found, waiting = [], [root]
    while waiting:
        own = children.get(waiting.pop(), [])
        found += own
        waiting += own
    return found


class Ports:
    """Hands out ports of the loopback nobody listens on, below the range of outgoing connections."""

    LAST = 32_000

    def __init__(self, first: int = 18_080):
        self.next = first

    def take(self) -> int:
        while self.next < self.LAST:
            port = self.next
            self.next += 1
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port
        raise ServerFailed("no free port")
