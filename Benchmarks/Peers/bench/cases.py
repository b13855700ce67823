"""The table of cases. A peer that cannot serve a case says so in `Peer.supports`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One row of the result: what the proxies are configured for, and what the load sends."""

    name: str
    title: str
    #: The JOSE algorithm verified; None forwards without looking at the token.
    algorithm: str | None
    #: Distinct tokens in rotation; None sends every token exactly once.
    tokens: int | None

    @property
    def configuration(self) -> str:
        """The stem of the configuration file of each peer."""
        return "plain" if self.algorithm is None else "jwt"


#: Tokens in rotation where many are asked for; every peer is warmed up with all of them.
ROTATION = 10_000

# The plain case carries a token, too: its request is the same bytes, so the rows differ by the verification alone.
CASES = (
    Case("plain", "plain forwarding", None, 1),
    Case("rs256-one", "RS256, one token", "RS256", 1),
    Case("rs256-many", "RS256, 10,000 tokens in rotation", "RS256", ROTATION),
    Case("rs256-new", "RS256, every token new", "RS256", None),
)
