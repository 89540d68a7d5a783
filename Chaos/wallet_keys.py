"""The secrets that follow from a phrase, computed without the product: entropy, seed, wallet key.

Sources: BIP39 (seed, entropy), SLIP-0010 (Ed25519 derivation), RFC 8032 section 5.1 (public key), and the wallet path
m/44'/501'/0'/0'.
"""

import hashlib
import hmac
from pathlib import Path

WORD_LIST = Path(__file__).resolve().parent.parent / "Vectors" / "published" / "bip39-english-wordlist.txt"
WALLET_PATH = (44, 501, 0, 0)

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_BASE_Y = 4 * pow(5, -1, _P) % _P
_BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def entropy(phrase: str) -> bytes:
    """32 bytes for 24 words: what the words encode, without their checksum."""
    words = WORD_LIST.read_text(encoding="utf-8").split()
    bits = 0
    for word in phrase.split():
        bits = bits << 11 | words.index(word)
    return (bits >> 8).to_bytes(32, "big")


def seed(phrase: str) -> bytes:
    """64 bytes, for an empty passphrase."""
    return hashlib.pbkdf2_hmac("sha512", phrase.encode(), b"mnemonic", 2048)


def wallet_seed(phrase: str) -> bytes:
    """The 32-byte Ed25519 seed at the wallet path."""
    return ed25519_seed(phrase, WALLET_PATH)


def ed25519_seed(phrase: str, path: tuple[int, ...]) -> bytes:
    """The 32-byte Ed25519 seed at a path of hardened steps."""
    node = hmac.digest(b"ed25519 seed", seed(phrase), "sha512")
    for index in path:
        data = b"\0" + node[:32] + (index | 1 << 31).to_bytes(4, "big")
        node = hmac.digest(node[32:], data, "sha512")
    return node[:32]


def wallet_address(phrase: str) -> str:
    """Base58 of the wallet's public key, as `kin wallet address` prints it."""
    return base58(ed25519_public(wallet_seed(phrase)))


def ed25519_public(private_seed: bytes) -> bytes:
    """32 bytes. Not in constant time: for a tester that throws its keys away."""
    scalar = int.from_bytes(hashlib.sha512(private_seed).digest()[:32], "little")
    scalar = (scalar & ((1 << 254) - 8)) | 1 << 254
    x, y = _multiply(scalar, (_BASE_X, _BASE_Y))
    return (y | (x & 1) << 255).to_bytes(32, "little")


def base58(data: bytes) -> str:
    """Bitcoin's alphabet; a leading zero byte is a leading 1."""
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def _multiply(scalar: int, point: tuple[int, int]) -> tuple[int, int]:
    product = (0, 1)
    while scalar:
        if scalar & 1:
            product = _add(product, point)
        point = _add(point, point)
        scalar >>= 1
    return product


def _add(p: tuple[int, int], q: tuple[int, int]) -> tuple[int, int]:
    cross = _D * p[0] * q[0] * p[1] * q[1] % _P
    x = (p[0] * q[1] + p[1] * q[0]) * pow(1 + cross, -1, _P) % _P
    y = (p[1] * q[1] + p[0] * q[0]) * pow(1 - cross, -1, _P) % _P
    return x, y
