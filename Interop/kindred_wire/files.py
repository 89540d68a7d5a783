"""Sealed files and what tells of them (docs/protocol/files.md)."""

import struct

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from . import fields as f
from .encodings import Refused, parse_canonical
from .messages import meta

DOMAIN = b"kindred/file/v1"
CHUNK = 65_536
NONCE = 24
TAG = 16
OVERHEAD = NONCE + TAG
SEALED_CHUNK = CHUNK + OVERHEAD
_HIDDEN = (
    list(range(0x20)) + [0x2F] + list(range(0x7F, 0xA0)) + [0x61C, 0x200E, 0x200F, 0xFEFF]
    + list(range(0x2028, 0x202F)) + list(range(0x2066, 0x206A))
)


def file_name(value) -> bool:
    if type(value) is not str or not 1 <= len(value.encode("utf-8", "surrogatepass")) <= 255:
        return False
    return value not in (".", "..") and not any(ord(letter) in _HIDDEN for letter in value)


MESSAGE = {
    "v": f.exactly(1),
    "file": f.ulid,
    "name": file_name,
    "size": f.integer(),
    "sha256": f.hash32,
    "key": f.hash32,
    "expires_at": f.either(f.time, f.null),
    "media_type": f.either(f.matching("[ -~]{1,128}"), f.null),
    "message": f.either(f.text(4096), f.null),
}


def decode_message(data: bytes) -> dict:
    value = parse_canonical(data)
    f.require_fields(value, MESSAGE)
    return value


ENCLOSURE_TYPE = "application/vnd.kindred.enclosed+json"
MAX_ENCLOSED = 2 << 20
ENCLOSURE = {
    "v": f.exactly(1),
    "file": f.ulid,
    "size": f.integer(1, MAX_ENCLOSED),
    "sha256": f.hash32,
    "key": f.hash32,
}


def enclosed_type(value) -> bool:
    return f.matching("[ -~]{1,128}")(value) and not value.startswith("application/vnd.kindred.")


CONTENT = {
    "v": f.exactly(1),
    "content_type": enclosed_type,
    "meta": f.either(meta, f.null),
    "body": f.text(MAX_ENCLOSED),
}


def decode_enclosure(data: bytes) -> dict:
    value = parse_canonical(data)
    f.require_fields(value, ENCLOSURE)
    return value


def decode_content(data: bytes) -> dict:
    value = parse_canonical(data)
    f.require_fields(value, CONTENT)
    return value


def chunks(size: int) -> int:
    return max(1, -(-size // CHUNK))


def sealed_size(size: int) -> int:
    return size + chunks(size) * OVERHEAD


def is_sealed_size(size: int) -> bool:
    """Whether a sealed file can have so many bytes."""
    whole, rest = divmod(size, SEALED_CHUNK)
    return (whole > 0 and rest == 0) or rest > OVERHEAD or size == OVERHEAD


def additional_data(mesh: str, file: str, index: int, last: bool) -> bytes:
    return DOMAIN + b"\0" + file.encode() + struct.pack(">Q?", index, last) + mesh.encode()


def seal(data: bytes, key: bytes, mesh: str, file: str, nonces) -> bytes:
    """The whole sealed file; `nonces` gives one for each chunk."""
    count = chunks(len(data))
    sealed = b""
    for index in range(count):
        part, nonce = data[index * CHUNK : (index + 1) * CHUNK], nonces[index]
        bound = additional_data(mesh, file, index, index == count - 1)
        sealed += nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(part, bound, nonce, key)
    return sealed


def open_sealed(sealed: bytes, size: int, key: bytes, mesh: str, file: str) -> bytes:
    if len(sealed) != sealed_size(size):
        raise Refused("file_tampered", "length")
    count, data = chunks(size), b""
    for index in range(count):
        chunk = sealed[index * SEALED_CHUNK : (index + 1) * SEALED_CHUNK]
        bound = additional_data(mesh, file, index, index == count - 1)
        try:
            data += crypto_aead_xchacha20poly1305_ietf_decrypt(chunk[NONCE:], bound, chunk[:NONCE], key)
        except CryptoError as error:
            raise Refused("file_tampered", str(index)) from error
    return data
