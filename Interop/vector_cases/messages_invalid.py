"""Messages wrong in one way each; inner forms are rightly signed over what they say."""

from nacl.bindings import crypto_box

from kindred_wire import encodings, messages

from . import actors as a
from .messages_valid import deep, inner, inner_fields, inner_of_length, receipt, sealed


def invalid() -> list[dict]:
    changed = [(name, inner(**changes), why) for name, changes, why in CHANGED]
    without = [(f"without {name}", _without(inner_fields(), name), "a field is missing") for name in inner_fields()]
    return _entries(changed + without + _texts())


def _texts():
    good = inner()
    return [
        ("without sig", a.text(inner_fields()), "a field is missing"),
        ("white space", good.replace(",", ", ", 1), "not canonical"),
        ("trailing byte", good + "\n", "not canonical"),
        ("names in another order", _reordered(good), "not canonical"),
        ("name twice", good.replace('"v":1', '"v":1,"v":1'), "a name twice"),
        ("needless escape", good.replace('"hello"', '"\\u0068ello"'), "not canonical"),
        ("lone surrogate", good.replace('"hello"', '"\\ud800"'), "no Unicode text"),
        ("seq as a float", good.replace('"seq":1', '"seq":1.0'), "not canonical"),
        ("seq of 2^53", good.replace('"seq":1', '"seq":9007199254740992'), "below 2^53"),
        ("an array", "[]", "no object"),
        ("nothing", "", "no JSON"),
        ("sig in upper case", _with(good, sig="AB" * 64), "lower-case hex only"),
        ("sig too short", _with(good, sig="ab" * 63), "64 bytes"),
        ("meta of 9 levels", inner(meta=deep(9)), "at most 8 levels, meta itself the first (strict reading)"),
        ("meta of 20 levels", inner(meta=deep(20)), "at most 8 levels"),
    ]


def not_receipts() -> list[dict]:
    """Valid inner forms of the receipt type that do not count as receipts."""
    cases = [
        ("priority next", _receipt_with(priority="next"), "a receipt has priority low"),
        ("to a topic", _receipt_with(recipient="#build"), "a receipt is a DM"),
        ("plain id", _receipt_with(client_message_id="r:1"), "a receipt's id is a ULID"),
        ("without ids", receipt(ids=[]), "1 to 256 ids"),
        ("text", _receipt_with(body="delivered"), "the body is the canonical JSON of a receipt"),
        ("another content type", _receipt_with(content_type="application/json"), "no receipt"),
    ]
    return _entries(cases)


def _entries(cases) -> list[dict]:
    return [{"name": name, "inner": text, "why": why} for name, text, why in cases]


def unopenable() -> list[dict]:
    """Bodies that a reader refuses before it sees an inner form."""
    text = inner().encode()
    good = bytes.fromhex(sealed("minimal", text.decode())["sealed_hex"])
    padded = messages.pad(text)
    long = inner_of_length(1100).encode()
    cases = [
        ("changed last byte", good[:-1] + bytes([good[-1] ^ 1]), "does not open"),
        ("changed nonce", bytes([good[0] ^ 1]) + good[1:], "does not open"),
        ("shorter than nonce and tag", good[:39], "does not open"),
        ("empty", b"", "does not open"),
        ("one byte cut off", good[:-1], "does not open"),
        ("not padded", _boxed(text), "no multiple of 64"),
        ("no padding marker", _boxed(text + bytes(len(padded) - len(text))), "no 0x80 before the zeros"),
        ("one block too many", _boxed(_filled(text, len(padded) + 64)), "the marker is not in the last block"),
        ("1,152 bytes", _boxed(_filled(long, 1152)), "beyond 1,024 a multiple of 1,024 (strict reading)"),
        ("nothing but zeros", _boxed(bytes(64)), "no 0x80 before the zeros"),
    ]
    keys = {"recipient_x25519_secret": a.PHONE.secret.hex(), "sender_x25519_public": a.LAPTOP.x25519}
    return [{"name": name, "sealed_hex": body.hex(), "why": why} | keys for name, body, why in cases]


def _filled(text: bytes, length: int) -> bytes:
    return text + b"\x80" + bytes(length - len(text) - 1)


def _boxed(padded: bytes) -> bytes:
    nonce = a.digest("unopenable")[:24]
    return nonce + crypto_box(padded, nonce, bytes.fromhex(a.PHONE.x25519), a.LAPTOP.secret)


CHANGED = [
    ("unknown field", {"extra": 1}, "a field that is not named"),
    ("v is 2", {"v": 2}, "v is 1"),
    ("mesh without wallet", {"mesh": "home"}, "no mesh"),
    ("sender is a name", {"sender": "laptop"}, "no ULID"),
    ("sender_name is all", {"sender_name": "all"}, "a device is not named all"),
    ("sender_name is head", {"sender_name": "head"}, "a device is not named head"),
    ("sender_name with a capital", {"sender_name": "Laptop"}, "no device name"),
    ("sender_name of 64", {"sender_name": "a" * 64}, "at most 63 characters"),
    ("recipient is a bare topic", {"recipient": "build"}, "neither a ULID nor # and a topic"),
    ("recipient is an empty topic", {"recipient": "#"}, "1 to 64 characters"),
    ("recipient with a capital", {"recipient": "#Build"}, "no topic name"),
    ("client_message_id empty", {"client_message_id": ""}, "1 to 64 characters"),
    ("client_message_id of 65", {"client_message_id": "a" * 65}, "1 to 64 characters"),
    ("client_message_id with a space", {"client_message_id": "a b"}, "no client_message_id"),
    ("client_message_id with a line feed at its end", {"client_message_id": "a\n"}, "no client_message_id"),
    ("line of 7 bytes", {"line": "ab" * 7}, "8 bytes"),
    ("line in upper case", {"line": "AB" * 8}, "lower-case hex only"),
    ("seq is 0", {"seq": 0}, "seq counts from 1"),
    ("seq is a string", {"seq": "1"}, "no integer"),
    ("priority is high", {"priority": "high"}, "now, next or low"),
    ("priority is null", {"priority": None}, "null instead of a value"),
    ("expires_at negative", {"expires_at": -1}, "from 0"),
    ("expires_at false", {"expires_at": False}, "no integer"),
    ("created_at with a fraction", {"created_at": a.NOW + 0.5}, "no integer"),
    ("created_at null", {"created_at": None}, "null instead of a value"),
    ("reply_to empty", {"reply_to": ""}, "no client_message_id"),
    ("mentions of 33", {"mentions": [f"device-{n}" for n in range(33)]}, "at most 32"),
    ("mentions all", {"mentions": ["all"]}, "no device name"),
    ("mentions a string", {"mentions": "phone"}, "no array"),
    ("content_type empty", {"content_type": ""}, "1 to 128 characters"),
    ("content_type of 129", {"content_type": "x" * 129}, "1 to 128 characters"),
    ("content_type not ASCII", {"content_type": "text/pl\u00e4in"}, "printable ASCII"),
    ("content_type with a control character", {"content_type": "text/plain\t"}, "printable ASCII"),
    ("content_type null", {"content_type": None}, "null instead of a value"),
    ("meta an array", {"meta": []}, "no object"),
    ("meta a string", {"meta": "{}"}, "no object"),
    ("body null", {"body": None}, "null instead of a value"),
    ("body an object", {"body": {}}, "no string"),
    ("revocation_head null", {"revocation_head": None}, "null instead of a value"),
    ("revocation_head without n", {"revocation_head": {"hash": a.EMPTY_HEAD["hash"]}}, "a field is missing"),
    ("revocation_head with more", {"revocation_head": a.EMPTY_HEAD | {"m": 0}}, "a field that is not named"),
    ("revocation_head with a short hash", {"revocation_head": {"hash": "ab", "n": 0}}, "32 bytes"),
]


def _without(fields: dict, name: str) -> str:
    rest = {key: value for key, value in fields.items() if key != name}
    return a.text(messages.sign_inner(rest, a.LAPTOP.seed))


def _with(text: str, **changes) -> str:
    return a.text(encodings.parse_json(text.encode()) | changes)


def _reordered(text: str) -> str:
    first, _, rest = text.removeprefix("{").partition(",")
    return "{" + rest.removesuffix("}") + "," + first + "}"


def _receipt_with(**changes) -> str:
    """A receipt's inner form, changed and signed again."""
    fields = encodings.parse_json(receipt().encode()) | changes
    return a.text(messages.sign_inner(fields, a.LAPTOP.seed))
