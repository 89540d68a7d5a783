"""Bodies of what daemons say to each other about topic keys and themselves, each refused one wrong in one way."""

from kindred_wire import encodings

from . import actors as a

_EPOCH = {"counter": 3, "minter": a.member("laptop")}
_LARGEST = {"counter": encodings.MAX_INTEGER, "minter": "7" + "Z" * 25}


def _key(counter: int) -> dict:
    return {"epoch": _EPOCH | {"counter": counter}, "key": a.digest_hex(f"topic-key/{counter}")}


def _keys(**changes) -> dict:
    return {"topic": "build._-9", "proof": None, "keys": [_key(3)]} | changes


def _proof(**changes) -> dict:
    return {"list": a.topic(**changes), "signer": [a.certificate(a.LAPTOP)]}


def _get(**changes) -> dict:
    return {"topic": "build._-9", "epoch": None} | changes


def _profile(**changes) -> dict:
    fields = {"name": "laptop", "summary": None, "status": "idle", "visible": True, "at": a.NOW}
    return fields | changes


def _without(value: dict, name: str) -> dict:
    return {key: item for key, item in value.items() if key != name}


def _valid():
    yield "topic-keys", "one", _keys()
    yield "topic-keys", "none", _keys(keys=[])
    by_another = _key(3) | {"epoch": _EPOCH | {"minter": a.member("phone")}}
    yield "topic-keys", "of two minters", _keys(keys=[_key(3), by_another])
    yield "topic-keys", "one epoch twice", _keys(keys=[_key(3), _key(3) | {"key": "00" * 32}])
    yield "topic-keys", "64, longest name", _keys(topic="z" * 64, keys=[_key(n) for n in range(64)])
    yield "topic-keys", "of a private topic", _keys(proof=_proof())
    yield "topic-keys", "a list alone", _keys(proof=_proof(seq=7), keys=[])
    yield "topic-keys", "largest epoch", _keys(keys=[{"epoch": _LARGEST, "key": "ff" * 32}])
    yield "topic-keys-get", "those in use", _get()
    yield "topic-keys-get", "of an epoch", _get(epoch=_EPOCH)
    yield "topic-keys-get", "largest epoch", _get(topic="z" * 64, epoch=_LARGEST)
    for status in ("idle", "working", "dnd"):
        yield "profile", status, _profile(status=status)
    yield "profile", "invisible, largest time", _profile(visible=False, at=encodings.MAX_INTEGER)
    yield "profile", "summary of 512 bytes", _profile(summary="\u20ac" * 170 + "xx")
    yield "profile", "summary empty", _profile(summary="")
    yield "profile", "name of 63", _profile(name="z" + "-" * 62)


def _invalid():
    for name in _keys():
        yield "topic-keys", f"without {name}", _without(_keys(), name), "a field is missing"
    yield "topic-keys", "unknown field", _keys(v=1), "a field that is not named"
    yield "topic-keys", "list of another topic", _keys(proof=_proof(topic="other")), "of that topic"
    yield "topic-keys", "list without signer", _keys(proof={"list": a.topic()}), "a field is missing"
    yield "topic-keys", "a list itself", _keys(proof=a.topic()), "list and signer"
    yield "topic-keys", "topic with #", _keys(topic="#build"), "no topic name"
    yield "topic-keys", "keys null", _keys(keys=None), "null instead of a value"
    yield "topic-keys", "65 keys", _keys(keys=[_key(n) for n in range(65)]), "at most 64"
    yield "topic-keys", "key of 31 bytes", _keys(keys=[_key(3) | {"key": "ab" * 31}]), "32 bytes"
    yield "topic-keys", "key in upper case", _keys(keys=[_key(3) | {"key": "AB" * 32}]), "lower-case hex only"
    yield "topic-keys", "key without epoch", _keys(keys=[_without(_key(3), "epoch")]), "a field is missing"
    yield "topic-keys", "epoch without key", _keys(keys=[_without(_key(3), "key")]), "a field is missing"
    yield "topic-keys", "key with more", _keys(keys=[_key(3) | {"from": _EPOCH["minter"]}]), "a field that is not named"
    yield "topic-keys", "epoch null", _keys(keys=[_key(3) | {"epoch": None}]), "null instead of a value"
    yield "topic-keys", "negative counter", _keys(keys=[_key(-1)]), "from 0"
    yield "topic-keys", "a key itself", _keys(keys=["ab" * 32]), "no object"
    for name in _get():
        yield "topic-keys-get", f"without {name}", _without(_get(), name), "a field is missing"
    yield "topic-keys-get", "unknown field", _get(keys=[]), "a field that is not named"
    yield "topic-keys-get", "epoch a number", _get(epoch=3), "no object"
    yield "topic-keys-get", "epoch without minter", _get(epoch={"counter": 3}), "a field is missing"
    yield "topic-keys-get", "epoch with more", _get(epoch=_EPOCH | {"key": "ab" * 32}), "a field that is not named"
    yield "topic-keys-get", "epoch's minter a name", _get(epoch=_EPOCH | {"minter": "laptop"}), "no ULID"
    yield "topic-keys-get", "topic of 65", _get(topic="a" * 65), "no topic name"
    for name in _profile():
        yield "profile", f"without {name}", _without(_profile(), name), "a field is missing"
    yield "profile", "unknown field", _profile(mood="good"), "a field that is not named"
    yield "profile", "name all", _profile(name="all"), "a device is not named all"
    yield "profile", "name with a capital", _profile(name="Laptop"), "no device name"
    yield "profile", "name of 64", _profile(name="a" * 64), "at most 63 characters"
    yield "profile", "summary of 513 bytes", _profile(summary="\u20ac" * 171), "at most 512 bytes"
    yield "profile", "summary a number", _profile(summary=1), "no string"
    yield "profile", "status unknown", _profile(status="away"), "idle, working or dnd"
    yield "profile", "status null", _profile(status=None), "null instead of a value"
    yield "profile", "visible a number", _profile(visible=1), "no boolean"
    yield "profile", "at negative", _profile(at=-1), "from 0"
    yield "profile", "at null", _profile(at=None), "null instead of a value"


def bodies() -> list[dict]:
    accepted = [
        {"name": f"{kind}: {name}", "kind": kind, "body": a.text(value), "valid": True}
        for kind, name, value in _valid()
    ]
    refused = [
        {"name": f"{kind}: {name}", "kind": kind, "body": a.text(value), "valid": False, "why": why}
        for kind, name, value, why in _invalid()
    ]
    spaced = a.text(_keys()).replace(",", ", ", 1)
    text = {"name": "topic-keys: white space", "kind": "topic-keys", "body": spaced, "valid": False}
    return accepted + refused + [text | {"why": "not canonical"}]
