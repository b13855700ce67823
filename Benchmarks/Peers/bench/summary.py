"""Everything a run found, as values that go to JSON as they are; tables and chart are made of this and nothing else."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from . import machine, targets
from .cases import BY_NAME
from .idle import Idle
from .measurement import Outcome, Plan, Row
from .peers import BASELINES, Peer

SCHEMA = 2
#: Above this share of the measured CPU taken by others, a figure is marked.
NOISE = 0.05
#: The same for the share of the time in which the client of a latency lacked its CPU.
STALLED = 0.005

Summary = dict[str, object]


def of_run(outcome: Outcome, plan: Plan, peers: list[Peer], skipped: dict[str, str]) -> Summary:
    result: Summary = {
        "schema": SCHEMA,
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": machine.description(),
        "plan": asdict(plan),
        "rates": {name: round(rate) for name, rate in outcome.rates.items()},
        "peers": {peer.name: of_peer(peer, outcome) for peer in peers},
        "skipped": skipped,
        "rows": [of_row(row, outcome.rows) for row in outcome.rows],
    }
    result["targets"] = targets.verdicts(result)
    return result


def of_peer(peer: Peer, outcome: Outcome) -> Summary:
    return {
        "title": peer.title,
        "version": peer.version(),
        "start_ms": rounded(statistics.median(outcome.starts[peer.name])),
        "start_ms_all": [rounded(value) for value in outcome.starts[peer.name]],
        "idle": of_idle(outcome.idle.get(peer.name)),
    }


def of_idle(idle: Idle | None) -> Summary | None:
    if idle is None:
        return None
    return {"connections": idle.connections, "bytes_each": rounded(idle.bytes_each),
            "memory_kib": {"before": asdict(idle.before), "after": asdict(idle.after)}}


def of_row(row: Row, rows: list[Row]) -> Summary:
    values = [sample.microseconds for sample in row.samples]
    median = statistics.median(values)
    user = sum(sample.cpu.user for sample in row.samples)
    ticks = user + sum(sample.cpu.system for sample in row.samples)
    return {
        "case": row.case.name,
        "title": row.case.title,
        "peer": row.peer.name,
        "cpu_us": rounded(median),
        "user_us": rounded(median * user / ticks) if ticks else None,
        "system_us": rounded(median * (ticks - user) / ticks) if ticks else None,
        "spread": rounded((max(values) - min(values)) / median),
        "noisy": statistics.median(sample.others for sample in row.samples) > NOISE,
        "ratios": ratios(row, rows),
        "start_ms": rounded(row.start_ms),
        "memory_kib": {"idle": asdict(row.idle), "after": asdict(row.after)},
        "rounds": [
            {
                "requests": sample.requests,
                "seconds": rounded(sample.wall_ns / 1e9),
                "cpu_us": rounded(sample.microseconds),
                "others": rounded(sample.others),
            }
            for sample in row.samples
        ],
        "latency": of_latencies(row, find(rows, row.case.name, "haproxy")),
    }


def ratios(row: Row, rows: list[Row]) -> dict[str, float | None]:
    """Baseline → the median of the ratios of each round: what slows a whole round down cancels out."""
    others = {name: find(rows, row.case.name, *names) for name, names in BASELINES.items()}
    others["haproxy-plain"] = find(rows, "plain", "haproxy")
    if row.case.routes:
        others["fewest-routes"] = find(rows, fewest_routes(rows), row.peer.name)
    if row.case.features:
        others["no-rule"] = find(rows, "rs256-one", row.peer.name)
    return {name: ratio(row, other, lambda one: one.samples, lambda sample: sample.microseconds)
            for name, other in others.items()}


def ratio(row: Row, other: Row | None, measured: Callable, figure: Callable) -> float | None:
    if other is None or not measured(row):
        return None
    pairs = zip(measured(row), measured(other))
    return rounded(statistics.median(figure(one) / figure(another) for one, another in pairs))


def find(rows: list[Row], case: str, *peers: str) -> Row | None:
    """The row of the first of the peers that has one in the case."""
    own = {row.peer.name: row for row in rows if row.case.name == case}
    return next((own[name] for name in peers if name in own), None)


def fewest_routes(rows: list[Row]) -> str:
    return min((row.case for row in rows if row.case.routes), key=lambda case: case.routes).name


def of_latencies(row: Row, haproxy: Row | None) -> Summary | None:
    if not row.latencies:
        return None
    result: Summary = {
        name: rounded(statistics.median(getattr(latency, name) for latency in row.latencies))
        for name in ("p50_us", "p90_us", "p99_us", "p999_us", "max_us", "stalled")
    }
    result["noisy"] = result["stalled"] > STALLED
    for name in ("p50_us", "p99_us"):
        result[f"{name.removesuffix('_us')}_ratio"] = ratio(
            row, haproxy, lambda one: one.latencies, lambda latency: getattr(latency, name))
    result["rounds"] = [asdict(latency) for latency in row.latencies]
    return result


def kib_per_route(result: Summary, peer: str) -> float | None:
    """What a route adds to the private memory of a proxy that has answered nothing yet."""
    idle = {row["case"]: private(row["memory_kib"]["idle"]) for row in result["rows"] if row["peer"] == peer}
    most = max((name for name in idle if BY_NAME[name].routes), key=lambda name: BY_NAME[name].routes, default=None)
    if most is None or "plain" not in idle:
        return None
    return (idle[most] - idle["plain"]) / BY_NAME[most].routes


def private(memory: dict[str, int]) -> int:
    """KiB that a proxy costs by itself; file pages can be dropped."""
    return memory["anonymous"] + memory["shared"]


def rounded(value: float) -> float:
    return round(value, 3)


def write_json(result: Summary, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
