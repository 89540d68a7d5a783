"""Vectors/kindred/registry.json."""

import hashlib
from functools import cache

from nacl.bindings import crypto_box, crypto_box_NONCEBYTES

from kindred_wire import registry, statements

from . import actors as a

ENTROPY = a.digest("entropy")
ORIGIN = "https://kin.example:8443"


def record_fields(chain, device, **changes) -> dict:
    return {
        "v": 1,
        "name": "laptop",
        "host_pub": device.x25519,
        "signal_url": "wss://kin.example/agent",
        "ts": a.NOW // 1000,
        "machine_id": a.machine("laptop"),
        "version": "0.1.0",
        "chain": chain,
        "revocation_head": a.EMPTY_HEAD,
        "lan": None,
        "capabilities": [],
    } | changes


def record(device=a.LAPTOP, chain=None, **changes) -> dict:
    fields = record_fields(chain or [a.certificate(a.LAPTOP)], device, **changes)
    return statements.signed("record", fields, device.seed)


def runner_record(**changes) -> dict:
    chain = [a.issuer(), a.issued(a.RUNNER, role="machine")]
    about = {"name": "runner", "machine_id": a.machine("runner")}
    return record(a.RUNNER, chain, **(about | changes))


def records() -> dict[str, tuple[str, str]]:
    """name: (the record's text, its machine_id). The last ones are valid without being canonical."""
    full = record(
        lan=["192.168.1.20:7420", "[fe80::1]:7420", "laptop.local:7420"],
        capabilities=["links", "receipts"],
        version="1.2.3-" + "x" * 26,
        revocation_head=statements.revocation_head([a.revocation()]),
    )
    unknown = record(colour="gr\u00fcn", nested={"list": [1, 2.5, None, True], "\U0001f511": "\u20ac"}, zero=0)
    spaced = a.text(runner_record()).replace('","', '" ,\n\t"')
    reordered = "{" + a.text(record()).removeprefix('{"capabilities":[],').removesuffix("}") + ',"capabilities":[]}'
    uncertified = {name: record()[name] for name in ("v", "name", "host_pub", "signal_url", "ts")}
    laptop, runner = a.machine("laptop"), a.machine("runner")
    return {
        "minimal": (a.text(record()), laptop),
        "every field": (a.text(full), laptop),
        "unknown fields, covered by sig": (a.text(unknown), laptop),
        "issued machine": (a.text(runner_record()), runner),
        "uncertified, without a chain": (a.text(uncertified), laptop),
        "white space between tokens": (spaced, runner),
        "names in another order": (reordered, laptop),
    }


def sealed_box(message: bytes, recipient: bytes, ephemeral: a.Actor) -> bytes:
    """libsodium's sealed box with a given ephemeral key: nonce = BLAKE2b-24(ephemeral ‖ recipient)."""
    public = bytes.fromhex(ephemeral.x25519)
    nonce = hashlib.blake2b(public + recipient, digest_size=crypto_box_NONCEBYTES).digest()
    return public + crypto_box(message, nonce, recipient, ephemeral.secret)


@cache
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
        "registration_secret": {
            "secret": secret.hex(),
            "origin": ORIGIN,
            "header": registry.registration_header(secret, ORIGIN),
        },
    }
