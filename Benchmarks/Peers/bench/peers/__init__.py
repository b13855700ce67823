"""The table of peers, in the order of the result."""

from __future__ import annotations

from pathlib import Path

from .envoy import CachingEnvoy, Envoy
from .haproxy import HAProxy
from .nginx import Nginx
from .peer import Peer, Settings
from .tollgate import Tollgate

#: The peers every figure is also given as a multiple of.
BASELINES = ("haproxy", "nginx")


def all_peers(tollgate: Path) -> list[Peer]:
    return [HAProxy(), Nginx(), Envoy(), CachingEnvoy(), Tollgate(tollgate)]


__all__ = ["BASELINES", "Peer", "Settings", "all_peers"]
