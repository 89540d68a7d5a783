"""Sealed messages, receipts and the request fingerprint (docs/protocol/messages.md)."""

import hashlib
import hmac

from nacl.bindings import crypto_box_beforenm, crypto_box_easy_afternm, crypto_box_open_easy_afternm
from nacl.exceptions import CryptoError

from . import fields as f
from . import keys
from .chain import is_chain
from .encodings import Refused, canonical, parse_canonical
from .statements import domain, is_succession, signed

NONCE_BYTES = 24
MAX_META_LEVELS = 8
RECEIPT_TYPE = "application/vnd.kindred.receipt+json"


def _recipient(value) -> bool:
    return f.ulid(value) or (type(value) is str and value[:1] == "#" and f.topic_name(value[1:]))


def meta(value) -> bool:
    return f.any_object(value) and _levels(value) <= MAX_META_LEVELS


def _levels(value) -> int:
    """How many arrays and objects stand inside each other, the outermost included."""
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(_levels, value.values() if isinstance(value, dict) else value), default=0)


INNER = {
    "v": f.exactly(1),
    "mesh": f.mesh,
    "sender": f.ulid,
    "sender_name": f.device_name,
    "recipient": _recipient,
    "client_message_id": f.client_message_id,
    "line": f.line,
    "seq": f.integer(1),
    "priority": f.priority,
    "expires_at": f.either(f.time, f.null),
    "created_at": f.time,
    "reply_to": f.either(f.client_message_id, f.null),
    "mentions": f.either(f.array_of(f.device_name), f.null),
    "content_type": f.matching("[ -~]{1,128}"),
    "meta": f.either(meta, f.null),
    "body": f.string,
    "revocation_head": f.revocation_head,
    "sig": f.signature,
}
RECEIPT = {
    "at": f.time,
    "ids": f.array_of(f.client_message_id, 1, 256),
    "kind": f.exactly("delivered", "read"),
}
REFUSAL = RECEIPT | {"kind": f.exactly("refused"), "reason": f.feature}
_SECRETS = ("record_key", "box_secret")
WALLET = {
    "address": f.wallet_address,
    "route_id": f.text(64),
    "box_public": f.key,
    "record_key": f.either(f.hash32, f.null),
    "box_secret": f.either(f.hash32, f.null),
}
SUCCESSION = {"succession": is_succession, "owner": is_chain, "chain": is_chain, "wallet": f.any_object}
FINGERPRINTED = {
    "body_sha256": f.hash32,
    "client_message_id": f.client_message_id,
    "expires_in": f.either(f.integer(), f.null),
    "kind": f.exactly("dm", "topic"),
    "mentions": INNER["mentions"],
    "meta": INNER["meta"],
    "priority": f.priority,
    "ref": f.either(f.ulid, f.topic_name),
    "reply_to": INNER["reply_to"],
    "v": f.exactly(1),
}


def decode_inner(data: bytes) -> dict:
    """The inner form in `data`, or Refused; its signature is checked by `verifies`."""
    value = parse_canonical(data)
    f.require_fields(value, INNER)
    return value


def receipt_of(inner: dict) -> dict:
    """The receipt that a message of the receipt type is, or Refused."""
    if inner["content_type"] != RECEIPT_TYPE:
        raise Refused("receipt_invalid", "of another content type")
    if inner["priority"] != "low" or not f.ulid(inner["client_message_id"]) or not f.ulid(inner["recipient"]):
        raise Refused("receipt_invalid", "a receipt is a DM of priority low with a ULID as id")
    return decode_receipt(inner["body"].encode())


def decode_receipt(data: bytes) -> dict:
    value = parse_canonical(data)
    is_refusal = isinstance(value, dict) and value.get("kind") == "refused"
    f.require_fields(value, REFUSAL if is_refusal else RECEIPT)
    return value


def decode_succession(data: bytes) -> dict:
    """The body by which a device learns of its place in a new wallet's mesh, or Refused; its statements are not verified."""
    value = parse_canonical(data)
    f.require_fields(value, SUCCESSION)
    f.require_fields(value["wallet"], WALLET)
    if len({value["wallet"][name] is None for name in _SECRETS}) != 1:
        raise Refused("field_invalid", "record_key and box_secret are there both, or neither")
    return value


def sign_inner(value: dict, seed: bytes) -> dict:
    return signed("message", value, seed)


def verifies(value: dict, public: bytes) -> bool:
    data = canonical({name: item for name, item in value.items() if name != "sig"})
    return keys.verifies(public, bytes.fromhex(value["sig"]), domain("message"), data)


def padded_length(length: int) -> int:
    """At least one byte more: a multiple of 64 if that is at most 1,024, else a multiple of 1,024."""
    small = (length // 64 + 1) * 64
    return small if small <= 1024 else (length // 1024 + 1) * 1024


def pad(data: bytes) -> bytes:
    """ISO/IEC 7816-4: 0x80, then zeros."""
    return data + b"\x80" + bytes(padded_length(len(data)) - len(data) - 1)


def unpad(data: bytes) -> bytes:
    """Refuses any padding that `pad` would not have made."""
    plain = data.rstrip(b"\0")
    if not plain.endswith(b"\x80") or padded_length(len(plain) - 1) != len(data):
        raise Refused("padding_invalid", "not padded to the block size")
    return plain[:-1]


def seal(inner: bytes, nonce: bytes, sender_secret: bytes, recipient_public: bytes) -> bytes:
    """nonce ‖ crypto_box_easy of the padded inner form."""
    shared = crypto_box_beforenm(recipient_public, sender_secret)
    return nonce + crypto_box_easy_afternm(pad(inner), nonce, shared)


def open_sealed(body: bytes, recipient_secret: bytes, sender_public: bytes) -> bytes:
    """The inner form's bytes, or Refused."""
    if len(body) < NONCE_BYTES + 16:
        raise Refused("sealed_too_short", f"{len(body)} bytes")
    if not keys.is_x25519_public(sender_public):
        raise Refused("key_invalid", "not an X25519 public key")
    shared = crypto_box_beforenm(sender_public, recipient_secret)
    try:
        return unpad(crypto_box_open_easy_afternm(body[NONCE_BYTES:], body[:NONCE_BYTES], shared))
    except CryptoError as error:
        raise Refused("sealed_does_not_open", "wrong key or changed bytes") from error


def request_fingerprint(key: bytes, request: dict) -> str:
    """HMAC-SHA256 over the canonical JSON of what was asked to be sent."""
    f.require_fields(request, FINGERPRINTED)
    return hmac.new(key, canonical(request), hashlib.sha256).hexdigest()
