"""Signed statements, field by field (docs/protocol/statements.md)."""

import hashlib

from . import fields as f
from . import keys
from .encodings import Refused, canonical, parse_canonical

MAX_BYTES = 4096
SIGNATURES = ("sig", "sig_old", "sig_new", "sig_member")

CERTIFICATE = {
    "v": f.exactly(1),
    "mesh": f.mesh,
    "member": f.ulid,
    "machine_id": f.machine_id,
    "ed25519": f.key,
    "x25519": f.key,
    "role": f.role,
    "scopes": f.scopes,
    "issued_at": f.time,
    "expires_at": f.either(f.time, f.null),
    "issuer": f.either(f.exactly("wallet"), f.ulid),
    "sig": f.signature,
}
ISSUER = {
    "v": f.exactly(1),
    "mesh": f.mesh,
    "issuer": f.ulid,
    "ed25519": f.key,
    "max_role": f.role,
    "scopes": f.array_of(f.exactly("issue", "revoke"), unique=True),
    "not_before": f.time,
    "expires_at": f.either(f.time, f.null),
    "sig": f.signature,
}
ROTATION = {
    "v": f.exactly(1),
    "mesh": f.mesh,
    "member": f.ulid,
    "seq": f.integer(1),
    "old_ed25519": f.key,
    "new_ed25519": f.key,
    "new_x25519": f.key,
    "at": f.time,
    "sig_old": f.signature,
    "sig_new": f.signature,
}
REVOCATION = {
    "v": f.exactly(1),
    "mesh": f.mesh,
    "author": f.either(f.exactly("wallet"), f.ulid),
    "seq": f.integer(1),
    "prev": f.either(f.hash32, f.null),
    "target": f.ulid,
    "cutoff": f.time,
    "keep": f.array_of(f.hash32),
    "reason": f.text(200),
    "at": f.time,
    "sig": f.signature,
}
SUCCESSION = {
    "v": f.exactly(1),
    "mesh": f.mesh,
    "successor": f.wallet_address,
    "member": f.ulid,
    "at": f.time,
    "sig_old": f.signature,
    "sig_new": f.signature,
    "sig_member": f.signature,
}
SETTINGS = {
    "v": f.exactly(1),
    "mesh": f.mesh,
    "seq": f.integer(1),
    "concurrent_policy": f.exactly("prefer_newest", "prefer_oldest", "allow_concurrent"),
    "member": f.ulid,
    "at": f.time,
    "sig": f.signature,
}
HELLO = {
    "v": f.exactly(1),
    "origin": f.matching(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?"),
    "mesh": f.mesh,
    "nonce": f.hash32,
    "chain_sha256": f.hash32,
    "revocation_head": f.revocation_head,
    "capabilities": f.capabilities,
    "timestamp": f.time,
}
CREDENTIAL = {
    "v": f.exactly(1),
    "mesh": f.mesh,
    "credential": f.ulid,
    "ed25519": f.key,
    "role": f.exactly("machine", "guest"),
    "uses": f.integer(1, 10_000),
    "not_before": f.time,
    "expires_at": f.time,
    "sig": f.signature,
}
TOPIC = {
    "v": f.exactly(1),
    "mesh": f.mesh,
    "topic": f.topic_name,
    "creator": f.ulid,
    "seq": f.integer(1),
    "members": f.array_of(f.ulid, most=256, unique=True),
    "member": f.ulid,
    "at": f.time,
    "sig": f.signature,
}
FORMS = {
    "credential": CREDENTIAL,
    "certificate": CERTIFICATE,
    "issuer": ISSUER,
    "rotation": ROTATION,
    "revocation": REVOCATION,
    "succession": SUCCESSION,
    "settings": SETTINGS,
    "hello": HELLO,
    "topic": TOPIC,
}


def domain(name: str) -> str:
    return f"kindred/{name}/v1"


def decode(kind: str, data: bytes) -> dict:
    """The statement in `data`, or Refused. Signatures and keys are for chain.py."""
    _require_size(kind, len(data))
    value = parse_canonical(data)
    check(kind, value)
    return value


def check(kind: str, value) -> None:
    """`value` has exactly the form of `kind`."""
    f.require_fields(value, FORMS[kind])
    if kind == "certificate" and value["role"] == "guest" and value["expires_at"] is None:
        raise Refused("field_invalid", "a guest's certificate expires")
    if kind == "revocation" and (value["seq"] == 1) != (value["prev"] is None):
        raise Refused("field_invalid", "prev is null for the first entry of an author and for no other")
    if kind == "succession" and value["mesh"].partition("@")[0] != "home":
        raise Refused("field_invalid", "only a home mesh is succeeded")
    if kind == "succession" and value["mesh"].partition("@")[2] == value["successor"]:
        raise Refused("field_invalid", "no wallet succeeds itself")
    if kind == "hello" and _has_default_port(value["origin"]):
        raise Refused("field_invalid", "the default port is left out of an origin")
    _require_size(kind, len(canonical(value)))


def _require_size(kind: str, length: int) -> None:
    """A topic list never travels alone: the frame that carries it bounds it."""
    if kind != "topic" and length > MAX_BYTES:
        raise Refused("statement_too_large", f"{length} bytes")


def kind_of(value) -> str:
    """What a statement inside a chain is, by its fields."""
    for name, kind in (("max_role", "issuer"), ("machine_id", "certificate"), ("old_ed25519", "rotation")):
        if type(value) is dict and name in value:
            return kind
    raise Refused("statement_unknown", "neither issuer, certificate nor rotation")


def is_credential(value) -> bool:
    try:
        check("credential", value)
    except Refused:
        return False
    return True


def is_revocation_proof(value) -> bool:
    """Whether `value` is a revocation as it travels: `[issuer certificate?, revocation]`."""
    if not isinstance(value, list) or not 1 <= len(value) <= 2:
        return False
    try:
        check("revocation", value[-1])
        if len(value) == 2:
            check("issuer", value[0])
    except Refused:
        return False
    author = value[-1]["author"]
    return author == (value[0]["issuer"] if len(value) == 2 else "wallet")


def unsigned(value: dict) -> bytes:
    """The bytes a signature covers, after its domain."""
    return canonical({name: item for name, item in value.items() if name not in SIGNATURES})


def signed(kind: str, value: dict, seed: bytes) -> dict:
    return value | {"sig": keys.sign(seed, domain(kind), unsigned(value)).hex()}


def signed_rotation(value: dict, old_seed: bytes, new_seed: bytes) -> dict:
    data = unsigned(value)
    both = {"sig_old": old_seed, "sig_new": new_seed}
    return value | {name: keys.sign(seed, domain("rotation"), data).hex() for name, seed in both.items()}


def signed_succession(value: dict, old_seed: bytes, new_seed: bytes, member_seed: bytes) -> dict:
    data = unsigned(value)
    all_three = {"sig_old": old_seed, "sig_new": new_seed, "sig_member": member_seed}
    return value | {name: keys.sign(seed, domain("succession"), data).hex() for name, seed in all_three.items()}


def is_succession(value) -> bool:
    try:
        check("succession", value)
    except Refused:
        return False
    return True


def is_settings(value) -> bool:
    try:
        check("settings", value)
    except Refused:
        return False
    return True


def newest_settings(known: list[dict]) -> dict:
    """Of valid settings those that hold."""
    return max(known, key=lambda value: (value["seq"], value["at"], sha256(value)))


def verifies(kind: str, value: dict, public: str, member: str = "sig") -> bool:
    return keys.verifies(bytes.fromhex(public), bytes.fromhex(value[member]), domain(kind), unsigned(value))


def sha256(value) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def revocation_head(entries: list[dict]) -> dict:
    """SHA-256 over the entries' hashes sorted ascending, and how many there are."""
    hashes = sorted(bytes.fromhex(sha256(entry)) for entry in entries)
    return {"hash": hashlib.sha256(b"".join(hashes)).hexdigest(), "n": len(hashes)}


def _has_default_port(origin: str) -> bool:
    return origin.endswith(":443" if origin.startswith("https:") else ":80") and not origin.endswith("::80")
