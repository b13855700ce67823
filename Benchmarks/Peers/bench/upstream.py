"""The upstream behind every proxy, and how many requests reached it."""

from __future__ import annotations

import urllib.request

from . import paths
from .cases import ANSWER_BYTES
from .peers import nginx
from .server import Server


class Upstream:
    def __init__(self, port: int, cpu: int, time_limit: int):
        self.port = port
        self.asked = 0
        directory = paths.WORK / "servers" / "upstream"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "body").write_bytes(bytes(byte % 251 for byte in range(ANSWER_BYTES["/body"])))
        configuration = paths.render(
            paths.CONFIGURATIONS / "upstream" / "nginx.conf",
            directory / "nginx.conf",
            {"PORT": port, "DIRECTORY": directory},
        )
        self.server = Server("upstream", nginx.command(configuration), port, cpu, directory / "log", time_limit)

    def requests(self) -> int:
        """Requests answered so far, without those of this method."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/status", timeout=5) as answer:
            # Third line of stub_status: accepted, handled, requests.
            total = int(answer.read().split(b"\n")[2].split()[2])
        self.asked += 1
        return total - self.asked
