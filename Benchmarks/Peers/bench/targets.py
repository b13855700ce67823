"""The goals Tollgate has set itself, and what a run says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

PEER = "tollgate"


@dataclass(frozen=True)
class Target:
    """Something measured that should not be above `required`, and better not above `stretch`."""

    title: str
    required: float
    stretch: float
    #: The result of a run → the figure; None where the run did not measure it.
    figure: Callable[[dict], float | None]
    unit: str = ""
    digits: int = 2


def verdicts(result: dict[str, object]) -> list[dict[str, object]]:
    """Every target whose figure was measured, with what holds: `stretch`, `required` or `missed`."""
    return list(measured(result)) if PEER in result["peers"] else []


def measured(result: dict[str, object]) -> Iterator[dict[str, object]]:
    for target in TARGETS:
        value = target.figure(result)
        if value is None:
            continue
        # What is shown is what is judged: 0.904 is 0.90.
        value = round(value, target.digits)
        verdict = "stretch" if value <= target.stretch else "required" if value <= target.required else "missed"
        yield {
            "title": target.title, "value": value, "required": target.required, "stretch": target.stretch,
            "unit": target.unit, "digits": target.digits, "verdict": verdict,
        }


def row(result: dict[str, object], case: str) -> dict[str, object] | None:
    return next((row for row in result["rows"] if row["peer"] == PEER and row["case"] == case), None)


def cpu_ratio(case: str, baseline: str) -> Callable[[dict], float | None]:
    return lambda result: (found := row(result, case)) and found["ratios"].get(baseline)


def added_by(case: str) -> Callable[[dict], float | None]:
    """Microseconds more than a token seen before costs without a rule."""

    def figure(result: dict[str, object]) -> float | None:
        found, base = cpu_ratio(case, "no-rule")(result), row(result, "rs256-one")
        # From the ratio, in which what slows down a whole round cancels out.
        return (found - 1) * base["cpu_us"] if found and base else None

    return figure


def percent_more(case: str, baseline: str) -> Callable[[dict], float | None]:
    def figure(result: dict[str, object]) -> float | None:
        found = cpu_ratio(case, baseline)(result)
        return None if found is None else (found - 1) * 100

    return figure


def p99_ratio(case: str) -> Callable[[dict], float | None]:
    return lambda result: (found := row(result, case)) and found["latency"] and found["latency"]["p99_ratio"]


def memory_after(case: str) -> Callable[[dict], float | None]:
    """MiB of private memory."""

    def figure(result: dict[str, object]) -> float | None:
        found = row(result, case)
        return found and (found["memory_kib"]["after"]["anonymous"] + found["memory_kib"]["after"]["shared"]) / 1_024

    return figure


def per_route(result: dict[str, object]) -> float | None:
    """KiB of private memory that each of 100,000 routes adds to a gateway that has answered nothing yet."""
    many, few = row(result, "routes-100k"), row(result, "routes-10")
    if not many or not few:
        return None
    memory = (sum(found["memory_kib"]["idle"][part] for part in ("anonymous", "shared")) for found in (many, few))
    return (next(memory) - next(memory)) / 100_000


def idle_connection(result: dict[str, object]) -> float | None:
    idle = result["peers"][PEER]["idle"]
    return idle and idle["bytes_each"] / 1_024


def against(case: str, title: str, *bounds: tuple[str, str, float, float]) -> list[Target]:
    """One case beside several peers."""
    return [
        Target(f"{title}, against {name}", required, stretch, cpu_ratio(case, baseline), "×")
        for baseline, name, required, stretch in bounds
    ]


def seen_before(case: str, title: str) -> list[Target]:
    return against(
        case, title,
        ("nginx", "nginx + Lua, cached", 0.90, 0.65), ("envoy", "Envoy, cached", 0.50, 0.35),
        ("haproxy", "HAProxy", 0.45, 0.30), ("haproxy-plain", "HAProxy without authentication", 1.15, 0.85),
    )


TARGETS = (
    *seen_before("rs256-one", "RS256, one token"),
    *seen_before("rs256-many", "RS256, 10,000 tokens"),
    *seen_before("es256-one", "ES256, one token"),
    *seen_before("eddsa-one", "EdDSA, one token"),
    *against("rs256-new", "RS256, every token new", ("haproxy", "HAProxy", 0.85, 0.70), ("envoy", "Envoy", 0.55, 0.45)),
    *against("es256-new", "ES256, every token new", ("haproxy", "HAProxy", 0.90, 0.80)),
    *against("hs256-new", "HS256, every token new", ("haproxy", "HAProxy", 0.90, 0.80)),
    *against("eddsa-new", "EdDSA, every token new", ("envoy", "Envoy", 0.80, 0.72)),
    *against("plain", "plain forwarding", ("haproxy", "HAProxy", 1.10, 0.80), ("envoy", "Envoy", 0.50, 0.35)),
    *against("tls", "plain forwarding over TLS", ("envoy", "Envoy", 0.90, 0.70)),
    *against("tls-rs256", "RS256, one token, over TLS", ("envoy", "Envoy, cached", 0.90, 0.70)),
    *against("h2", "plain forwarding over HTTP/2", ("envoy", "Envoy", 1.0, 0.80)),
    *against("h2-rs256", "RS256, one token, over HTTP/2", ("envoy", "Envoy, cached", 1.0, 0.80)),
    Target("a rule on a token seen before", 1, 0.5, added_by("rule"), " µs more"),
    Target("a rule and three claims as headers on a token seen before", 1, 0.5, added_by("rule-claims"), " µs more"),
    Target("100,000 routes instead of 10", 10, 3, percent_more("routes-100k", "fewest-routes"), " % more CPU", 1),
    Target("each of 100,000 routes", 1, 1, per_route, " KiB"),
    Target("p99 against HAProxy, plain forwarding", 1.3, 1.0, p99_ratio("plain"), "×"),
    Target("p99 against HAProxy, RS256, 10,000 tokens", 1.3, 1.0, p99_ratio("rs256-many"), "×"),
    Target("private memory after 10,000 tokens", 30, 20, memory_after("rs256-many"), " MiB", 1),
    Target("an idle connection", 8, 2, idle_connection, " KiB"),
    Target("start to first answer", 100, 30, lambda result: result["peers"][PEER]["start_ms"], " ms", 1),
)
