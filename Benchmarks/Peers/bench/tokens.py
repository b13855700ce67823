"""Mints the tokens and writes the public keys. What is still valid on disk is used again."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .cases import ROTATION

ISSUER = "https://issuer.example"
AUDIENCE = "bench"
KEY_ID = "bench-2048"
LIFETIME = 30 * 86_400
#: Tokens on disk are used again while they live at least this long.
LEAST_LIFETIME = 6 * 3_600
#: Raised when what is written here changes, so that older files are not used.
FORMAT = 1
GROUPS = ("platform-engineering", "payments-reviewers", "oncall-emea", "all-staff")


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class RS256:
    """A 2048-bit RSA key that signs RS256."""

    name = "RS256"

    def __init__(self, pem: bytes | None = None):
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        if pem is None:
            self.key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        else:
            self.key = serialization.load_pem_private_key(pem, password=None)

    def private_pem(self) -> bytes:
        from cryptography.hazmat.primitives import serialization as s

        return self.key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())

    def public_pem(self) -> bytes:
        from cryptography.hazmat.primitives import serialization as s

        return self.key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)

    def jwk(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        modulus, exponent = (n.to_bytes((n.bit_length() + 7) // 8, "big") for n in (numbers.n, numbers.e))
        return {
            "kty": "RSA", "use": "sig", "alg": self.name, "kid": KEY_ID,
            "n": base64url(modulus), "e": base64url(exponent),
        }

    def sign(self, data: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


#: JOSE name → key type. A further algorithm is one more class with these five members.
ALGORITHMS = {RS256.name: RS256}


def claims(now: int, **changes: object) -> dict[str, object]:
    """Claims as an identity provider writes them for a person: with the signature about 1 KiB of token."""
    identifier = uuid.UUID(int=random.getrandbits(128), version=4)
    result: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(identifier),
        "exp": now + LIFETIME,
        "iat": now,
        "jti": uuid.UUID(int=random.getrandbits(128), version=4).hex,
        "azp": "web-frontend",
        "scope": "openid profile email orders:read orders:write",
        "groups": list(GROUPS),
        "roles": ["orders-viewer", "orders-editor", "invoices-viewer"],
        "name": "Ada Example",
        "email": f"ada.{identifier.hex[:8]}@example.org",
        "email_verified": True,
        "tenant": "example-north",
        "locale": "en",
    }
    result.update(changes)
    return {name: value for name, value in result.items() if value is not None}


def encode(key: RS256, content: dict[str, object], algorithm: str | None = None) -> str:
    """A compact JWS; `algorithm` puts another name into the header than the one that signs."""
    header = {"alg": algorithm or key.name, "typ": "JWT", "kid": KEY_ID}
    signed = f"{base64url(compact_json(header))}.{base64url(compact_json(content))}"
    return f"{signed}.{base64url(key.sign(signed.encode()))}"


@dataclass(frozen=True)
class KeyMaterial:
    """The files of one algorithm: keys for the proxies, tokens for the load."""

    algorithm: str
    directory: Path

    @property
    def public_key(self) -> Path:
        return self.directory / "public.pem"

    @property
    def jwks(self) -> Path:
        return self.directory / "jwks.json"

    @property
    def rotation(self) -> Path:
        """A file of `ROTATION` tokens, one a line."""
        return self.directory / "rotation.txt"

    def fresh(self, round_number: int, count: int) -> Path:
        """A file of `count` tokens that appear in no other file."""
        return self.directory / f"fresh-{count}-{round_number}.txt"

    def key(self) -> RS256:
        return ALGORITHMS[self.algorithm]((self.directory / "private.pem").read_bytes())


def prepare(algorithm: str, rounds: int, fresh: int, directory: Path) -> KeyMaterial:
    """Makes what is not there yet: the key, the rotation, and a file of `fresh` tokens for each of `rounds`."""
    material = KeyMaterial(algorithm, directory / algorithm)
    if not is_usable(material):
        create_key(material)
    missing = [(path, count) for path, count in wanted_files(material, rounds, fresh) if not path.exists()]
    if missing:
        print(f"minting {sum(count for _, count in missing):,} {algorithm} tokens", flush=True)
    with ProcessPoolExecutor() as pool:
        for path, count in missing:
            mint_file(pool, material, path, count)
    return material


def wanted_files(material: KeyMaterial, rounds: int, fresh: int) -> list[tuple[Path, int]]:
    return [(material.rotation, ROTATION)] + [(material.fresh(n, fresh), fresh) for n in range(rounds)]


def is_usable(material: KeyMaterial) -> bool:
    try:
        manifest = json.loads((material.directory / "manifest.json").read_text())
    except (OSError, ValueError):
        return False
    return manifest["format"] == FORMAT and manifest["expires"] > time.time() + LEAST_LIFETIME


def create_key(material: KeyMaterial) -> None:
    shutil.rmtree(material.directory, ignore_errors=True)
    material.directory.mkdir(parents=True)
    key = ALGORITHMS[material.algorithm]()
    private = material.directory / "private.pem"
    private.touch(mode=0o600)
    private.write_bytes(key.private_pem())
    material.public_key.write_bytes(key.public_pem())
    material.jwks.write_bytes(compact_json({"keys": [key.jwk()]}))
    # Files minted later live longer: the key's own age is the earliest end of all of them.
    manifest = {"format": FORMAT, "expires": int(time.time()) + LIFETIME}
    (material.directory / "manifest.json").write_bytes(compact_json(manifest))


def mint_file(pool: ProcessPoolExecutor, material: KeyMaterial, path: Path, count: int) -> None:
    """Writes `count` new tokens; the file appears complete or not at all."""
    workers = os.cpu_count() or 1
    shares = [count // workers + (1 if n < count % workers else 0) for n in range(workers)]
    part = path.with_suffix(".part")
    with part.open("w") as file:
        for tokens in pool.map(mint, [material] * workers, shares):
            file.write("\n".join(tokens) + "\n")
    part.rename(path)


def mint(material: KeyMaterial, count: int) -> list[str]:
    # A forked worker inherits the state of the generator: without a seed of its own, two would mint the same tokens.
    random.seed(os.urandom(32))
    key, now = material.key(), int(time.time())
    return [encode(key, claims(now)) for _ in range(count)]
