"""The table of peers, in the order of the result."""

from __future__ import annotations

from pathlib import Path

from .envoy import CachingEnvoy, Envoy
from .haproxy import HAProxy
from .nginx import Nginx
from .peer import Peer, Settings
from .tollgate import Tollgate

#: What every figure is also given as a multiple of: a name → the first of these peers that has a row in the case.
BASELINES = {"haproxy": ("haproxy",), "nginx": ("nginx",), "envoy": ("envoy-cached", "envoy")}


def all_peers(tollgate: Path) -> list[Peer]:
    return [HAProxy(), Nginx(), Envoy(), CachingEnvoy(), Tollgate(tollgate)]


__all__ = ["BASELINES", "Peer", "Settings", "all_peers"]
