"""Chains: who a device is, from the wallet down (docs/protocol/statements.md, "Chain"; the numbers are its rules)."""

from dataclasses import dataclass

from . import fields as f
from . import keys, statements
from .encodings import Refused, base58_decode

MAX_STATEMENTS = 8
MAX_ROTATIONS = 6
MAX_AHEAD = 5 * 60 * 1000


@dataclass(frozen=True)
class Device:
    """What a valid chain says; the keys are those after its last rotation."""

    member: str
    role: str
    ed25519: str
    x25519: str


def is_chain(value) -> bool:
    """An array of statements in a chain's order, each of its form; nothing is verified."""
    try:
        split(value)
    except Refused:
        return False
    return True


def split(chain) -> tuple[dict | None, dict, list[dict]]:
    """Issuer certificate or None, certificate, rotations."""
    if type(chain) is not list or not 1 <= len(chain) <= MAX_STATEMENTS:
        raise Refused("chain_length", "a chain has 1 to 8 statements")
    kinds = [statements.kind_of(statement) for statement in chain]
    start = 1 if kinds[0] == "issuer" else 0
    if kinds[start : start + 1] != ["certificate"] or set(kinds[start + 1 :]) - {"rotation"}:
        raise Refused("chain_order", "not [issuer?, certificate, rotation…]")
    rotations = chain[start + 1 :]
    if len(rotations) > MAX_ROTATIONS:
        raise Refused("too_many_rotations", "more than 6")
    for kind, statement in zip(kinds, chain, strict=True):
        statements.check(kind, statement)
    return (chain[0] if start else None), chain[start], rotations


def verify(chain, mesh: str, now: int) -> Device:
    """The device a chain speaks for in `mesh` at `now` (milliseconds), or Refused."""
    issuer, certificate, rotations = split(chain)
    for statement in chain:
        _require(statement["mesh"] == mesh, "mesh_mismatch")
    for name, statement in ((n, s) for s in chain for n in ("ed25519", "new_ed25519") if n in s):
        _require(keys.is_ed25519_public(bytes.fromhex(statement[name])), "key_invalid")
    for name, statement in ((n, s) for s in chain for n in ("x25519", "new_x25519") if n in s):
        _require(keys.is_x25519_public(bytes.fromhex(statement[name])), "key_invalid")
    _verify_root(issuer, certificate, base58_decode(mesh.partition("@")[2]).hex())
    _verify_dates(issuer, certificate, rotations, now)
    ed25519, x25519 = _verify_rotations(certificate, rotations)
    return Device(certificate["member"], certificate["role"], ed25519, x25519)


def _verify_root(issuer, certificate, wallet):
    if certificate["issuer"] == "wallet":
        _require(issuer is None, "issuer_unexpected")  # 1
        _require(statements.verifies("certificate", certificate, wallet), "signature_invalid")  # 2
        return
    _require(issuer is not None, "issuer_missing")  # 1
    _require(issuer["issuer"] == certificate["issuer"], "issuer_mismatch")  # 1
    _require(statements.verifies("issuer", issuer, wallet), "signature_invalid")  # 2
    _require(statements.verifies("certificate", certificate, issuer["ed25519"]), "signature_invalid")  # 2
    _require("issue" in issuer["scopes"], "issuer_may_not_issue")  # 4
    _require(f.ROLES.index(certificate["role"]) <= f.ROLES.index(issuer["max_role"]), "role_above_issuer")  # 4
    _require(not {"issue", "revoke", "bunker:admin"} & set(certificate["scopes"]), "scope_granted_on")  # 4
    issued_at, end = certificate["issued_at"], issuer["expires_at"]
    _require(issuer["not_before"] <= issued_at, "issued_before_issuer")  # 4
    _require(end is None or issued_at < end, "issued_after_issuer")  # 4


def _verify_dates(issuer, certificate, rotations, now):
    dates = [certificate["issued_at"]] + [rotation["at"] for rotation in rotations]
    if issuer is not None:
        dates.append(issuer["not_before"])
    _require(max(dates) <= now + MAX_AHEAD, "dated_ahead")  # 5
    _require(certificate["expires_at"] is None or now < certificate["expires_at"], "certificate_expired")  # 5


def _verify_rotations(certificate, rotations):
    ed25519, x25519 = certificate["ed25519"], certificate["x25519"]
    for seq, rotation in enumerate(rotations, start=1):  # 6
        _require(rotation["member"] == certificate["member"], "rotation_member")
        _require(rotation["seq"] == seq, "rotation_sequence")
        _require(rotation["old_ed25519"] == ed25519, "rotation_key")
        _require(statements.verifies("rotation", rotation, ed25519, "sig_old"), "rotation_signature")
        ed25519, x25519 = rotation["new_ed25519"], rotation["new_x25519"]
        _require(statements.verifies("rotation", rotation, ed25519, "sig_new"), "rotation_signature")
    return ed25519, x25519


def _require(holds: bool, code: str) -> None:
    if not holds:
        raise Refused(code, "the chain is not valid")
