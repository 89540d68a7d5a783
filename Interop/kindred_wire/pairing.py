"""Pairing: rooms, codes, the handshake and its safety number (docs/protocol/links.md, "Pairing")."""

import base64
import hashlib
import re

from . import fields as f
from .encodings import Refused, canonical, parse_canonical
from .noise_peer import NNPSK0, Peer

PAIR_LABEL = b"kindred/pair/v1"
SAS_LABEL = b"kindred/sas/v1"
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def room(token: bytes) -> str:
    return hashlib.sha256(PAIR_LABEL + token).hexdigest()


def psk(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def peer(entered: bool, token: bytes, ephemeral: bytes | None = None) -> Peer:
    return Peer(NNPSK0, entered, PAIR_LABEL, psk=psk(token), ephemeral=ephemeral)


def safety_number(handshake_hash: bytes) -> str:
    digits = hashlib.sha256(SAS_LABEL + handshake_hash).hexdigest()[:16]
    return " ".join(digits[at : at + 4] for at in range(0, 16, 4))


_host = r"(?:(?!\[)[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])"
_port = r"(?::[1-9][0-9]{0,4})?"
_octet = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_loopback = rf"(?:localhost|\[::1\]|127\.{_octet}\.{_octet}\.{_octet})"
_server = f.matching(rf"https://{_host}{_port}|http://{_loopback}{_port}")


def server(value) -> bool:
    if not (_server(value) and len(value) <= 256):
        return False
    port = value.rsplit("]", 1)[-1].rsplit("/", 1)[-1].partition(":")[2]
    return port == "" or int(port) <= 65_535


CODE = {"s": server, "t": f.hex_of(16)}


def code(address: str, token: bytes) -> str:
    return encode(canonical({"s": address, "t": token.hex()}))


def decode_code(text: str) -> tuple[str, bytes]:
    """The server and the token."""
    compact = "".join(letter for letter in text if ord(letter) > 0x20)
    if len(text.encode()) > 512:
        raise Refused("pairing_code_invalid", "too long")
    value = parse_canonical(decode(compact))
    f.require_fields(value, CODE)
    return value["s"], bytes.fromhex(value["t"])


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise Refused("pairing_code_invalid", "not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data) != text:
        raise Refused("pairing_code_invalid", "bits that mean nothing")
    return data
