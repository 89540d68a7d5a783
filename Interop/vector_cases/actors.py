"""Who appears in the vectors: keys from SHA-256 of labels, one mesh, one point in time."""

import hashlib

from kindred_wire import encodings, keys, statements

NOW = 1_767_225_600_000  # 2026-01-01T00:00:00Z
MINUTE = 60_000
DAY = 24 * 60 * MINUTE


def digest(label: str) -> bytes:
    return hashlib.sha256(f"kindred/vectors/{label}".encode()).digest()


def digest_hex(label: str) -> str:
    return digest(label).hex()


class Actor:
    """An Ed25519 and an X25519 pair."""

    def __init__(self, name: str):
        self.name = name
        self.seed = digest(f"ed25519/{name}")
        self.public = keys.ed25519_public(self.seed).hex()
        self.secret = digest(f"x25519/{name}")
        self.x25519 = keys.x25519_public(self.secret).hex()


WALLET, OTHER_WALLET, ISSUER, OTHER_ISSUER = (Actor(n) for n in ("wallet", "other-wallet", "issuer", "other-issuer"))
LAPTOP, PHONE, RUNNER, VISITOR, STRANGER = (Actor(n) for n in ("laptop", "phone", "runner", "visitor", "stranger"))
# The laptop's keys after each rotation: LAPTOPS[0] is the certified one.
LAPTOPS = [LAPTOP] + [Actor(f"laptop-{count}") for count in range(1, 8)]
ALL = [WALLET, OTHER_WALLET, ISSUER, OTHER_ISSUER, PHONE, RUNNER, VISITOR, STRANGER] + LAPTOPS


def member(name: str) -> str:
    return encodings.ulid(NOW - 100 * DAY, digest(f"ulid/{name}"))


def machine(name: str) -> str:
    return digest_hex(f"machine/{name}")[:16]


def address(wallet: Actor) -> str:
    return encodings.base58_encode(bytes.fromhex(wallet.public))


MESH = f"home@{address(WALLET)}"
OTHER_MESH = f"work@{address(WALLET)}"
FOREIGN_MESH = f"home@{address(OTHER_WALLET)}"


def certificate_fields(device: Actor, **changes) -> dict:
    """An owner's certificate by the wallet, unsigned, with `changes`."""
    return {
        "v": 1,
        "mesh": MESH,
        "member": member(device.name),
        "machine_id": machine(device.name),
        "ed25519": device.public,
        "x25519": device.x25519,
        "role": "owner",
        "scopes": [],
        "issued_at": NOW - 30 * DAY,
        "expires_at": None,
        "issuer": "wallet",
    } | changes


def certificate(device: Actor, signer: Actor = WALLET, **changes) -> dict:
    return statements.signed("certificate", certificate_fields(device, **changes), signer.seed)


def issued(device: Actor, signer: Actor = ISSUER, **changes) -> dict:
    """A member's certificate by the issuer key, which the laptop holds."""
    return certificate(device, signer, **({"role": "member", "issuer": member("laptop")} | changes))


def issuer_fields(**changes) -> dict:
    return {
        "v": 1,
        "mesh": MESH,
        "issuer": member("laptop"),
        "ed25519": ISSUER.public,
        "max_role": "member",
        "scopes": ["issue", "revoke"],
        "not_before": NOW - 60 * DAY,
        "expires_at": None,
    } | changes


def issuer(signer: Actor = WALLET, **changes) -> dict:
    return statements.signed("issuer", issuer_fields(**changes), signer.seed)


def credential(signer: Actor = WALLET, **changes) -> dict:
    fields = {
        "v": 1,
        "mesh": MESH,
        "credential": member("credential"),
        "ed25519": OTHER_ISSUER.public,
        "role": "machine",
        "uses": 20,
        "not_before": NOW - DAY,
        "expires_at": NOW + 30 * DAY,
    }
    return statements.signed("credential", fields | changes, signer.seed)


def rotation_fields(seq: int, /, **changes) -> dict:
    """The laptop's rotation number `seq`."""
    return {
        "v": 1,
        "mesh": MESH,
        "member": member("laptop"),
        "seq": seq,
        "old_ed25519": LAPTOPS[seq - 1].public,
        "new_ed25519": LAPTOPS[seq].public,
        "new_x25519": LAPTOPS[seq].x25519,
        "at": NOW - (20 - seq) * DAY,
    } | changes


def rotation(seq: int, /, old: Actor | None = None, new: Actor | None = None, **changes) -> dict:
    old, new = old or LAPTOPS[seq - 1], new or LAPTOPS[seq]
    return statements.signed_rotation(rotation_fields(seq, **changes), old.seed, new.seed)


def rotations(count: int) -> list[dict]:
    return [rotation(seq) for seq in range(1, count + 1)]


def revocation_fields(**changes) -> dict:
    return {
        "v": 1,
        "mesh": MESH,
        "author": "wallet",
        "seq": 1,
        "prev": None,
        "target": member("visitor"),
        "cutoff": NOW - 2 * DAY,
        "keep": [],
        "reason": "lost",
        "at": NOW - 2 * DAY + MINUTE,
    } | changes


def revocation(signer: Actor = WALLET, **changes) -> dict:
    return statements.signed("revocation", revocation_fields(**changes), signer.seed)


def succession_fields(**changes) -> dict:
    """The other wallet takes over from the wallet, by the laptop's word."""
    return {
        "v": 1,
        "mesh": MESH,
        "successor": address(OTHER_WALLET),
        "member": member("laptop"),
        "at": NOW - MINUTE,
    } | changes


def succession(speaker: Actor = LAPTOP, old: Actor = WALLET, new: Actor = OTHER_WALLET, **changes) -> dict:
    return statements.signed_succession(succession_fields(**changes), old.seed, new.seed, speaker.seed)


def settings_fields(**changes) -> dict:
    """The laptop's word on its mesh."""
    return {
        "v": 1,
        "mesh": MESH,
        "seq": 1,
        "concurrent_policy": "prefer_oldest",
        "member": member("laptop"),
        "at": NOW - MINUTE,
    } | changes


def settings(signer: Actor = LAPTOP, **changes) -> dict:
    return statements.signed("settings", settings_fields(**changes), signer.seed)


def topic_fields(**changes) -> dict:
    """The laptop's list of a topic it made."""
    return {
        "v": 1,
        "mesh": MESH,
        "topic": "build._-9",
        "creator": member("laptop"),
        "seq": 1,
        "members": [member("laptop"), member("phone")],
        "member": member("laptop"),
        "at": NOW - MINUTE,
    } | changes


def topic(signer: Actor = LAPTOP, **changes) -> dict:
    return statements.signed("topic", topic_fields(**changes), signer.seed)


EMPTY_HEAD = statements.revocation_head([])


def hello_fields(chain: list[dict], **changes) -> dict:
    return {
        "v": 1,
        "origin": "https://kin.example",
        "mesh": MESH,
        "nonce": digest_hex("challenge"),
        "chain_sha256": statements.sha256(chain),
        "revocation_head": EMPTY_HEAD,
        "capabilities": ["receipts"],
        "timestamp": NOW,
    } | changes


def text(value) -> str:
    """A JSON value's canonical form as a string."""
    return encodings.canonical(value).decode()
