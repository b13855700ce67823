"""What every proxy must do alike before its figures count: let the right token pass and refuse the wrong ones."""

from __future__ import annotations

import http.client
import socket
import time
from dataclasses import dataclass
from functools import lru_cache

from . import certificate, tokens
from .cases import Case, route_prefix
from .tokens import KeyMaterial

HOUR = 3_600
#: What a refused token is answered with: 401, and for a token that is meant for somebody else Envoy says 403.
REFUSALS = (401, 403)


class CheckFailed(Exception):
    """A proxy does not do the checks that are measured."""


@dataclass(frozen=True)
class Door:
    """Where a proxy is asked. HTTP/2 is checked through HTTP/1.1 at the same port, which every proxy offers beside."""

    port: int
    secured: bool = False

    def open(self) -> http.client.HTTPConnection:
        if not self.secured:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        context = certificate.client_context("http/1.1")
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=5, context=context)


def get(
    door: Door, path: str, token: str | None, headers: dict[str, str] | None = None, method: str = "GET",
) -> tuple[int, bytes]:
    connection = door.open()
    authorization = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        connection.request(method, path, headers=authorization | (headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wrong_tokens(material: KeyMaterial, good: str) -> dict[str, str | None]:
    """A name → a token that must be refused; `good` is one the proxy may have seen before."""
    header, payload, signature = good.split(".")
    return {
        "no token": None,
        "a tampered signature": f"{header}.{payload}.{tampered(signature)}",
        "a tampered payload": f"{header}.{tampered(payload)}.{signature}",
        "alg none": f"{tokens.base64url(tokens.compact_json({'alg': 'none', 'typ': 'JWT'}))}.{payload}.",
        **well_formed_wrong_tokens(material),
    }


@lru_cache
def well_formed_wrong_tokens(material: KeyMaterial) -> dict[str, str]:
    key, now = material.key(), int(time.time())
    return {
        "another key's signature": tokens.encode(type(key)(), tokens.claims(now)),
        "a header with another alg": tokens.encode(key, tokens.claims(now), algorithm="none"),
        "an expired token": tokens.encode(key, tokens.claims(now - 2 * HOUR, exp=now - HOUR)),
        "a token without exp": tokens.encode(key, tokens.claims(now, exp=None)),
        "a wrong audience": tokens.encode(key, tokens.claims(now, aud="somebody-else")),
        "a token without aud": tokens.encode(key, tokens.claims(now, aud=None)),
        "a wrong issuer": tokens.encode(key, tokens.claims(now, iss="https://other.example")),
        "a token without iss": tokens.encode(key, tokens.claims(now, iss=None)),
    }


def tampered(part: str) -> str:
    """`part` with a character changed in the middle, so that it stays well-formed base64url."""
    middle = len(part) // 2
    return part[:middle] + ("A" if part[middle] != "A" else "B") + part[middle + 1 :]


def check(port: int, case: Case, material: KeyMaterial | None, good: str) -> None:
    """Raises `CheckFailed` with everything that is wrong with the proxy on `port`."""
    door = Door(port, case.transport != "clear")
    wrong = check_answers(door, case, good)
    if door.secured:
        wrong += check_tls(port, case)
    if case.routes:
        wrong += check_no_route(door, case)
    elif material is None:
        wrong += check_forwarded(door, good, arrives=True)
    else:
        wrong += check_forwarded(door, good, arrives=False)
        for name, token in wrong_tokens(material, good).items():
            status, _ = get(door, case.path, token)
            if status not in REFUSALS:
                wrong.append(f"{name} got {status} instead of 401")
    if "rule" in case.features:
        wrong += check_rule(door, material, good)
    if "claims" in case.features:
        wrong += check_claims(door, material, good)
    if wrong:
        raise CheckFailed(f"{case.title}: " + "; ".join(wrong))


def check_answers(door: Door, case: Case, good: str) -> list[str]:
    """The good token gets 200 and the whole answer, on the first and the last path that is asked for."""
    wrong = []
    paths = case.request_paths()
    for path in {paths[0], paths[-1]}:
        status, body = get(door, path, good)
        if status != 200 or len(body) != case.answer_bytes:
            wrong.append(f"a good token got {status} and {len(body)} bytes instead of 200 and {case.answer_bytes}")
    return wrong


def check_tls(port: int, case: Case) -> list[str]:
    """All speak the same protocol with the same cipher."""
    protocol = "h2" if case.transport == "h2" else "http/1.1"
    context = certificate.client_context(protocol)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, context.wrap_socket(plain) as secured:
        found = (secured.version(), secured.cipher()[0], secured.selected_alpn_protocol())
    wanted = ("TLSv1.3", certificate.CIPHER, protocol)
    return [] if found == wanted else [f"{found} was agreed on instead of {wanted}"]


def check_no_route(door: Door, case: Case) -> list[str]:
    """What no route is for gets an error, so that a proxy can't forward everything alike."""
    status, _ = get(door, route_prefix(case.routes), None)
    return [] if status >= 400 else [f"a path without a route got {status}"]


def check_forwarded(door: Door, good: str, arrives: bool) -> list[str]:
    """The upstream sees Authorization only where nobody verified it."""
    status, body = get(door, "/authorization", good)
    expected = f"[Bearer {good}]" if arrives else "[]"
    if status != 200 or body.decode() != expected:
        return ["the upstream " + ("did not see" if arrives else "saw") + " the token"]
    return []


def check_rule(door: Door, material: KeyMaterial, good: str) -> list[str]:
    """Another tenant and another method get 403."""
    other = tokens.encode(material.key(), tokens.claims(int(time.time()), tenant="another"))
    cases = {"another tenant": get(door, "/", other), "another method": get(door, "/", good, method="PUT")}
    return [f"{name} got {status} instead of 403" for name, (status, _) in cases.items() if status != 403]


def check_claims(door: Door, material: KeyMaterial, good: str) -> list[str]:
    """The upstream gets the claims of the token, whatever the client says they are."""
    claims = material.payload(good)
    forged = {"X-User": "root", "X-Tenant": "other", "X-Email": "root@example.org"}
    _, body = get(door, "/claims", good, headers=forged)
    expected = "".join(f"[{claims[name]}]" for name in ("sub", "tenant", "email"))
    return [] if body.decode() == expected else [f"the claims {expected} arrived as {body.decode()}"]
