"""joining.json: requests, safety numbers, an approval, and what is said while pairing (docs/protocol/joining.md)."""

import base64
import hashlib

from kindred_wire import encodings, keys, pairing_messages, statements
from kindred_wire.encodings import Refused

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


def offer(**changes) -> dict:
    fields = {"for": "device", "mesh": a.MESH, "role": "member", "scopes": [], "expires_at": None}
    return {"v": 1, "type": "offer"} | fields | changes


def sound_messages():
    ask = {"v": 1, "type": "ask", "for": "device", "request": request(a.PHONE, "kiosk")}
    yield "ask", ask
    yield "ask to join beside the own mesh, without a name", ask | {"for": "mesh", "request": request(a.LAPTOP, None)}
    yield "offer", offer()
    yield "offer for a while, with scopes", offer(
        **{"for": "mesh", "role": "guest", "scopes": ["send", "topic:alerts"], "expires_at": a.NOW + a.DAY}
    )
    yield "offer until the latest time", offer(expires_at=2**53 - 1)
    yield "confirmed", {"v": 1, "type": "confirmed"}
    yield "approval of one byte", {"v": 1, "type": "approval", "sealed": "00"}
    yield "approval of the largest size", {"v": 1, "type": "approval", "sealed": "5a" * 16_432}
    yield "done", {"v": 1, "type": "done"}
    yield "refused", {"v": 1, "type": "refused", "code": "pairing_numbers_differ"}
    yield "refused, the longest", {"v": 1, "type": "refused", "code": "z" * 64}


def unsound_messages():
    for name, message in list(sound_messages())[:1] + list(sound_messages())[2:3] + list(sound_messages())[-2:-1]:
        for member in message:
            yield f"{name}: no {member}", {key: value for key, value in message.items() if key != member}
            for label, value in (("null", None), ("a number", 7), ("empty", ""), ("a list", [])):
                if message[member] != value and (member, value) != ("expires_at", 7):
                    yield f"{name}: {member} is {label}", message | {member: value}
        yield f"{name}: a member too many", message | {"surprise": None}
    yield "another version", {"v": 2, "type": "done"}
    yield "an unknown type", {"v": 1, "type": "hello"}
    yield "for something else", offer(**{"for": "bunker"})
    yield "a role that is none", offer(role="admin")
    yield "a scope that is none", offer(scopes=["everything"])
    yield "a scope twice", offer(scopes=["send", "send"])
    yield "an end before all time", offer(expires_at=-1)
    yield "a mesh without a wallet", offer(mesh="home")
    ask = {"v": 1, "type": "ask", "for": "device", "request": request(a.PHONE, "kiosk")}
    yield "a name that a terminal would obey", ask | {"request": ask["request"] | {"name": "ki\u001b[2Josk"}}
    yield "a name in capitals", ask | {"request": ask["request"] | {"name": "Kiosk"}}
    yield "a request without its signature", ask | {
        "request": {key: value for key, value in ask["request"].items() if key != "sig"}
    }
    yield "done with more", {"v": 1, "type": "done", "member": a.member("phone")}
    yield "a code with a line end", {"v": 1, "type": "refused", "code": "a\nb"}
    yield "a code too long", {"v": 1, "type": "refused", "code": "z" * 65}
    yield "nothing sealed", {"v": 1, "type": "approval", "sealed": ""}
    yield "half a byte", {"v": 1, "type": "approval", "sealed": "000"}
    yield "capitals", {"v": 1, "type": "approval", "sealed": "5A"}
    yield "an approval too large", {"v": 1, "type": "approval", "sealed": "5a" * 16_433}
    yield "a list", [1]
    yield "a string", "done"


def messages():
    for name, value in sound_messages():
        message = encodings.canonical(value)
        assert pairing_messages.decode(message) == value, name
        yield {"name": name, "message": message.decode(), "valid": True}
    unsound = [(name, encodings.canonical(value)) for name, value in unsound_messages()]
    unsound += [("a space", b'{"type": "done","v":1}'), ("another order", b'{"v":1,"type":"done"}'), ("nothing", b"")]
    unsound += [("a type twice", b'{"type":"done","type":"done","v":1}')]
    for name, message in unsound:
        try:
            pairing_messages.decode(message)
        except Refused:
            yield {"name": name, "message": message.decode(), "valid": False}
        else:
            raise AssertionError(name)


def build() -> dict:
    wallet = encodings.base58_decode(a.MESH.split("@")[1])
    return {
        "requests": list(requests()),
        "approval": approval(),
        "messages": list(messages()),
        "family": {"wallet": a.MESH.split("@")[1], "safety_number": safety_number(wallet)},
    }
