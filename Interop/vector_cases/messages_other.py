"""Request fingerprints, and the bodies of receipts and of what tells of a new wallet."""

from kindred_wire import encodings, messages

from . import actors as a
from .messages_valid import receipt_fields

_ID = '"' + encodings.ulid(a.NOW, a.digest("first")) + '"'
_REFUSED = [
    ("no ids", '{"at":1,"ids":[],"kind":"read"}', "1 to 256 ids"),
    ("257 ids", '{"at":1,"ids":[' + ",".join([_ID] * 257) + '],"kind":"read"}', "1 to 256 ids"),
    ("unknown kind", '{"at":1,"ids":["a"],"kind":"seen"}', "delivered or read"),
    ("unknown field", '{"at":1,"ids":["a"],"kind":"read","v":1}', "a field that is not named"),
    ("no time", '{"ids":["a"],"kind":"read"}', "a field is missing"),
    ("time null", '{"at":null,"ids":["a"],"kind":"read"}', "null instead of a value"),
    ("time as a float", '{"at":1.0,"ids":["a"],"kind":"read"}', "not canonical"),
    ("time of 2^53", '{"at":9007199254740992,"ids":["a"],"kind":"read"}', "below 2^53"),
    ("id with a slash", '{"at":1,"ids":["a/b"],"kind":"read"}', "no client_message_id"),
    ("id a number", '{"at":1,"ids":[1],"kind":"read"}', "no client_message_id"),
    ("white space", '{"at":1, "ids":["a"],"kind":"read"}', "not canonical"),
    ("names in another order", '{"ids":["a"],"at":1,"kind":"read"}', "not canonical"),
    ("refused without a reason", '{"at":1,"ids":["a"],"kind":"refused"}', "a field is missing"),
    ("refused for an empty reason", '{"at":1,"ids":["a"],"kind":"refused","reason":""}', "1 to 64 of a-z 0-9 _"),
    ("refused for null", '{"at":1,"ids":["a"],"kind":"refused","reason":null}', "null instead of a value"),
    ("refused for a sentence", '{"at":1,"ids":["a"],"kind":"refused","reason":"Too late"}', "1 to 64 of a-z 0-9 _"),
    (
        "refused for a reason of 65",
        '{"at":1,"ids":["a"],"kind":"refused","reason":"' + "a" * 65 + '"}',
        "1 to 64 of a-z 0-9 _",
    ),
    ("read with a reason", '{"at":1,"ids":["a"],"kind":"read","reason":"expired"}', "a field that is not named"),
    ("no JSON", "read", "no JSON"),
    ("an array", "[]", "no object"),
]


def fingerprints() -> list[dict]:
    plain = {
        "v": 1,
        "client_message_id": "build:42",
        "kind": "dm",
        "ref": a.member("phone"),
        "priority": "next",
        "expires_in": None,
        "reply_to": None,
        "mentions": None,
        "meta": None,
        "body_sha256": a.digest_hex("body"),
    }
    full = plain | {
        "kind": "topic",
        "ref": "build",
        "priority": "now",
        "expires_in": 3_600_000,
        "reply_to": "build:41",
        "mentions": ["phone", "runner"],
        "meta": {"b": [1.5, "\u00e9"], "a": {}},
    }
    key = a.digest("fingerprint-key")
    return [
        {"key": key.hex(), "canonical": a.text(request), "fingerprint": messages.request_fingerprint(key, request)}
        for request in (plain, full, full | {"expires_in": 0}, plain | {"mentions": []}, plain | {"meta": {}})
    ]


def receipts() -> list[dict]:
    valid = {
        "delivered": receipt_fields(),
        "read": receipt_fields(kind="read", ids=["a"]),
        "256 ids": receipt_fields(ids=[f"id-{count:03}" for count in range(256)]),
        "largest time": receipt_fields(at=encodings.MAX_INTEGER),
        "refused": receipt_fields(kind="refused", reason="expired"),
        "refused for a reason of 64": receipt_fields(kind="refused", ids=["a"], reason="a_9" + "z" * 61),
    }
    accepted = [{"name": name, "body": a.text(value), "valid": True} | value for name, value in valid.items()]
    refused = [{"name": name, "body": body, "valid": False, "why": why} for name, body, why in _REFUSED]
    return accepted + refused


def _succession(**wallet) -> dict:
    heir = f"home@{a.address(a.OTHER_WALLET)}"
    return {
        "succession": a.succession(),
        "owner": [a.certificate(a.LAPTOP)],
        "chain": [a.certificate(a.PHONE, a.OTHER_WALLET, mesh=heir)],
        "wallet": {
            "address": a.address(a.OTHER_WALLET),
            "route_id": "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi",
            "box_public": a.LAPTOP.x25519,
            "record_key": a.digest_hex("record-key"),
            "box_secret": a.digest_hex("box-secret"),
        }
        | wallet,
    }


def successions() -> list[dict]:
    full = _succession()
    valid = {
        "to an owner": full,
        "to a member": _succession(record_key=None, box_secret=None),
        "by a rotated owner": full | {"owner": [a.certificate(a.LAPTOP)] + a.rotations(2)},
    }
    refused = {
        "record key alone": _succession(box_secret=None),
        "box secret alone": _succession(record_key=None),
        "short box key": _succession(box_public="00" * 31),
        "long route": _succession(route_id="1" * 65),
        "address of 31 bytes": _succession(address=encodings.base58_encode(b"\1" * 31)),
        "unknown field": full | {"v": 1},
        "unknown field of the wallet": _succession(phrase=None),
        "empty chain": full | {"chain": []},
        "no chain": {name: value for name, value in full.items() if name != "chain"},
        "no wallet": full | {"wallet": None},
    }
    accepted = [{"name": name, "body": a.text(value), "valid": True} for name, value in valid.items()]
    return accepted + [{"name": name, "body": a.text(value), "valid": False} for name, value in refused.items()]
