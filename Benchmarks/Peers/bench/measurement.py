"""The run: every proxy of every case alive at once, loaded in turn, round by round."""

from __future__ import annotations

import resource
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from . import certificate, checks, idle, latency, load, machine, paths
from .cases import ROTATION, Case
from .idle import Idle
from .latency import Latency
from .load import Requests
from .peers import Peer, Settings
from .server import CPUTime, Memory, Ports, Server, ServerFailed
from .tokens import KeyMaterial
from .upstream import Upstream

#: Lets a proxy finish with the connections that a load has closed, so that the work falls into its own sample.
SETTLE_SECONDS = 0.05


@dataclass(frozen=True)
class Plan:
    """How long and how often."""

    rounds: int
    seconds: int
    #: Requests of a round in which every token is new.
    fresh: int
    starts: int
    latency_rounds: int
    latency_seconds: float
    cpu: int

    def time_limit(self, runs: int) -> int:
        """Seconds after which a server ends by itself: far more than a run needs."""
        return 900 + 3 * runs * (self.rounds + self.latency_rounds + 1) * (self.seconds + 1)


FULL = {"rounds": 5, "seconds": 3, "fresh": 30_000, "starts": 11, "latency_rounds": 7, "latency_seconds": 3}
QUICK = {"rounds": 2, "seconds": 1, "fresh": 12_000, "starts": 3, "latency_rounds": 2, "latency_seconds": 1}


@dataclass(frozen=True)
class Sample:
    """One proxy under load in one round."""

    requests: int
    wall_ns: int
    cpu: CPUTime
    #: Share of the measured CPU taken by anything else than proxy, load and upstream.
    others: float

    @property
    def microseconds(self) -> float:
        return self.cpu.total / self.requests / 1_000


@dataclass
class Row:
    """A peer in a case: its server and what was seen of it."""

    case: Case
    peer: Peer
    settings: Settings
    server: Server
    idle: Memory
    after: Memory | None = None
    samples: list[Sample] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    #: Milliseconds from spawn until it accepts: shows what a large configuration takes to read.
    start_ms: float | None = None


@dataclass
class Outcome:
    rows: list[Row]
    #: Peer → milliseconds from spawn to the first 200, plain.
    starts: dict[str, list[float]]
    #: Peer → memory with idle connections.
    idle: dict[str, Idle]
    #: Case → requests per second at which latencies were measured.
    rates: dict[str, float]


class Run:
    """Owns the servers of one run; `measure` leaves none behind."""

    def __init__(self, plan: Plan, cases: list[Case], peers: list[Peer], materials: dict[str, KeyMaterial]):
        self.plan = plan
        self.cases = cases
        self.peers = peers
        self.materials = materials
        #: What the plain case sends: any token will do, as nobody looks at it.
        self.carried = next(iter(materials.values()))
        self.ports = Ports()
        self.certificate = certificate.make(paths.WORK / "tls")
        self.limit = plan.time_limit(len(cases) * len(peers))

    def measure(self) -> Outcome:
        with ExitStack() as stack:
            self.upstream = Upstream(self.ports.take(), self.plan.cpu, self.limit)
            stack.callback(self.upstream.server.stop)
            self.upstream.server.wait_until_ready()
            starts = {peer.name: self.start_times(peer) for peer in self.peers}
            rows = [self.start(case, peer, stack) for case in self.cases for peer in self.peers if peer.supports(case)]
            self.check(rows, "before")
            for row in rows:
                self.load(row, self.warm_up(row.case), seconds=1)
            for number in range(self.plan.rounds):
                self.measure_round(number, rows)
            rates = self.measure_latencies(rows)
            self.check(rows, "after")
            for row in rows:
                row.after = row.server.memory()
            idle_connections = self.measure_idle()
        return Outcome(rows, starts, idle_connections, rates)

    # Servers

    def settings(self, case: Case, peer: Peer) -> Settings:
        return Settings(
            case=case,
            port=self.ports.take(),
            upstream_port=self.upstream.port,
            material=self.materials[case.algorithm] if case.algorithm else None,
            directory=paths.WORK / "servers" / f"{peer.name}-{case.name}",
            certificate=self.certificate,
        )

    def start(self, case: Case, peer: Peer, stack: ExitStack) -> Row:
        settings = self.settings(case, peer)
        command = peer.prepare(settings)
        began = time.perf_counter_ns()
        server = Server(
            f"{peer.title}, {case.title}", command, settings.port, self.plan.cpu,
            fresh_log(settings.directory), self.limit, peer.environment,
        )
        stack.callback(server.stop)
        server.wait_until_ready()
        start_ms = (time.perf_counter_ns() - began) / 1e6
        return Row(case, peer, settings, server, server.settled_memory(), start_ms=start_ms)

    def start_times(self, peer: Peer) -> list[float]:
        """Milliseconds from spawn to the first 200 of plain forwarding, each from a new process."""
        settings = self.settings(Case("start", "start", None, 1), peer)
        command = peer.prepare(settings)
        log = fresh_log(settings.directory)
        times = []
        for _ in range(self.plan.starts):
            began = time.perf_counter_ns()
            server = Server(f"{peer.title}, start", command, settings.port, self.plan.cpu, log,
                            environment=peer.environment)
            try:
                wait_for_answer(server)
                times.append((time.perf_counter_ns() - began) / 1e6)
            finally:
                server.stop()
        return times

    def check(self, rows: list[Row], when: str) -> None:
        print(f"checking the answers of {len(rows)} proxies {when} the load", flush=True)
        good = self.carried.rotation.open().readline().strip()
        for row in rows:
            own = row.settings.material.rotation.open().readline().strip() if row.settings.material else good
            try:
                checks.check(row.server.port, row.case, row.settings.material, own)
            except (OSError, checks.CheckFailed) as error:
                raise checks.CheckFailed(f"{row.peer.title}: {error}{row.server.last_words()}") from error

    # Load

    def warm_up(self, case: Case) -> Requests:
        """What is sent before anything is measured: all tokens of a rotation, which fill a cache, or all paths."""
        if case.tokens == 1:
            return Requests(self.rotation(case), 1, self.paths_of(case), transport=case.transport)
        return Requests(self.rotation(case), ROTATION, self.paths_of(case), once=True)

    def requests(self, case: Case, round_number: int) -> Requests:
        if case.tokens is None:
            fresh = self.materials[case.algorithm].fresh(round_number, self.plan.fresh)
            return Requests(fresh, self.plan.fresh, self.paths_of(case), once=True)
        return Requests(self.rotation(case), case.tokens, self.paths_of(case), transport=case.transport)

    def rotation(self, case: Case) -> Path:
        return (self.materials[case.algorithm] if case.algorithm else self.carried).rotation

    def paths_of(self, case: Case) -> Path:
        path = paths.WORK / "paths" / f"{case.name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in case.request_paths()))
        return path

    def measure_round(self, number: int, rows: list[Row]) -> None:
        for case in self.cases:
            own = [row for row in rows if row.case is case]
            # A different peer begins each time: none always runs after the same other one.
            first = number % len(own) if own else 0
            for row in own[first:] + own[:first]:
                sample = self.load(row, self.requests(case, number), self.plan.seconds)
                row.samples.append(sample)
                print(
                    f"round {number + 1}/{self.plan.rounds}  {case.name:<11} {row.peer.name:<13}"
                    f"{sample.microseconds:7.2f} µs  {sample.requests:>7,} requests"
                    + (f"  ({sample.others:.0%} of the CPU taken by others)" if sample.others > 0.05 else ""),
                    flush=True,
                )

    def load(self, row: Row, sent: Requests, seconds: int) -> Sample:
        seen_before = self.upstream.requests()
        before = self.clocks(row)
        try:
            requests = load.send(row.server.port, sent, seconds, self.plan.cpu)
        except load.LoadFailed as error:
            raise load.LoadFailed(f"{row.server.name}: {error}{row.server.last_words()}") from error
        time.sleep(SETTLE_SECONDS)
        after = self.clocks(row)
        row.server.check_alive()
        seen = self.upstream.requests() - seen_before
        # wrk counts statuses above 399 as errors; any other answer that is not the upstream's shows here.
        if not requests <= seen <= requests + 2 * sent.under_way:
            raise load.LoadFailed(f"{row.server.name}: {requests} answers, but {seen} requests reached the upstream")
        return after.since(before, requests)

    # Latency and idle connections

    def measure_latencies(self, rows: list[Row]) -> dict[str, float]:
        """Fills `Row.latencies`; the rates. Nothing where the client would share the proxy's CPU."""
        cpu = latency.client_cpu(self.plan.cpu)
        if cpu is None:
            return {}
        rates = {}
        for case in (case for case in self.cases if case.name in latency.CASES):
            own = [row for row in rows if row.case is case]
            # HAProxy is first of those that take part; without it another peer sets the rate.
            full = latency.saturation(own[0].server.port, self.rotation(case), case.tokens, cpu)
            rates[case.name] = full / 2
            for number in range(self.plan.latency_rounds):
                for row in own[number % len(own) :] + own[: number % len(own)]:
                    row.latencies.append(self.measure_latency(row, rates[case.name], cpu))
        return rates

    def measure_latency(self, row: Row, rate: float, cpu: int) -> Latency:
        seconds = self.plan.latency_seconds
        try:
            found = latency.measure(row.server.port, self.rotation(row.case), row.case.tokens, rate, seconds, cpu)
        except load.LoadFailed as error:
            raise load.LoadFailed(f"{row.server.name}: {error}{row.server.last_words()}") from error
        row.server.check_alive()
        print(
            f"latency    {row.case.name:<11} {row.peer.name:<13} {rate:,.0f}/s  p50 {found.p50_us:,.0f} µs  "
            f"p99 {found.p99_us:,.0f} µs"
            + (f"  (the client lacked its CPU {found.stalled:.1%} of the time)" if found.stalled > 0.005 else ""),
            flush=True,
        )
        return found

    def measure_idle(self) -> dict[str, Idle]:
        """Each peer in turn, plain forwarding, in a process of its own."""
        case = Case("idle", "idle connections")
        found = {}
        for peer in self.peers:
            if not peer.supports(case):
                continue
            with ExitStack() as stack:
                found[peer.name] = idle.measure(self.start(case, peer, stack).server)
            print(f"idle       {peer.name:<13} {found[peer.name].bytes_each:,.0f} bytes each", flush=True)
        return found

    def clocks(self, row: Row) -> Clocks:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Clocks(
            wall=time.monotonic_ns(),
            idle=machine.idle_ns(self.plan.cpu),
            proxy=row.server.cpu_time(),
            upstream=self.upstream.server.cpu_time().total,
            load=int((usage.ru_utime + usage.ru_stime) * 1e9),
        )


@dataclass(frozen=True)
class Clocks:
    """Nanoseconds of everything that shares the measured CPU."""

    wall: int
    idle: int
    proxy: CPUTime
    upstream: int
    load: int

    def since(self, before: Clocks, requests: int) -> Sample:
        wall, cpu = self.wall - before.wall, self.proxy - before.proxy
        own = cpu.total + (self.upstream - before.upstream) + (self.load - before.load)
        others = wall - (self.idle - before.idle) - own
        return Sample(requests, wall, cpu, max(0.0, others / wall))


def wait_for_answer(server: Server) -> None:
    """Returns with the first 200; connects again and again without a pause."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                if connection.recv(64).startswith(b"HTTP/1.1 200 "):
                    return
        except OSError:
            server.check_alive()
    raise ServerFailed(f"{server.name}: no 200{server.last_words()}")


def fresh_log(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "log"
    log.write_bytes(b"")
    return log
