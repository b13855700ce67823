"""The machine: which CPU is measured, who uses it, and what it is called in the result."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NANOSECONDS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def default_cpu() -> int:
    """The last CPU: the first one takes most interrupts of a small machine."""
    return max(os.sched_getaffinity(0))


def keep_off(cpu: int) -> None:
    """Moves this process away from the measured CPU, where there is another one."""
    others = os.sched_getaffinity(0) - {cpu}
    if others:
        os.sched_setaffinity(0, others)


@contextmanager
def pinned(cpu: int) -> Iterator[None]:
    """What is started inside inherits the pin to `cpu`, as from taskset(1), without a process in between."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def idle_ns(cpu: int) -> int:
    """How long `cpu` has had nothing to do."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{cpu} "):
            fields = line.split()
            return (int(fields[4]) + int(fields[5])) * NANOSECONDS_PER_TICK
    raise ValueError(f"no CPU {cpu}")


def description() -> dict[str, object]:
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return {
        "cpu": model.group(1) if model else platform.machine(),
        "cpus": os.cpu_count(),
        "kernel": platform.release().split("-")[0],
        "system": system_name(),
    }


def system_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, AttributeError, KeyError):
        return platform.system()
