"""Frames between daemon and broker (docs/protocol/mesh.md)."""

from dataclasses import dataclass

from . import fields as f
from .chain import is_chain
from .encodings import Refused, canonical, parse_canonical
from .statements import is_credential, is_revocation_proof, is_settings, is_succession
from .topics import is_topic_proof

MAX_HEADER = 16_384

CLIENT_ACK_RESULTS = ("stored", "duplicate", "stale", "refused")
NACK_CODES = {
    "unknown_member": True,
    "out_of_order": True,
    "rate_limited": True,
    "storage_full": True,
    "storage_failed": True,
    "mesh_succeeded": True,
    "epoch_stale": True,
    "expired": False,
    "member_revoked": False,
    "unknown_topic": False,
    "epoch_missing": False,
    "epoch_ahead": False,
    "too_large": False,
    "idempotency_key_reused": False,
}


def _client_ack_result(value) -> bool:
    return (
        type(value) is list and len(value) == 2 and f.integer()(value[0]) and f.exactly(*CLIENT_ACK_RESULTS)(value[1])
    )


def _destination(value) -> bool:
    return f.having({"kind": f.exactly("dm"), "ref": f.ulid})(value) or f.having(
        {"kind": f.exactly("topic"), "ref": f.topic_name}
    )(value)


def _supported(value) -> bool:
    feature = f.having({"params": f.any_object})
    return type(value) is dict and all(f.feature(name) and feature(item) for name, item in value.items())


_FEATURES = f.array_of(f.feature, unique=True)
_CODE = f.matching("[a-z0-9_]{1,64}")

_DELIVERED = {
    "client_message_id": f.client_message_id,
    "destination": _destination,
    "line": f.line,
    "priority": f.priority,
    "seq": f.integer(1),
}
_TOPIC_REQUEST = {"request": f.ulid, "topic": f.topic_name}
_PUSH = _DELIVERED | {"broker_message_id": f.integer(), "sender": f.ulid, "sent_at": f.time}

# type: (fields, optional fields)
FORMS = {
    "challenge": ({"nonce": f.hash32, "protocol_version": f.exactly(1), "server_time": f.time}, {}),
    "hello": (
        {
            "capabilities": f.capabilities,
            "chain": is_chain,
            "mesh": f.mesh,
            "revocation_head": f.revocation_head,
            "signature": f.signature,
            "timestamp": f.time,
        },
        {},
    ),
    "feature_negotiation_request": ({"optional": _FEATURES, "require": _FEATURES}, {}),
    "feature_negotiation_response": ({"missing_required": _FEATURES, "supported": _supported}, {}),
    "ready": ({"member": f.ulid, "session": f.hex_of(8), "store": f.hex_of(16), "last_message_id": f.integer()}, {}),
    "member": ({"chain": is_chain, "online": f.boolean}, {}),
    "members_end": ({"version": f.integer()}, {}),
    "member_put": ({"chain": is_chain}, {}),
    "member_joined": ({"chain": is_chain, "online": f.boolean, "version": f.integer()}, {}),
    "member_left": ({"member": f.ulid, "version": f.integer()}, {}),
    "member_keypair_rotated": ({"chain": is_chain, "member": f.ulid, "version": f.integer()}, {}),
    "member_revoked": ({"member": f.ulid, "version": f.integer()}, {}),
    "peer_join": ({"member": f.ulid, "version": f.integer()}, {}),
    "peer_leave": ({"member": f.ulid, "version": f.integer()}, {}),
    "send": (_DELIVERED | {"request_fingerprint": f.hash32}, {"epoch": f.epoch, "expires_at": f.time}),
    "ack": (
        {
            "broker_message_id": f.integer(),
            "client_message_id": f.client_message_id,
            "duplicate": f.boolean,
            "history_id": f.integer(),
        },
        {"first_seen_at": f.time},
    ),
    "nack": (
        {"client_message_id": f.client_message_id, "code": f.exactly(*NACK_CODES), "retryable": f.boolean},
        {"retry_after_ms": f.integer(), "stored_fingerprint": f.hex_of(8)},
    ),
    "push": (_PUSH, {"epoch": f.epoch}),
    "client_ack": ({"results": f.array_of(_client_ack_result, 1, 256)}, {}),
    "history": (
        {"limit": f.integer(1, 256), "request": f.ulid},
        {"before": f.integer(), "dm": f.ulid, "topic": f.topic_name},
    ),
    "history_item": (_PUSH | {"request": f.ulid}, {"epoch": f.epoch}),
    "history_end": ({"request": f.ulid}, {"before": f.integer()}),
    "credential": ({"credential": is_credential}, {}),
    "revocations_get": ({"have": f.array_of(f.hash32, most=256)}, {}),
    "revocations": ({"entries": f.array_of(is_revocation_proof, most=16)}, {}),
    "succession": ({"drained": f.boolean, "owner": is_chain, "succession": is_succession}, {}),
    "settings": ({"owner": is_chain, "settings": is_settings}, {}),
    "topic_create": (_TOPIC_REQUEST, {"proof": is_topic_proof}),
    "topic_join": (_TOPIC_REQUEST, {"since": f.time}),
    "topic_leave": (_TOPIC_REQUEST, {}),
    "topic_set": ({"request": f.ulid, "proof": is_topic_proof}, {}),
    "topic_rekey": (_TOPIC_REQUEST | {"counter": f.integer(1)}, {}),
    "topic_members_get": (_TOPIC_REQUEST, {"after": f.ulid}),
    "topic": (
        {"topic": f.topic_name, "joined": f.boolean, "min_epoch": f.integer(), "epoch": f.integer()},
        {"proof": is_topic_proof},
    ),
    "topic_gone": ({"topic": f.topic_name}, {}),
    "topics_end": ({}, {}),
    "topic_answer": ({"request": f.ulid}, {"code": _CODE}),
    "topic_members": (
        {"request": f.ulid, "members": f.array_of(f.ulid, most=256, unique=True), "more": f.boolean},
        {},
    ),
    "error": ({"code": _CODE, "message": f.text(512)}, {"ref": _CODE}),
}
WITH_BODY = ("send", "push", "history_item")


class FrameRefused(Refused):
    """`code` is the `error` code the broker answers: invalid_message or unknown_message_type."""


@dataclass(frozen=True)
class Frame:
    header: dict
    body: bytes = b""

    @property
    def type(self) -> str:
        return self.header["type"]


def encode(frame: Frame) -> bytes:
    header = canonical(frame.header)
    return len(header).to_bytes(4, "big") + header + frame.body


def decode(data: bytes, inline_bytes: int = 65_536) -> Frame:
    """`inline_bytes` is the parameter of the feature max_payload that was agreed on."""
    length = int.from_bytes(data[:4], "big")
    if len(data) < 4 or length > min(MAX_HEADER, len(data) - 4) or len(data) > inline_bytes + MAX_HEADER:
        raise FrameRefused("invalid_message", "the lengths do not fit")
    try:
        header = parse_canonical(data[4 : 4 + length])
    except Refused as error:
        raise FrameRefused("invalid_message", str(error)) from error
    if type(header) is not dict or type(header.get("type")) is not str:
        raise FrameRefused("invalid_message", "no type")
    if header["type"] not in FORMS:
        raise FrameRefused("unknown_message_type", "this type is not known")
    frame = Frame(header, data[4 + length :])
    _check(frame, inline_bytes)
    return frame


def _check(frame: Frame, inline_bytes: int) -> None:
    header = frame.header
    required, optional = FORMS[frame.type]
    try:
        f.require_fields({name: item for name, item in header.items() if name != "type"}, required, optional)
    except Refused as error:
        raise FrameRefused("invalid_message", str(error)) from error
    if frame.type in WITH_BODY:
        holds = 1 <= len(frame.body) <= inline_bytes and (
            "epoch" not in header or header["destination"]["kind"] == "topic"
        )
    else:
        holds = not frame.body and _RELATIONS.get(frame.type, lambda _: True)(header)
    if not holds:
        raise FrameRefused("invalid_message", "the fields do not fit each other, or the body")


def _ack_relation(header) -> bool:
    ids_equal = header["broker_message_id"] == header["history_id"]
    return ids_equal and header["duplicate"] == ("first_seen_at" in header)


def _nack_relation(header) -> bool:
    code = header["code"]
    return (
        header["retryable"] == NACK_CODES[code]
        and ("stored_fingerprint" in header) == (code == "idempotency_key_reused")
        and ("retry_after_ms" not in header or code in ("rate_limited", "storage_full"))
    )


def _of_its_topic(header) -> bool:
    """The list of a proof is of the topic that the frame names."""
    return "proof" not in header or header["proof"]["list"]["topic"] == header["topic"]


_RELATIONS = {
    "ack": _ack_relation,
    "nack": _nack_relation,
    "history": lambda header: ("dm" in header) != ("topic" in header),
    "topic_create": _of_its_topic,
    "topic": _of_its_topic,
}
