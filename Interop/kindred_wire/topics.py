"""Topics: who may use one, the lists of private ones, keys and posts (docs/protocol/mesh.md, "Topics"; messages.md)."""

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from . import fields as f
from . import statements
from .chain import MAX_AHEAD, is_chain, split, verify
from .encodings import Refused, canonical, parse_canonical
from .messages import NONCE_BYTES, decode_inner, pad, unpad, verifies

POST_DOMAIN = "kindred/topic-post/v1"
EVERYBODY = "all"
KEYS_TYPE = "application/vnd.kindred.topic-keys+json"
KEYS_GET_TYPE = "application/vnd.kindred.topic-keys-get+json"
PROFILE_TYPE = "application/vnd.kindred.profile+json"
STATUSES = ("idle", "working", "dnd")

KEYS = {
    "topic": f.topic_name,
    "proof": f.either(lambda value: is_topic_proof(value), f.null),
    "keys": f.array_of(f.having({"epoch": f.epoch, "key": f.hash32}), most=64),
}
KEYS_GET = {"topic": f.topic_name, "epoch": f.either(f.epoch, f.null)}
PROFILE = {
    "name": f.device_name,
    "summary": f.either(f.text(512), f.null),
    "status": f.exactly(*STATUSES),
    "visible": f.boolean,
    "at": f.time,
}
BODIES = {"topic-keys": KEYS, "topic-keys-get": KEYS_GET, "profile": PROFILE}


def decode_body(kind: str, data: bytes) -> dict:
    """The body of what daemons say to each other about topics and themselves, or Refused."""
    value = parse_canonical(data)
    f.require_fields(value, BODIES[kind])
    proof = value.get("proof")
    if proof and proof["list"]["topic"] != value["topic"]:
        raise Refused("invalid_message", "proof: of another topic")
    return value


# Lists


def is_topic_list(value) -> bool:
    try:
        statements.check("topic", value)
    except Refused:
        return False
    return True


def is_topic_proof(value) -> bool:
    """`{list, signer}`, each of its form; nothing is verified."""
    return f.having({"list": is_topic_list, "signer": is_chain})(value)


def verify_proof(proof: dict, mesh: str, now: int) -> None:
    """Whether who may say it says who is in the topic, at `now` (milliseconds); else Refused with the fault."""
    told, signer = proof["list"], proof["signer"]
    _, certificate, _ = split(signer)
    _require(told["mesh"] == mesh, "wrong_mesh")
    _require(certificate["member"] == told["member"], "signer_invalid")
    try:
        device = verify(signer, mesh, now)
    except Refused as error:
        raise Refused("signer_invalid", str(error)) from error
    _require(allow_setting(certificate, told), "not_entitled")
    _require(certificate["issued_at"] <= told["at"] <= now + MAX_AHEAD, "wrong_time")
    _require(statements.verifies("topic", told, device.ed25519), "bad_signature")


def newest_list(known: list[dict]) -> dict:
    """Of valid lists of one creator the one that holds."""
    return max(known, key=lambda value: (value["seq"], value["at"], canonical(value)))


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise Refused(fault, "the list is not believed")


# Rights


def allow(certificate: dict, topic: str, members: list[str] | None = None) -> bool:
    """Whether the bearer may read and write `topic`; `members` are those of a private topic's list."""
    if members is not None:
        return certificate["member"] in members
    named = [scope.removeprefix("topic:") for scope in certificate["scopes"] if scope.startswith("topic:")]
    if topic in named:
        return True
    return certificate["role"] != "guest" and (not named or topic == EVERYBODY)


def allow_setting(certificate: dict, known: dict) -> bool:
    """Whether the bearer may sign a list after `known`."""
    return certificate["member"] == known["creator"] or certificate["role"] == "owner"


# Posts


def additional_data(mesh: str, topic: str, epoch: dict, sender: str) -> bytes:
    return canonical({"domain": POST_DOMAIN, "mesh": mesh, "topic": topic, "epoch": epoch, "sender": sender})


def seal_post(inner: bytes, nonce: bytes, key: bytes, mesh: str, topic: str, epoch: dict, sender: str) -> bytes:
    """nonce ‖ XChaCha20-Poly1305 of the padded inner form."""
    bound = additional_data(mesh, topic, epoch, sender)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(pad(inner), bound, nonce, key)


def open_post(body: bytes, header: dict, keys: list[bytes], mesh: str, sender_keys: list[str]) -> dict:
    """The inner form that `body` holds under one of `keys`, or Refused; `header` is that of the push.

    `sender_keys` are the Ed25519 keys of the sender's chain."""
    if header["destination"]["kind"] != "topic" or "epoch" not in header:
        raise Refused("misaddressed", "no post")
    topic, sender = header["destination"]["ref"], header["sender"]
    bound = additional_data(mesh, topic, header["epoch"], sender)
    inner = _inner(_opened(body, bound, keys))
    same = all(inner[name] == header[name] for name in ("sender", "client_message_id", "line", "seq", "priority"))
    if not same or inner["mesh"] != mesh or inner["recipient"] != f"#{topic}":
        raise Refused("misaddressed", "the inside says otherwise than the header")
    if not any(verifies(inner, bytes.fromhex(key)) for key in sender_keys):
        raise Refused("bad_signature", "no key of the sender's chain signed it")
    return inner


def _opened(body: bytes, bound: bytes, keys: list[bytes]) -> bytes:
    if len(body) < NONCE_BYTES + 16:
        raise Refused("does_not_open", f"{len(body)} bytes")
    for key in keys:
        try:
            padded = crypto_aead_xchacha20poly1305_ietf_decrypt(body[NONCE_BYTES:], bound, body[:NONCE_BYTES], key)
        except CryptoError:
            continue
        return padded
    raise Refused("does_not_open", "none of the keys")


def _inner(padded: bytes) -> dict:
    try:
        return decode_inner(unpad(padded))
    except Refused as error:
        raise Refused("malformed", str(error)) from error
