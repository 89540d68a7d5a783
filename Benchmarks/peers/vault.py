"""The vault's work with OpenSSL (hashlib, cryptography) and libsodium (PyNaCl), a line each: name, times a second."""

import hashlib
import hmac
import os
import sys
import time

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import crypto_sign_seed_keypair
from nacl.signing import SigningKey

SENTENCE = b"abandon " * 23 + b"art"
SEED = os.urandom(64)
STATEMENTS = [(SigningKey.generate(), os.urandom(400)) for _ in range(2)]
SIGNED = [(key.verify_key, message, key.sign(message).signature) for key, message in STATEMENTS]


def derive(seed: bytes, steps: tuple[int, ...]) -> bytes:
    digest = hmac.digest(b"ed25519 seed", seed, "sha512")
    for step in steps:
        digest = hmac.digest(digest[32:], b"\0" + digest[:32] + (step | 1 << 31).to_bytes(4, "big"), "sha512")
    return digest[:32]


def unlock() -> None:
    seed = hashlib.pbkdf2_hmac("sha512", SENTENCE, b"mnemonic", 2048, 64)
    crypto_sign_seed_keypair(derive(seed, (44, 501, 0, 0)))


def derivation() -> None:
    derive(SEED, (74, 0, 0, 1))


KEY, PLAINTEXT = derive(SEED, (74, 2, 0, 0)), os.urandom(1024)


def credential() -> None:
    salt, iv = os.urandom(32), os.urandom(12)

    def cipher() -> AESGCM:
        return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"kindred/credential/v1").derive(KEY))

    additional = b"kindred/credential/v1|1|github"
    assert cipher().decrypt(iv, cipher().encrypt(iv, PLAINTEXT, additional), additional) == PLAINTEXT


def chain() -> None:
    """The two signatures alone, without reading what they are over."""
    for key, message, signature in SIGNED:
        key.verify(message, signature)


def rate(work, seconds: float) -> float:
    count, start = 0, time.monotonic()
    while time.monotonic() - start < seconds:
        work()
        count += 1
    return count / (time.monotonic() - start)


if __name__ == "__main__":
    for name, work in {"unlock": unlock, "derive": derivation, "credential": credential, "chain": chain}.items():
        print(name, rate(work, float(sys.argv[1])), flush=True)
