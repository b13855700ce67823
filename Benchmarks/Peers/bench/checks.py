"""What every proxy must do alike before its figures count: let the right token pass and refuse the wrong ones."""

from __future__ import annotations

import http.client
import time

from . import tokens
from .cases import Case
from .tokens import KeyMaterial

HOUR = 3_600


class CheckFailed(Exception):
    """A proxy does not do the checks that are measured."""


def get(port: int, path: str, token: str | None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wrong_tokens(material: KeyMaterial, good: str) -> dict[str, str | None]:
    """A name → a token that must get 401; `good` is one the proxy may have seen before."""
    key, now = material.key(), int(time.time())
    other_key = type(key)()
    header, payload, signature = good.split(".")
    return {
        "no token": None,
        "a tampered signature": f"{header}.{payload}.{tampered(signature)}",
        "a tampered payload": f"{header}.{tampered(payload)}.{signature}",
        "another key's signature": tokens.encode(other_key, tokens.claims(now)),
        "alg none": f"{tokens.base64url(tokens.compact_json({'alg': 'none', 'typ': 'JWT'}))}.{payload}.",
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
    if material is None:
        wrong = check_forwarded(port, good, arrives=True)
    else:
        wrong = check_forwarded(port, good, arrives=False)
        for name, token in wrong_tokens(material, good).items():
            status, _ = get(port, "/", token)
            if status != 401:
                wrong.append(f"{name} got {status} instead of 401")
    if wrong:
        raise CheckFailed(f"{case.title}: " + "; ".join(wrong))


def check_forwarded(port: int, good: str, arrives: bool) -> list[str]:
    """The good token gets 200, and the upstream sees Authorization only where nobody verified it."""
    wrong = []
    status, body = get(port, "/", good)
    if status != 200 or len(body) != 100:
        wrong.append(f"a good token got {status} and {len(body)} bytes instead of 200 and 100")
    status, body = get(port, "/authorization", good)
    expected = f"[Bearer {good}]" if arrives else "[]"
    if status == 200 and body.decode() != expected:
        wrong.append("the upstream " + ("did not see" if arrives else "saw") + " the token")
    return wrong
