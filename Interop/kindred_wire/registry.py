"""The blind relay's keys, records and blobs (docs/protocol/registry.md)."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from . import fields as f
from . import statements
from .chain import MAX_AHEAD, Device, is_chain
from .chain import verify as verify_chain
from .encodings import Refused, base58_encode, canonical, parse_json
from .keys import x25519_public

MAX_BLOB = 8192
NONCE_BYTES = 12
SEALED_PREFIX = b"KB1"
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.%a-z]+\]|[^\s:/\[\]]+):([1-9][0-9]{0,4})")


def _url(value) -> bool:
    if type(value) is not str:
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("ws", "wss", "http", "https") and bool(parts.hostname)


def _host_port(value) -> bool:
    match = _HOST_PORT.fullmatch(value) if type(value) is str else None
    return match is not None and int(match[2]) <= 65_535


SHARED = {
    "v": f.exactly(1),
    "name": f.string,
    "host_pub": f.key,
    "signal_url": _url,
    "ts": f.integer(),
}
CERTIFIED = SHARED | {
    "machine_id": f.machine_id,
    "version": f.text(32),
    "chain": is_chain,
    "revocation_head": f.revocation_head,
    "lan": f.either(f.array_of(_host_port), f.null),
    "capabilities": f.capabilities,
    "sig": f.signature,
}


@dataclass(frozen=True)
class RegistryKeys:
    record_key: bytes
    box_secret: bytes
    box_public: bytes
    route_id: str


def derive(entropy: bytes) -> RegistryKeys:
    """The registry's keys from a phrase's BIP39 entropy (16 to 32 bytes)."""
    record_key = _hkdf(entropy, "miranda/registry/v1", "aead-key")
    box_secret = _hkdf(entropy, "kindred/registry/v1", "box")
    route = _hkdf(entropy, "kindred/registry/v1", "route")
    return RegistryKeys(record_key, box_secret, x25519_public(box_secret), base58_encode(route))


def _hkdf(entropy: bytes, salt: str, info: str) -> bytes:
    """RFC 5869."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt.encode(), info=info.encode()).derive(entropy)


def decode_record(data: bytes) -> dict:
    """A record; without a `chain` it is the other product's, uncertified. Unknown fields are let through."""
    value = parse_json(data)
    fields = CERTIFIED if type(value) is dict and "chain" in value else SHARED
    if type(value) is dict:
        canonical(value)
        f.require_fields({name: item for name, item in value.items() if name in fields}, fields)
    else:
        raise Refused("field_invalid", "a record is an object")
    return value


def seal_record(record: bytes, record_key: bytes, machine_id: str, nonce: bytes) -> bytes:
    """nonce ‖ ChaCha20-Poly1305 with the ASCII machine_id as additional data."""
    return nonce + ChaCha20Poly1305(record_key).encrypt(nonce, record, machine_id.encode("ascii"))


def open_blob(blob: bytes, registry: RegistryKeys, machine_id: str) -> bytes:
    """The record in a blob, of either kind."""
    return _opened(blob, registry, machine_id)[0]


def _opened(blob: bytes, registry: RegistryKeys, machine_id: str) -> tuple[bytes, bool]:
    """The record in a blob, and whether only who has the phrase can have sealed it."""
    if len(blob) > MAX_BLOB:
        raise Refused("blob_too_large", f"{len(blob)} bytes")
    if blob.startswith(SEALED_PREFIX):
        try:
            return SealedBox(PrivateKey(registry.box_secret)).decrypt(blob[len(SEALED_PREFIX) :]), False
        except (CryptoError, ValueError, TypeError):
            pass  # a nonce may begin with the same three bytes
    if len(blob) < NONCE_BYTES + 16:
        raise Refused("blob_does_not_open", "too short")
    nonce, sealed = blob[:NONCE_BYTES], blob[NONCE_BYTES:]
    try:
        return ChaCha20Poly1305(registry.record_key).decrypt(nonce, sealed, machine_id.encode("ascii")), True
    except InvalidTag as error:
        raise Refused("blob_does_not_open", "wrong key, slot or bytes") from error


def accept(blob: bytes, registry: RegistryKeys, slot: str, mesh: str, now: int, newest_ts: int = 0):
    """(record, Device or None) of the blob in a slot, or Refused; a Device if the record is certified.

    `mesh` is the reader's, `now` milliseconds, `newest_ts` the largest `ts` (seconds) seen from that machine.
    Revocations are the caller's to apply.
    """
    opened, by_family = _opened(blob, registry, slot)
    record = decode_record(opened)
    _require(record["ts"] >= newest_ts, "record_older")
    _require(record["ts"] * 1000 <= now + MAX_AHEAD, "record_dated_ahead")
    if "chain" not in record:
        _require(by_family, "record_uncertified")
        return record, None
    _require(record["machine_id"] == slot, "record_of_another_slot")
    return record, _verify(record, mesh, now)


def _verify(record: dict, mesh: str, now: int) -> Device:
    """The keys are those after the chain's rotations; the certificate names the machine."""
    device = verify_chain(record["chain"], mesh, now)
    certificate = next(one for one in record["chain"] if "machine_id" in one)
    _require(certificate["machine_id"] == record["machine_id"], "record_of_another_machine")
    _require(device.x25519 == record["host_pub"], "record_host_pub")
    _require(statements.verifies("record", record, device.ed25519), "record_signature")
    return device


def _require(holds: bool, code: str) -> None:
    if not holds:
        raise Refused(code, "the record is dropped")


def registration_header(registration_secret: bytes, origin: str) -> str:
    """The value of X-Kin-Registration-Secret."""
    return hmac.new(registration_secret, origin.encode(), hashlib.sha256).hexdigest()
