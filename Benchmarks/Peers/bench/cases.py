"""The table of cases. A peer that cannot serve a case says so in `Peer.supports`."""

from __future__ import annotations

from dataclasses import dataclass

#: Tokens in rotation where many are asked for; every peer is warmed up with all of them.
ROTATION = 10_000
#: What the upstream answers to a path of its own.
ANSWER_BYTES = {"/": 100, "/body": 65_536}


@dataclass(frozen=True)
class Case:
    """One row of the result: what the proxies are configured for, and what the load sends."""

    name: str
    title: str
    #: The JOSE algorithm verified; None forwards without looking at the token.
    algorithm: str | None = None
    #: Distinct tokens in rotation; None sends every token exactly once.
    tokens: int | None = 1
    #: `rule`: the method is GET and the claim `tenant` the expected one, else 403.
    #: `claims`: three claims are forwarded as headers, and a client's own headers of these names are not.
    features: frozenset[str] = frozenset()
    #: Routes, each a path prefix; 0 is a single one for every path.
    routes: int = 0
    path: str = "/"
    #: What clients speak: HTTP/1.1 in `clear` or over TLS 1.3 (`tls`), or HTTP/2 over TLS 1.3 (`h2`). Connections are
    #: kept: handshakes are not measured.
    transport: str = "clear"

    @property
    def lines(self) -> frozenset[str]:
        """Whose lines stand in a configuration, beside those of features."""
        return frozenset({"tls", "h2"} if self.transport == "h2" else {self.transport})

    @property
    def configuration(self) -> str:
        """The stem of the configuration file of each peer."""
        if self.routes:
            return "routes"
        return "plain" if self.algorithm is None else "jwt"

    @property
    def answer_bytes(self) -> int:
        return ANSWER_BYTES.get(self.path, ANSWER_BYTES["/"])

    def request_paths(self) -> list[str]:
        """What is asked for in rotation: one path, or those of routes spread over the whole table."""
        if not self.routes:
            return [self.path]
        # A step that shares no factor with the number: every route in turn, neighbours never after each other. As many
        # paths for few routes as for many, so that the load itself does not differ.
        return [f"{route_prefix(n * 7_919 % self.routes)}/{n}" for n in range(ROTATION)]


def route_prefix(number: int) -> str:
    return f"/service-{number:06}/items"


def of_algorithm(name: str) -> tuple[Case, Case]:
    stem = name.lower()
    return (
        Case(f"{stem}-one", f"{name}, one token", name),
        Case(f"{stem}-new", f"{name}, every token new", name, None),
    )


RULE = frozenset({"rule"})
CLAIMS = frozenset({"claims"})

# The plain case carries a token, too: its request is the same bytes, so the rows differ by the verification alone.
CASES = (
    Case("plain", "plain forwarding"),
    Case("rs256-one", "RS256, one token", "RS256"),
    Case("rs256-many", "RS256, 10,000 tokens in rotation", "RS256", ROTATION),
    Case("rs256-new", "RS256, every token new", "RS256", None),
    *of_algorithm("ES256"),
    *of_algorithm("EdDSA"),
    *of_algorithm("HS256"),
    Case("rule", "RS256, one token, a rule", "RS256", features=RULE),
    Case("rule-claims", "RS256, one token, a rule, three claims as headers", "RS256", features=RULE | CLAIMS),
    Case("body", "answers of 64 KiB", path="/body"),
    Case("tls", "plain forwarding, TLS 1.3", transport="tls"),
    Case("tls-rs256", "RS256, one token, TLS 1.3", "RS256", transport="tls"),
    Case("h2", "plain forwarding, HTTP/2, TLS 1.3", transport="h2"),
    Case("h2-rs256", "RS256, one token, HTTP/2, TLS 1.3", "RS256", transport="h2"),
    Case("routes-10", "10 routes", routes=10),
    Case("routes-10k", "10,000 routes", routes=10_000),
    Case("routes-100k", "100,000 routes", routes=100_000),
)
BY_NAME = {case.name: case for case in CASES}
