"""What two who are paired say so that one certifies the other (docs/protocol/joining.md, "Over a pairing room")."""

from . import fields as f
from .encodings import Refused, canonical, parse_canonical

MAX_BYTES = 65_519
MAX_SEALED = 16_432

JOIN_REQUEST = {
    "v": f.exactly(1),
    "machine_id": f.machine_id,
    "ed25519": f.key,
    "x25519": f.key,
    "name": f.either(f.null, f.device_name),
    "at": f.time,
    "sig": f.signature,
}

_purpose = f.exactly("device", "mesh")
_sealed = f.matching("(?:[0-9a-f]{2})+")

FORMS = {
    "ask": {"for": _purpose, "request": f.having(JOIN_REQUEST)},
    "offer": {
        "for": _purpose,
        "mesh": f.mesh,
        "role": f.role,
        "scopes": f.scopes,
        "expires_at": f.either(f.null, f.time),
    },
    "confirmed": {},
    "approval": {"sealed": lambda value: _sealed(value) and len(value) <= 2 * MAX_SEALED},
    "done": {},
    "refused": {"code": f.feature},
}


def encode(kind: str, **members) -> bytes:
    message = canonical({"v": 1, "type": kind} | members)
    assert decode(message)["type"] == kind
    return message


def decode(data: bytes) -> dict:
    if len(data) > MAX_BYTES:
        raise Refused("pairing_malformed", "too long")
    value = parse_canonical(data)
    kind = value.get("type") if type(value) is dict else None
    if type(kind) is not str or kind not in FORMS:
        raise Refused("pairing_malformed", "not a known type")
    f.require_fields(value, {"v": f.exactly(1), "type": f.exactly(kind)} | FORMS[kind])
    return value
