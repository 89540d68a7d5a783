"""The contract's primitives once more, straight from other libraries, so that kindred_wire does not check itself."""

import hashlib
import json

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey


def canonical(text: str) -> str:
    return rfc8785.dumps(json.loads(text)).decode()


def without_signatures(text: str) -> str:
    members = json.loads(text)
    signed = {name: item for name, item in members.items() if name not in ("sig", "sig_old", "sig_new", "sig_member")}
    return rfc8785.dumps(signed).decode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def ed25519_public(seed: str) -> str:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)).public_key().public_bytes_raw().hex()


def ed25519_signature(seed: str, domain: str, text: str) -> str:
    data = domain.encode() + b"\0" + text.encode()
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)).sign(data).hex()


def ed25519_verifies(public: str, signature: str, domain: str, text: str) -> bool:
    data = domain.encode() + b"\0" + text.encode()
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), data)
    except InvalidSignature:
        return False
    return True


def x25519_public(secret: str) -> str:
    return X25519PrivateKey.from_private_bytes(bytes.fromhex(secret)).public_key().public_bytes_raw().hex()
