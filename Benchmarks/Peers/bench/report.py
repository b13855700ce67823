"""The result as tables for people, on a terminal and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import chart
from .summary import NOISE, STALLED, Summary, kib_per_route, private

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
RED, PLAIN = "\033[31m", "\033[0m"
MISSED = "missed"


@dataclass(frozen=True)
class Table:
    heading: str
    columns: list[str]
    lines: list[list[str]]


def tables(result: Summary) -> list[Table]:
    found = [cpu_table(result), latency_table(result), memory_table(result), target_table(result)]
    return [table for table in found if table.lines]


def cpu_table(result: Summary) -> Table:
    lines, previous = [], None
    for row in result["rows"]:
        lines.append([
            row["title"] if row["title"] != previous else "",
            title_of(result, row),
            f"{row['cpu_us']:.2f}" + ("*" if row["noisy"] else ""),
            f"{row['user_us']:.1f} + {row['system_us']:.1f}" if row["user_us"] is not None else "–",
            f"{row['spread']:.1%}",
            *(figure(row["ratios"][name]) for name in ("haproxy", "nginx", "envoy", "haproxy-plain")),
        ])
        previous = row["title"]
    columns = ["case", "proxy", "CPU µs", "user + system", "spread", "× HAProxy", "× nginx", "× Envoy", "× HAProxy plain"]
    return Table("CPU per request", columns, lines)


def latency_table(result: Summary) -> Table:
    lines, previous = [], None
    for row in result["rows"]:
        latency = row["latency"]
        if latency is None:
            continue
        lines.append([
            f"{row['title']}, {result['rates'][row['case']]:,}/s" if row["title"] != previous else "",
            title_of(result, row),
            *(f"{latency[name]:,.0f}" + ("†" if latency["noisy"] else "") for name in ("p50_us", "p99_us", "p999_us")),
            *(figure(latency[name]) for name in ("p50_ratio", "p99_ratio")),
        ])
        previous = row["title"]
    columns = ["case, requests per second", "proxy", "p50 µs", "p99 µs", "p99.9 µs", "p50 × HAProxy", "p99 × HAProxy"]
    return Table("Latency at half of HAProxy's saturation", columns, lines)


def memory_table(result: Summary) -> Table:
    memory = {(row["peer"], row["case"]): row["memory_kib"] for row in result["rows"]}
    lines = []
    for name, peer in result["peers"].items():
        own = [entry for (owner, _), entry in memory.items() if owner == name]
        if not own:
            continue
        lines.append([
            peer["title"], peer["version"], f"{peer['start_ms']:.1f}",
            mebibytes(memory.get((name, "plain")), "idle"),
            *(mebibytes(memory.get((name, case)), "after") for case in ("plain", "rs256-many", "rs256-new")),
            f"{max(entry['after']['file'] for entry in own) / 1_024:.1f}",
            f"{peer['idle']['bytes_each']:,.0f}" if peer["idle"] else "–",
            figure(kib_per_route(result, name)),
        ])
    columns = [
        "proxy", "version", "start ms", "idle MiB", "after plain MiB", "after 10,000 tokens MiB",
        "after every token new MiB", "file MiB", "bytes per idle connection", "KiB per route",
    ]
    return Table("Memory and start", columns, lines)


def target_table(result: Summary) -> Table:
    lines = []
    for target in result["targets"]:
        value = f"{target['value']:.{target['digits']}f}{target['unit']}"
        lines.append([target["title"], value, f"{target['required']:g}", f"{target['stretch']:g}", target["verdict"]])
    return Table("Goals", ["Tollgate", "measured", "required", "stretch", "holds"], lines)


def title_of(result: Summary, row: Summary) -> str:
    return result["peers"][row["peer"]]["title"]


def mebibytes(memory: Summary | None, when: str) -> str:
    return "–" if memory is None else f"{private(memory[when]) / 1_024:.1f}"


def figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def notes(result: Summary) -> list[str]:
    plan, host = result["plan"], result["machine"]
    lines = [
        f"CPU: median of {plan['rounds']} interleaved rounds of {plan['seconds']} s ({plan['fresh']:,} requests where "
        f"every token is new), all threads; proxy, load and upstream share one CPU. Spread: (largest − smallest) ÷ "
        f"median. Ratios: median of the ratios of each round. Envoy: with its cache where there is a row of it.",
    ]
    if result["rates"]:
        lines.append(
            f"Latency: median of {plan['latency_rounds']} interleaved rounds of {plan['latency_seconds']} s, requests "
            "due at a constant rate, each time counted from when its request was due; the client has a CPU of its own.")
    else:
        lines.append("Latency was not measured: the client needs a second CPU.")
    connections = next((peer["idle"]["connections"] for peer in result["peers"].values() if peer["idle"]), 0)
    lines += [
        f"Memory: RssAnon + RssShmem of all processes; file: RssFile, the largest. {connections:,} idle connections, each "
        "after one answer; nginx reserves their slots at its start. Routes: what the largest table adds before the first "
        "request, its reading included.",
        f"{host['cpu']}, {host['cpus']} CPUs, Linux {host['kernel']}, {host['system']}; {result['date']}.",
        "HAProxy has no cache of verified tokens: it verifies every time. The plain case of nginx runs without Lua.",
    ]
    if any(row["noisy"] for row in result["rows"]):
        lines.append(f"* Other programs took more than {NOISE:.0%} of the measured CPU: repeat on a quiet machine.")
    if any(row["latency"] and row["latency"]["noisy"] for row in result["rows"]):
        lines.append(f"† The client lacked its CPU more than {STALLED:.1%} of the time: repeat on a quiet machine.")
    return lines + [f"SKIPPED {name}: {reason}." for name, reason in result["skipped"].items()]


def terminal(result: Summary, in_color: bool) -> str:
    parts = []
    for table in tables(result):
        lines = [table.columns, *table.lines]
        widths = [max(len(cell) for cell in column) for column in zip(*lines)]
        parts.append(table.heading)
        for line in lines:
            text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
            parts.append(f"{RED}{text}{PLAIN}" if in_color and line[-1] == MISSED else text)
        parts.append("")
    return "\n".join(parts + notes(result))


def markdown(result: Summary, picture: str) -> str:
    parts = [f"![CPU per request]({picture})", ""]
    for table in tables(result):
        parts += [f"## {table.heading}", "", row_of(table.columns), row_of(["---"] * len(table.columns))]
        parts += [row_of(marked(line)) for line in table.lines] + [""]
    return "\n".join(parts + ["\n\n".join(note.replace("*", "\\*", 1) for note in notes(result))]) + "\n"


def marked(line: list[str]) -> list[str]:
    """A line whose goal is missed stands out in Markdown, too."""
    return [f"**{cell}**" for cell in line] if line[-1] == MISSED else line


def row_of(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def write_markdown(result: Summary, path: Path) -> None:
    """Writes the tables, and the chart beside them; of a page with marks, only what is between the marks."""
    picture = path.with_suffix(".svg")
    picture.write_text(chart.svg(result))
    text = markdown(result, picture.name)
    page = path.read_text() if path.exists() else ""
    if BEGIN in page and END in page:
        before, _, rest = page.partition(BEGIN)
        text = f"{before}{BEGIN}\n\n{text}\n{END}{rest.partition(END)[2]}"
    path.write_text(text)
