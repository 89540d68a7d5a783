"""joining.json: requests, safety numbers and an approval (docs/protocol/joining.md)."""

import base64
import hashlib

from kindred_wire import encodings, keys, statements

from . import actors as a

MACHINE = "0123456789abcdef"


def request(actor: a.Actor, name: str | None) -> dict:
    fields = {
        "v": 1,
        "machine_id": MACHINE,
        "ed25519": actor.public,
        "x25519": actor.x25519,
        "name": name,
        "at": a.NOW,
    }
    return fields | {"sig": keys.sign(actor.seed, statements.domain("join-request"), encodings.canonical(fields)).hex()}


def text(prefix: str, data: bytes) -> str:
    return prefix + base64.urlsafe_b64encode(data).decode().rstrip("=")


def safety_number(data: bytes) -> str:
    digest = hashlib.sha512(b"kindred/safety-number/v1\0" + data).digest()
    groups = (int.from_bytes(digest[5 * n : 5 * n + 5], "big") % 100_000 for n in range(6))
    return " ".join(f"{group:05}" for group in groups)


def requests():
    for actor, name in ((a.PHONE, "kiosk"), (a.LAPTOP, None)):
        value = request(actor, name)
        machine = MACHINE.encode() + bytes.fromhex(actor.public) + bytes.fromhex(actor.x25519)
        yield {
            "name": f"by the {actor.name}",
            "text": text("kinreq1.", encodings.canonical(value)),
            "machine_id": MACHINE,
            "ed25519": actor.public,
            "x25519": actor.x25519,
            "asked_name": name,
            "safety_number": safety_number(machine),
        }


def approval() -> dict:
    value = {
        "v": 1,
        "chain": [a.issuer(), a.issued(a.PHONE)],
        "route_id": "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi",
        "box_public": a.LAPTOP.x25519,
        "servers": ["https://kin.example"],
    }
    return {"canonical": encodings.canonical(value).decode()}


def build() -> dict:
    wallet = encodings.base58_decode(a.MESH.split("@")[1])
    return {
        "requests": list(requests()),
        "approval": approval(),
        "family": {"wallet": a.MESH.split("@")[1], "safety_number": safety_number(wallet)},
    }
