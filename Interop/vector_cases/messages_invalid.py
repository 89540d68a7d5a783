"""Inner forms and receipts wrong in one way each, every one rightly signed over what it says."""

from kindred_wire import encodings, messages

from . import actors as a


def invalid(fields, inner, receipt) -> list[dict]:
    """`fields`, `inner` and `receipt` make good ones with changes."""
    changed = [{"name": name, "inner": inner(**changes), "why": why} for name, changes, why in CHANGED]
    without = [
        {"name": f"without {name}", "inner": _without(fields(), name), "why": "a field is missing"} for name in fields()
    ]
    good = inner()
    deep = {}
    for _ in range(8):
        deep = {"a": deep}
    special = [
        ("without sig", a.text(fields()), "a field is missing"),
        ("white space", good.replace(",", ", ", 1), "not canonical"),
        ("trailing byte", good + "\n", "not canonical"),
        ("names in another order", _reordered(good), "not canonical"),
        ("name twice", good.replace('"v":1', '"v":1,"v":1'), "a name twice"),
        ("needless escape", good.replace('"hello"', '"\\u0068ello"'), "not canonical"),
        ("lone surrogate", good.replace('"hello"', '"\\ud800"'), "not a Unicode text"),
        ("seq as a float", good.replace('"seq":1', '"seq":1.0'), "not canonical"),
        ("an array", "[]", "no object"),
        ("nothing", "", "no JSON"),
        ("sig in upper case", _with(good, sig="AB" * 64), "lower-case hex only"),
        ("sig too short", _with(good, sig="ab" * 63), "64 bytes"),
        ("meta of 9 levels", inner(meta=deep), "at most 8 levels, meta itself the first (strict reading)"),
        ("receipt of priority next", _receipt_with(receipt, priority="next"), "a receipt has priority low"),
        ("receipt to a topic", _receipt_with(receipt, recipient="#build"), "a receipt is a DM"),
        ("receipt with a plain id", _receipt_with(receipt, client_message_id="r:1"), "a receipt's id is a ULID"),
        ("receipt without ids", receipt(ids=[]), "1 to 256 ids"),
        ("receipt with text", _receipt_with(receipt, body="delivered"), "the body is the canonical JSON of a receipt"),
    ]
    return changed + without + [{"name": name, "inner": text, "why": why} for name, text, why in special]


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

_ID = '"' + encodings.ulid(a.NOW, a.digest("first")) + '"'
RECEIPT_TEXTS = [
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
    ("no JSON", "read", "no JSON"),
    ("an array", "[]", "no object"),
]


def _without(fields: dict, name: str) -> str:
    rest = {key: value for key, value in fields.items() if key != name}
    return a.text(messages.sign_inner(rest, a.LAPTOP.seed))


def _with(text: str, **changes) -> str:
    return a.text(encodings.parse_json(text.encode()) | changes)


def _reordered(text: str) -> str:
    first, _, rest = text.removeprefix("{").partition(",")
    return "{" + rest.removesuffix("}") + "," + first + "}"


def _receipt_with(receipt, **changes) -> str:
    """A receipt's inner form, changed and signed again."""
    fields = encodings.parse_json(receipt().encode()) | changes
    return a.text(messages.sign_inner(fields, a.LAPTOP.seed))
