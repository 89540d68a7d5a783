"""Vectors/kindred/registry.json."""

import hashlib

from nacl.bindings import crypto_box, crypto_box_NONCEBYTES

from kindred_wire import registry

from . import actors as a
from .registry_valid import record, records, runner_record, uncertified_record

ENTROPY = a.digest("entropy")
ORIGIN = "https://kin.example:8443"


def sealed_box(message: bytes, recipient: bytes, ephemeral: a.Actor) -> bytes:
    """libsodium's sealed box with a given ephemeral key: nonce = BLAKE2b-24(ephemeral ‖ recipient)."""
    public = bytes.fromhex(ephemeral.x25519)
    nonce = hashlib.blake2b(public + recipient, digest_size=crypto_box_NONCEBYTES).digest()
    return public + crypto_box(message, nonce, recipient, ephemeral.secret)


def dropped(keys: registry.RegistryKeys) -> list[dict]:
    """Blobs that a reader drops: in the laptop's slot, at `now`, `seen_ts` being the newest `ts` seen from it."""
    slot, machine = a.machine("laptop"), a.machine("phone")

    def seal(record: dict | str, machine_id: str = slot) -> bytes:
        text = record if isinstance(record, str) else a.text(record)
        return registry.seal_record(text.encode(), keys.record_key, machine_id, a.digest("dropped-nonce")[:12])

    good, foreign = seal(record()), a.certificate(a.LAPTOP, a.OTHER_WALLET, mesh=a.FOREIGN_MESH)
    other_machine = a.certificate(a.LAPTOP, machine_id=machine)
    box = b"KB1" + sealed_box(a.text(record()).encode(), bytes.fromhex(a.PHONE.x25519), a.Actor("ephemeral"))
    unnamed = b"KB1" + sealed_box(a.text(uncertified_record()).encode(), keys.box_public, a.Actor("ephemeral"))
    cases = [
        ("empty", b"", "does not open"),
        ("shorter than nonce and tag", good[:27], "does not open"),
        ("changed last byte", good[:-1] + bytes([good[-1] ^ 1]), "does not open"),
        ("sealed for another slot", seal(record(), machine), "does not open"),
        ("sealed box alone", b"KB1", "does not open"),
        ("sealed box to another key", box, "does not open"),
        ("sealed box without a chain", unnamed, "uncertified where anybody may have sealed it"),
        ("no JSON", seal("record"), "is no record"),
        ("name twice", seal(a.text(record()).replace('"v":1', '"v":1,"v":1')), "is no record"),
        ("machine_id of another slot", seal(record(machine_id=machine)), "machine_id is not its slot's"),
        (
            "record of another slot",
            seal(record(machine_id=machine, chain=[other_machine])),
            "machine_id is not its slot's",
        ),
        ("certificate of another machine", seal(record(chain=[other_machine])), "chain does not fit (strict reading)"),
        ("signed by another key", seal(record(a.PHONE, host_pub=a.LAPTOP.x25519)), "sig does not fit"),
        ("changed after signing", seal(record() | {"name": "desktop"}), "sig does not fit"),
        ("unknown field after signing", seal(record() | {"x": 1}), "sig does not fit"),
        ("host_pub of another device", seal(record(host_pub=a.PHONE.x25519)), "host_pub does not fit"),
        ("chain of another wallet", seal(record(chain=[foreign])), "chain does not fit"),
        (
            "certificate expired",
            seal(record(chain=[a.certificate(a.LAPTOP, expires_at=a.NOW - 1)])),
            "chain is not valid",
        ),
        ("older than one seen", seal(record(ts=a.NOW // 1000 - 61)), "ts is older than one seen"),
        ("more than 5 minutes ahead", seal(record(ts=a.NOW // 1000 + 301)), "ts is more than 5 minutes ahead"),
    ]
    context = {"machine_id": slot, "mesh": a.MESH, "now": a.NOW, "seen_ts": a.NOW // 1000 - 60}
    return [{"name": name, "blob_hex": blob.hex(), "why": why} | context for name, blob, why in cases]


def build() -> dict:
    keys = registry.derive(ENTROPY)
    sealed = []
    for name, (text, machine_id) in records().items():
        nonce = a.digest(f"record-nonce/{name}")[:12]
        blob = registry.seal_record(text.encode(), keys.record_key, machine_id, nonce)
        entry = {"name": name, "record": text, "machine_id": machine_id}
        sealed.append(entry | {"nonce": nonce.hex(), "blob_hex": blob.hex()})
    boxed = a.text(runner_record())
    blob = b"KB1" + sealed_box(boxed.encode(), keys.box_public, a.Actor("ephemeral"))
    secret = a.digest("registration-secret")
    return {
        "entropy": ENTROPY.hex(),
        "record_key": keys.record_key.hex(),
        "box_secret": keys.box_secret.hex(),
        "box_public": keys.box_public.hex(),
        "route_id": keys.route_id,
        "records": sealed,
        "sealed_box": {"record": boxed, "machine_id": a.machine("runner"), "blob_hex": blob.hex()},
        "dropped": dropped(keys),
        "registration_secret": {
            "secret": secret.hex(),
            "origin": ORIGIN,
            "header": registry.registration_header(secret, ORIGIN),
        },
    }
