"""docs/protocol/vault.md: derivation, site passwords, credentials, the sealed vault, SSH and Nostr forms."""

import base64
import hashlib
import hmac
import unicodedata

from coincurve import PrivateKey
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from . import encodings, keys
from .encodings import Refused

N = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
HARDENED = 2**31
CLASSES = {
    "lower": "abcdefghijklmnopqrstuvwxyz",
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "digit": "0123456789",
    "symbol": "!#$%&*+-.:=?@_",
}
STREAM = 8160
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def seed(sentence: str, passphrase: str = "") -> bytes:
    text, salt = (unicodedata.normalize("NFKD", part).encode() for part in (sentence, "mnemonic" + passphrase))
    return hashlib.pbkdf2_hmac("sha512", text, salt, 2048, 64)


def _hkdf(key: bytes, salt: bytes, info: str, count: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=count, salt=salt, info=info.encode()).derive(key)


# Paths


def steps(path: str) -> list[int]:
    return [int(step.rstrip("'")) + (HARDENED if step.endswith("'") else 0) for step in path.split("/")[1:]]


def _split(key: bytes, data: bytes) -> tuple[bytes, bytes]:
    digest = hmac.digest(key, data, "sha512")
    return digest[:32], digest[32:]


def ed25519(seed: bytes, path: str) -> bytes:
    key, chain = _split(b"ed25519 seed", seed)
    for step in steps(path):
        key, chain = _split(chain, b"\0" + key + step.to_bytes(4, "big"))
    return key


def secp256k1(seed: bytes, path: str) -> bytes:
    key, chain = _split(b"Bitcoin seed", seed)
    for step in steps(path):
        parent = b"\0" + key if step >= HARDENED else PrivateKey(key).public_key.format()
        tweak, chain = _split(chain, parent + step.to_bytes(4, "big"))
        key = ((int.from_bytes(tweak, "big") + int.from_bytes(key, "big")) % N).to_bytes(32, "big")
    return key


def encryption_secret(key: bytes) -> bytes:
    return _hkdf(key, b"", "kindred/x25519/v1", 32)


# Site passwords


def folded(site: str) -> str:
    if not 1 <= len(site) <= 253 or not all(" " <= c <= "~" and c != "|" for c in site) or site != site.strip(" "):
        raise Refused("site_invalid", "not a site")
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in site)


def site_path(site: str) -> str:
    return f"m/74'/1'/0'/{int.from_bytes(hashlib.sha256(folded(site).encode()).digest()[:4], 'big') >> 1}'"


def password(seed: bytes, site: str, length: int = 20, counter: int = 1, classes=tuple(CLASSES)) -> str:
    chosen = [name for name in CLASSES if name in classes]
    alphabet = "".join(CLASSES[name] for name in chosen)
    info = f"kindred/password/v1|{folded(site)}|{counter}|{','.join(chosen)}"
    stream = _hkdf(ed25519(seed, site_path(site)), b"", info, STREAM)
    limit = 256 // len(alphabet) * len(alphabet)
    characters = [alphabet[byte % len(alphabet)] for byte in stream if byte < limit]
    for start in range(0, len(characters) - length + 1, length):
        candidate = "".join(characters[start : start + length])
        if all(any(c in CLASSES[name] for c in candidate) for name in chosen):
            return candidate
    raise Refused("password_underivable", "no candidate has every class")


# Credentials


def _credential(seed: bytes, version: int, salt: bytes, name: str) -> tuple[AESGCM, bytes]:
    key = ed25519(seed, f"m/74'/2'/0'/{version - 1}'")
    label = "kindred/credential/v1"
    return AESGCM(_hkdf(key, salt, label, 32)), f"{label}|{version}|{name}".encode()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def encrypt(seed: bytes, name: str, plaintext: bytes, version: int, salt: bytes, iv: bytes) -> dict:
    cipher, additional = _credential(seed, version, salt, name)
    data = cipher.encrypt(iv, plaintext, additional)
    return {"key_version": version, "salt": _b64(salt), "iv": _b64(iv), "data": _b64(data)}


def decrypt(seed: bytes, name: str, encrypted: dict) -> bytes:
    salt, iv, data = (base64.b64decode(encrypted[field], validate=True) for field in ("salt", "iv", "data"))
    cipher, additional = _credential(seed, encrypted["key_version"], salt, name)
    try:
        return cipher.decrypt(iv, data, additional)
    except InvalidTag as error:
        raise Refused("credential_unreadable", "does not open") from error


# The sealed vault


def _file_key(passphrase: str, salt: bytes, operations: int, memory: int) -> bytes:
    text = unicodedata.normalize("NFKD", passphrase).encode()
    return argon2id.kdf(32, text, salt, opslimit=operations, memlimit=memory)


def seal_vault(
    entropy: bytes, needs_passphrase: bool, passphrase: str, operations: int, memory: int, salt: bytes, nonce: bytes
) -> bytes:
    box = SecretBox(_file_key(passphrase, salt, operations, memory))
    contents = bytes([needs_passphrase]) + entropy
    sealed = box.encrypt(contents, nonce).ciphertext
    file = {"v": 1, "kdf": "argon2id", "operations": operations, "memory": memory}
    file |= {"salt": _b64(salt), "nonce": _b64(nonce), "box": _b64(sealed)}
    return encodings.canonical(file) + b"\n"


def open_vault(file: bytes, passphrase: str) -> tuple[bytes, bool]:
    """Entropy, and whether the wallet also takes a BIP39 passphrase."""
    members = encodings.parse_json(file)
    salt, nonce, sealed = (base64.b64decode(members[name], validate=True) for name in ("salt", "nonce", "box"))
    try:
        contents = SecretBox(_file_key(passphrase, salt, members["operations"], members["memory"])).decrypt(sealed, nonce)
    except CryptoError as error:
        raise Refused("vault_passphrase_wrong", "does not open") from error
    return contents[1:], contents[0] == 1


# Other forms


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def ssh_public_line(key: bytes, comment: str) -> str:
    blob = _string(b"ssh-ed25519") + _string(keys.ed25519_public(key))
    return f"ssh-ed25519 {_b64(blob)} {comment}".rstrip(" ")


def ssh_private_file(key: bytes, comment: str) -> str:
    public = keys.ed25519_public(key)
    blob = _string(b"ssh-ed25519") + _string(public)
    check = hashlib.sha256(public).digest()[:4]
    section = check + check + blob + _string(key + public) + _string(comment.encode())
    section += bytes(range(1, 1 + -len(section) % 8))
    none = _string(b"none")
    whole = b"openssh-key-v1\0" + none + none + _string(b"") + (1).to_bytes(4, "big") + _string(blob) + _string(section)
    text = _b64(whole)
    lines = [text[start : start + 70] for start in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN OPENSSH PRIVATE KEY-----", *lines, "-----END OPENSSH PRIVATE KEY-----", ""])


def _polymod(values: list[int]) -> int:
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= term if top >> bit & 1 else 0
    return state


def bech32(prefix: str, data: bytes) -> str:
    """BIP-173."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[start : start + 5], 2) for start in range(0, len(bits), 5)]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    checksum = _polymod(expanded + values + [0] * 6) ^ 1
    values += [checksum >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(_BECH32[value] for value in values)
