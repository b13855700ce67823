"""The result as tables for people and as JSON for programs."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from . import machine
from .measurement import Outcome, Plan, Row
from .peers import BASELINES, Peer
from .server import Memory

SCHEMA = 1
#: Above this share of the CPU taken by others, a figure is marked.
NOISE = 0.05


def summary(outcome: Outcome, plan: Plan, peers: list[Peer], skipped: dict[str, str]) -> dict[str, object]:
    """Everything the run found; the tables are made of this and nothing else."""
    return {
        "schema": SCHEMA,
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": machine.description(),
        "plan": asdict(plan),
        "peers": {
            peer.name: {
                "title": peer.title,
                "version": peer.version(),
                "start_ms": rounded(statistics.median(outcome.starts[peer.name])),
                "start_ms_all": [rounded(value) for value in outcome.starts[peer.name]],
            }
            for peer in peers
        },
        "skipped": skipped,
        "rows": [row_summary(row, outcome.rows) for row in outcome.rows],
    }


def row_summary(row: Row, rows: list[Row]) -> dict[str, object]:
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
        "ratios": {
            **{name: ratio(row, find(rows, row.case.name, name)) for name in BASELINES},
            **{f"{name}-plain": ratio(row, find(rows, "plain", name)) for name in BASELINES},
        },
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
    }


def find(rows: list[Row], case: str, peer: str) -> Row | None:
    return next((row for row in rows if row.case.name == case and row.peer.name == peer), None)


def ratio(row: Row, baseline: Row | None) -> float | None:
    """The median of the rounds' ratios: what slows a whole round down cancels out."""
    if baseline is None:
        return None
    pairs = zip(row.samples, baseline.samples)
    return rounded(statistics.median(own.microseconds / other.microseconds for own, other in pairs))


def rounded(value: float) -> float:
    return round(value, 3)


def tables(result: dict[str, object]) -> list[tuple[str, list[list[str]]]]:
    """Heading and lines of cells, the first line being the names of the columns."""
    return [("CPU per request", cpu_table(result)), ("Memory and start", memory_table(result))]


def cpu_table(result: dict[str, object]) -> list[list[str]]:
    peers = result["peers"]
    lines = [["case", "proxy", "CPU µs", "user + system", "spread", "× HAProxy", "× nginx", "× HAProxy plain"]]
    previous = None
    for row in result["rows"]:
        ratios = row["ratios"]
        lines.append([
            row["title"] if row["title"] != previous else "",
            peers[row["peer"]]["title"],
            f"{row['cpu_us']:.2f}" + ("*" if is_noisy(row) else ""),
            f"{row['user_us']:.1f} + {row['system_us']:.1f}" if row["user_us"] is not None else "–",
            f"{row['spread']:.1%}",
            *(times(ratios[name]) for name in ("haproxy", "nginx", "haproxy-plain")),
        ])
        previous = row["title"]
    return lines


def memory_table(result: dict[str, object]) -> list[list[str]]:
    lines = [["proxy", "version", "start ms", "case", "private idle MiB", "private after MiB", "file after MiB"]]
    for name, peer in result["peers"].items():
        first = [peer["title"], peer["version"], f"{peer['start_ms']:.1f}"]
        for row in result["rows"]:
            if row["peer"] != name:
                continue
            idle, after = (Memory(**row["memory_kib"][when]) for when in ("idle", "after"))
            lines.append([*first, row["title"], *(f"{kib / 1024:.1f}" for kib in (idle.private, after.private, after.file))])
            first = ["", "", ""]
    return lines


def is_noisy(row: dict[str, object]) -> bool:
    return statistics.median(entry["others"] for entry in row["rounds"]) > NOISE


def times(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def notes(result: dict[str, object]) -> list[str]:
    plan, host = result["plan"], result["machine"]
    lines = [
        f"Median of {plan['rounds']} interleaved rounds of {plan['seconds']} s ({plan['fresh']:,} requests where every "
        f"token is new), CPU time of all threads; proxy, load and upstream share one CPU. Spread: (largest − smallest) "
        f"÷ median. Ratios: median of the ratios of each round.",
        f"{host['cpu']}, {host['cpus']} CPUs, Linux {host['kernel']}, {host['system']}; {result['date']}.",
        "HAProxy has no cache of verified tokens: it verifies every time. The plain case of nginx runs without Lua.",
    ]
    if any(is_noisy(row) for row in result["rows"]):
        lines.append(f"* Other programs took more than {NOISE:.0%} of the measured CPU: repeat on a quiet machine.")
    lines += [f"SKIPPED {name}: {reason}." for name, reason in result["skipped"].items()]
    return lines


def terminal(result: dict[str, object]) -> str:
    parts = []
    for heading, lines in tables(result):
        widths = [max(len(cell) for cell in column) for column in zip(*lines)]
        parts.append(heading)
        parts += ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
        parts.append("")
    return "\n".join(parts + notes(result))


def markdown(result: dict[str, object]) -> str:
    parts = []
    for heading, lines in tables(result):
        parts += [f"## {heading}", "", row_of(lines[0]), row_of(["---"] * len(lines[0]))]
        parts += [row_of(line) for line in lines[1:]] + [""]
    return "\n".join(parts + ["\n\n".join(note.replace("*", "\\*", 1) for note in notes(result))]) + "\n"


def row_of(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def write_json(result: dict[str, object], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
