"""Tokens, authorized keys and API keys (docs/protocol/tokens.md)."""

import base64
import hashlib
import re
import struct

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from . import keys
from .encodings import MAX_INTEGER, Refused

DOMAIN = "kindred/auth/v1"
PREFIX = "kin1."
WINDOW = 300
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_API_KEY = re.compile(r"kin_[0-9A-Za-z]{32}")
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def key_id(public: bytes) -> bytes:
    return hashlib.sha256(public).digest()


def signed(audience: str, identifier: bytes, timestamp: int, nonce: bytes) -> bytes:
    name = audience.encode()
    return struct.pack(">H", len(name)) + name + identifier + struct.pack(">Q", timestamp) + nonce


def mint(seed: bytes, audience: str, timestamp: int, nonce: bytes) -> str:
    identifier = key_id(keys.ed25519_public(seed))
    signature = keys.sign(seed, DOMAIN, signed(audience, identifier, timestamp, nonce))
    return PREFIX + encode(identifier + struct.pack(">Q", timestamp) + nonce + signature)


def mint_bare(seed: bytes, timestamp: int) -> str:
    head = key_id(keys.ed25519_public(seed)) + struct.pack(">Q", timestamp)
    return encode(head + SigningKey(seed).sign(head).signature)


def parse(text: str) -> dict:
    """The parts of a token, or Refused."""
    if not text.startswith(PREFIX):
        return _parse_bare(text)
    data = decode(text[len(PREFIX) :], 120)
    return {
        "key_id": data[:32],
        "timestamp": _timestamp(data[32:40]),
        "nonce": data[40:56],
        "signature": data[56:],
    }


def verify(text: str, audiences: list[str], publics: list[bytes], now: int, started: int, bare: bool = False) -> bytes:
    """The key id of a token taken at `now` by a process started at `started` (seconds), or Refused by its code. Replays are the caller's."""
    token = parse(text)
    if token["nonce"] is None and not bare:
        raise Refused("token_bare_refused", "")
    if token["timestamp"] < now - WINDOW:
        raise Refused("token_expired", "")
    if token["timestamp"] > now + WINDOW:
        raise Refused("token_future", "")
    if token["timestamp"] < started:
        raise Refused("token_before_start", "")
    known = {key_id(public): public for public in publics}
    public = known.get(token["key_id"])
    if public is None:
        raise Refused("token_key_unknown", "")
    if not _is_signed(token, public, audiences):
        raise Refused("token_invalid", "")
    return token["key_id"]


def _is_signed(token: dict, public: bytes, audiences: list[str]) -> bool:
    if token["nonce"] is not None:
        messages = [signed(name, token["key_id"], token["timestamp"], token["nonce"]) for name in audiences]
        return any(keys.verifies(public, token["signature"], DOMAIN, message) for message in messages)
    try:
        VerifyKey(public).verify(token["key_id"] + struct.pack(">Q", token["timestamp"]), token["signature"])
    except BadSignatureError:
        return False
    return True


def _parse_bare(text: str) -> dict:
    data = decode(text, 104)
    return {"key_id": data[:32], "timestamp": _timestamp(data[32:40]), "nonce": None, "signature": data[40:]}


def _timestamp(data: bytes) -> int:
    (value,) = struct.unpack(">Q", data)
    if value > MAX_INTEGER:
        raise Refused("token_malformed", "timestamp")
    return value


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str, count: int) -> bytes:
    """Exactly `count` bytes in their one base64url form."""
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise Refused("token_malformed", "alphabet")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(data) != count or encode(data) != text:
        raise Refused("token_malformed", "length")
    return data


def authorized_key(line: str) -> tuple[bytes, str] | None:
    """The key and comment of one line; None for a line that is skipped."""
    words = line.strip(" \t\r").split(None, 2)
    if not words or words[0].startswith("#"):
        return None
    if words[0] != "ssh-ed25519" or len(words) < 2:
        raise Refused("authorized_keys_invalid", "type")
    blob = base64.b64decode(words[1], validate=True)
    head = struct.pack(">I", 11) + b"ssh-ed25519" + struct.pack(">I", 32)
    public = blob[len(head) :]
    if not blob.startswith(head) or not keys.is_ed25519_public(public):
        raise Refused("authorized_keys_invalid", "key")
    return public, words[2] if len(words) > 2 else ""


def api_key_hash(text: str) -> bytes:
    if not _API_KEY.fullmatch(text):
        raise Refused("api_key_unknown", "form")
    return hashlib.sha256(text.encode()).digest()


def api_key(random: bytes) -> str:
    """The key that these random bytes give; there must be enough of them."""
    drawn = [BASE62[byte % 62] for byte in random if byte < 248]
    return "kin_" + "".join(drawn[:32])
