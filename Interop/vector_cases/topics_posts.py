"""Posts sealed with a topic's key, at lengths where the padding changes; each part of what binds them broken once."""

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt

from kindred_wire import encodings, messages, topics

from . import actors as a
from .messages_valid import inner_fields

_TOPIC = "build._-9"
_LAPTOP, _PHONE = a.member("laptop"), a.member("phone")
_EPOCH = {"counter": 3, "minter": _PHONE}
_KEY, _OTHER_KEY = a.digest("topic-key"), a.digest("other-topic-key")
_CHAIN = [a.certificate(a.LAPTOP)]
_ROTATED = _CHAIN + a.rotations(2)
_READER = [a.certificate(a.PHONE)]
_SAID = ("client_message_id", "sender", "line", "seq", "priority")


def _inner(topic: str = _TOPIC, signer: a.Actor = a.LAPTOP, **changes) -> dict:
    fields = inner_fields(recipient=f"#{topic}", **changes)
    return messages.sign_inner(fields, signer.seed)


def _inner_of(length: int) -> dict:
    return _inner(body="." * (length - len(encodings.canonical(_inner(body="")))))


def _header(inner: dict, topic: str = _TOPIC, epoch: dict | None = _EPOCH, **changes) -> dict:
    fields = {"type": "push", "broker_message_id": 7, "sent_at": a.NOW} | {name: inner[name] for name in _SAID}
    fields["destination"] = {"kind": "topic", "ref": topic}
    return fields | ({"epoch": epoch} if epoch else {}) | changes


def _sealed(name: str, inner: dict, topic: str = _TOPIC, epoch: dict = _EPOCH, key: bytes = _KEY) -> bytes:
    nonce = a.digest(f"post-nonce/{name}")[:24]
    return topics.seal_post(encodings.canonical(inner), nonce, key, a.MESH, topic, epoch, inner["sender"])


def _entry(name: str, inner: dict, body: bytes, /, **changes) -> dict:
    """What a reader has of a post: its keys of the epoch, the sender's chain, the frame's header, and its own chain."""
    fields = {
        "name": name,
        "keys": [_KEY.hex()],
        "sender": a.text(_CHAIN),
        "reader": a.text(_READER),
        "header": a.text(_header(inner)),
        "body_hex": body.hex(),
    }
    return fields | changes


def _post(name: str, inner: dict, topic: str = _TOPIC, epoch: dict = _EPOCH, chain=_CHAIN, **changes) -> dict:
    body = _sealed(name, inner, topic, epoch)
    more = {
        "inner": a.text(inner),
        "nonce": body[:24].hex(),
        "additional": topics.additional_data(a.MESH, topic, epoch, inner["sender"]).decode(),
    }
    said = {"header": a.text(_header(inner, topic, epoch)), "sender": a.text(chain)}
    return _entry(name, inner, body, **(said | more | changes))


def posts() -> list[dict]:
    largest = {"counter": encodings.MAX_INTEGER, "minter": "7" + "Z" * 25}
    full = _inner(
        expires_at=a.NOW + a.DAY,
        reply_to="build:41._-",
        mentions=["phone", "a"],
        content_type="application/json",
        meta={"trace": ["b", 1, None, True, 2.5], "a": {"\u00e9": "\U0001f600"}},
        body='{"ok":true}',
        priority="now",
    )
    visitor = [a.issuer(), a.issued(a.VISITOR, role="guest", scopes=["topic:all"], expires_at=a.NOW + a.DAY)]
    by_visitor = _inner("all", a.VISITOR, sender=a.member("visitor"), sender_name="visitor")
    found = [
        _post("minimal", _inner()),
        _post("empty body", _inner(body="")),
        _post("every field set", full),
        _post("to everybody, by a guest", by_visitor, "all", chain=visitor),
        _post("largest epoch, longest name", _inner("z" * 64), "z" * 64, largest),
        _post("by a rotated sender", _inner(signer=a.LAPTOPS[2]), chain=_ROTATED),
        _post("by a key that was rotated away since", _inner(signer=a.LAPTOP), chain=_ROTATED),
        _post("with a wrong key beside", _inner(), keys=[_OTHER_KEY.hex(), _KEY.hex()]),
    ]
    return found + [_post(f"inner form of {n} bytes", _inner_of(n)) for n in (959, 960, 1023, 1024, 2048, 20_000)]


def unopenable() -> list[dict]:
    return [case | {"fault": fault} for case, fault in _outside() + _inside()]


def _outside() -> list[tuple[dict, str]]:
    """Lent to another place, or damaged: it does not open."""
    inner = _inner()
    body = _sealed("minimal", inner)

    def case(name: str, data: bytes = body, header: dict | None = None, **changes):
        said = {"header": a.text(_header(inner, **(header or {})))}
        return _entry(name, inner, data, **(said | changes)), "does_not_open"

    lent = {"sender": _PHONE}
    elsewhere = a.text([a.certificate(a.PHONE, mesh=a.OTHER_MESH)])
    there = a.text([a.certificate(a.LAPTOP, mesh=a.OTHER_MESH)])
    return [
        case("of another topic", header={"topic": "other"}),
        case("of another epoch", header={"epoch": _EPOCH | {"counter": 4}}),
        case("of another minter", header={"epoch": _EPOCH | {"minter": _LAPTOP}}),
        case("of another sender", header=lent, sender=a.text([a.certificate(a.PHONE)])),
        case("of another mesh", reader=elsewhere, sender=there),
        case("another key", keys=[_OTHER_KEY.hex()]),
        case("no key", keys=[]),
        case("last byte changed", body[:-1] + bytes([body[-1] ^ 1])),
        case("first byte of the text changed", body[:24] + bytes([body[24] ^ 1]) + body[25:]),
        case("nonce changed", bytes([body[0] ^ 1]) + body[1:]),
        case("a byte cut off", body[:-1]),
        case("a byte more", body + b"\0"),
        case("shorter than nonce and tag", body[:39]),
    ]


def _inside() -> list[tuple[dict, str]]:
    """Sealed rightly, by one who has the key; what is inside is not what its header says, or is nobody's."""
    good = _inner()

    def said(name: str, inner: dict, fault: str = "misaddressed", **changes):
        sealed = _raw(name, messages.pad(encodings.canonical(inner)), good["sender"])
        return _entry(name, good, sealed, **changes), fault

    def raw(name: str, data: bytes):
        return _entry(name, good, _raw(name, data, good["sender"])), "malformed"

    text = encodings.canonical(good)
    no_epoch = a.text(_header(good, epoch=None))
    dm = a.text(_header(good, epoch=None, destination={"kind": "dm", "ref": _PHONE}))
    return [
        said("its inside is of another topic", _inner("other")),
        said("its inside is a DM", messages.sign_inner(inner_fields(), a.LAPTOP.seed)),
        said("its inside is of another mesh", _inner(mesh=a.OTHER_MESH)),
        said("its inside is another's", _inner(signer=a.PHONE, sender=_PHONE)),
        said("its inside has another id", _inner(client_message_id="build:42")),
        said("its inside has another line", _inner(line="00" * 8)),
        said("its inside has another number", _inner(seq=2)),
        said("its inside has another priority", _inner(priority="now")),
        said("without an epoch", good, header=no_epoch),
        said("as a DM", good, header=dm),
        said("signed by another member", _inner(signer=a.PHONE), "bad_signature"),
        said("signed by the wallet", _inner(signer=a.WALLET), "bad_signature"),
        said("changed after it was signed", good | {"body": "bye"}, "bad_signature"),
        raw("not padded", text),
        raw("padded to another block", text + b"\x80" + bytes(messages.padded_length(len(text)) + 63 - len(text))),
        raw("no message", messages.pad(b'{"v":1}')),
        raw("nothing but zeros", bytes(64)),
        raw("empty", b""),
    ]


def _raw(name: str, padded: bytes, sender: str) -> bytes:
    nonce = a.digest(f"post-nonce/{name}")[:24]
    bound = topics.additional_data(a.MESH, _TOPIC, _EPOCH, sender)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(padded, bound, nonce, _KEY)
