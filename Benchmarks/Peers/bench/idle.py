"""What an idle kept-alive connection costs in memory."""

from __future__ import annotations

import resource
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass

from .server import Memory, Server, ServerFailed

WANTED = 9_500
#: Descriptors a proxy and this program need for anything else.
RESERVE = 300
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
#: Lets a proxy finish what the last answer leaves to do.
SETTLE_SECONDS = 1


@dataclass(frozen=True)
class Idle:
    """A proxy before and with so many connections, each of which has had an answer."""

    connections: int
    before: Memory
    after: Memory

    @property
    def bytes_each(self) -> float:
        return (self.after.private - self.before.private) * 1_024 / self.connections


def raise_limit() -> None:
    """As many descriptors as this user may have; servers started afterwards inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def connection_count() -> int:
    """HAProxy reserves two descriptors for each connection, so a low limit gives fewer."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(WANTED, (limit - RESERVE) // 2)


def measure(server: Server) -> Idle:
    """Opens connections, one request on each, and leaves them; then every one must still be answered."""
    count = connection_count()
    with ExitStack() as stack:
        first = opened(server, stack)
        ask(server, first)
        time.sleep(SETTLE_SECONDS)
        before = server.memory()
        connections = [opened(server, stack) for _ in range(count)]
        time.sleep(SETTLE_SECONDS)
        after = server.memory()
        for connection in [first, *connections]:
            ask(server, connection)
    return Idle(count, before, after)


def opened(server: Server, stack: ExitStack) -> socket.socket:
    connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
    ask(server, connection)
    return connection


def ask(server: Server, connection: socket.socket) -> None:
    connection.sendall(REQUEST)
    answer = b""
    # The upstream's answer is 100 bytes; its last one is the only line feed after the head.
    while not (b"\r\n\r\n" in answer and answer.endswith(b".\n")):
        part = connection.recv(4_096)
        if not part:
            raise ServerFailed(f"{server.name}: an idle connection was closed")
        answer += part
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise ServerFailed(f"{server.name}: an idle connection got {answer[:12]!r}")
