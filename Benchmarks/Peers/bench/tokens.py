"""Mints the tokens and writes the public keys. What is still valid on disk is used again."""

from __future__ import annotations

import base64
import hmac
import json
import os
import random
import shutil
import time
import uuid
from abc import ABC, abstractmethod
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .cases import ROTATION

ISSUER = "https://issuer.example"
AUDIENCE = "bench"
KEY_ID = "bench-2048"
#: The claim an authorization rule asks for.
TENANT = "example-north"
LIFETIME = 30 * 86_400
#: Tokens on disk are used again while they live at least this long.
LEAST_LIFETIME = 6 * 3_600
#: Raised when what is written here changes, so that older files are not used.
FORMAT = 2
GROUPS = ("platform-engineering", "payments-reviewers", "oncall-emea", "all-staff")


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def integer_bytes(value: int, length: int | None = None) -> bytes:
    return value.to_bytes(length or (value.bit_length() + 7) // 8, "big")


class AsymmetricKey(ABC):
    """A private key that signs by one algorithm. A further algorithm is one more class like these."""

    name: str

    def __init__(self, pem: bytes | None = None):
        from cryptography.hazmat.primitives import serialization as s

        self.key = self.generate() if pem is None else s.load_pem_private_key(pem, password=None)

    @abstractmethod
    def generate(self): ...

    @abstractmethod
    def members(self) -> dict[str, str]:
        """The members of the JWK that depend on the type of key."""

    @abstractmethod
    def sign(self, data: bytes) -> bytes: ...

    def private_text(self) -> bytes:
        from cryptography.hazmat.primitives import serialization as s

        return self.key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())

    def public_text(self) -> bytes:
        """What verifiers that don't read JWKs are given: a PEM."""
        from cryptography.hazmat.primitives import serialization as s

        return self.key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)

    def jwk(self) -> dict[str, str]:
        return {"use": "sig", "alg": self.name, "kid": KEY_ID, **self.members()}


class RS256(AsymmetricKey):
    """A 2048-bit RSA key that signs RS256."""

    name = "RS256"

    def generate(self):
        from cryptography.hazmat.primitives.asymmetric import rsa

        return rsa.generate_private_key(public_exponent=65_537, key_size=2048)

    def members(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        return {
            "kty": "RSA", "n": base64url(integer_bytes(numbers.n)), "e": base64url(integer_bytes(numbers.e)),
        }

    def sign(self, data: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


class ES256(AsymmetricKey):
    """A P-256 key that signs ES256."""

    name = "ES256"

    def generate(self):
        from cryptography.hazmat.primitives.asymmetric import ec

        return ec.generate_private_key(ec.SECP256R1())

    def members(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        x, y = (base64url(integer_bytes(value, 32)) for value in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def sign(self, data: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return integer_bytes(r, 32) + integer_bytes(s, 32)


class EdDSA(AsymmetricKey):
    """An Ed25519 key that signs EdDSA."""

    name = "EdDSA"

    def generate(self):
        from cryptography.hazmat.primitives.asymmetric import ed25519

        return ed25519.Ed25519PrivateKey.generate()

    def members(self) -> dict[str, str]:
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(self.key.public_key().public_bytes_raw())}

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data)


class HS256:
    """A secret that signs HS256: 43 characters of a configuration file, 256 random bits."""

    name = "HS256"

    def __init__(self, secret: bytes | None = None):
        self.secret = secret or base64url(os.urandom(32)).encode()

    def private_text(self) -> bytes:
        return self.secret

    def public_text(self) -> bytes:
        """Who verifies has the secret, too."""
        return self.secret

    def jwk(self) -> dict[str, str]:
        return {"use": "sig", "alg": self.name, "kid": KEY_ID, "kty": "oct", "k": base64url(self.secret)}

    def sign(self, data: bytes) -> bytes:
        return hmac.digest(self.secret, data, "sha256")


Key = AsymmetricKey | HS256

#: JOSE name → key type.
ALGORITHMS: dict[str, type[Key]] = {key.name: key for key in (RS256, ES256, EdDSA, HS256)}


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
        "tenant": TENANT,
        "locale": "en",
    }
    result.update(changes)
    return {name: value for name, value in result.items() if value is not None}


def encode(key: Key, content: dict[str, object], algorithm: str | None = None) -> str:
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
        return self.directory / "public.txt"

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

    def key(self) -> Key:
        return ALGORITHMS[self.algorithm]((self.directory / "private.txt").read_bytes())

    def payload(self, token: str) -> dict[str, object]:
        """The claims of a token minted here."""
        part = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


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
    write_for_owner(material.directory / "private.txt", key.private_text())
    # Of HS256 these hold the secret.
    write_for_owner(material.public_key, key.public_text())
    write_for_owner(material.jwks, compact_json({"keys": [key.jwk()]}))
    # Files minted later live longer: the key's own age is the earliest end of all of them.
    manifest = {"format": FORMAT, "expires": int(time.time()) + LIFETIME}
    (material.directory / "manifest.json").write_bytes(compact_json(manifest))


def write_for_owner(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


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
