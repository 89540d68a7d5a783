"""Statements wrong in one way each. Signatures fit what is said, so that only the form can be at fault."""

from kindred_wire import encodings
from kindred_wire import statements as s

from . import actors as a
from .registry_valid import record
from .statements_valid import sized_certificate

_STRICT = " (strict reading)"
_ULID = a.member("laptop")
_WALLET = a.address(a.WALLET)

CERTIFICATE = [
    ("unknown field", {"extra": None}, "a field that is not named"),
    ("v is 2", {"v": 2}, "v is 1"),
    ("v is true", {"v": True}, "no integer"),
    ("v is a string", {"v": "1"}, "no integer"),
    ("time negative", {"issued_at": -1}, "from 0"),
    ("time with a fraction", {"issued_at": 0.5}, "no integer"),
    ("time a string", {"issued_at": str(a.NOW)}, "no integer"),
    ("issued_at null", {"issued_at": None}, "null instead of a value"),
    ("expires_at false", {"expires_at": False}, "neither time nor null"),
    ("key in upper case", {"ed25519": a.LAPTOP.public.upper()}, "lower-case hex only"),
    ("key too short", {"ed25519": a.LAPTOP.public[:-2]}, "32 bytes"),
    ("key too long", {"x25519": a.LAPTOP.x25519 + "00"}, "32 bytes"),
    ("key of an odd length", {"ed25519": a.LAPTOP.public[:-1]}, "32 bytes"),
    ("key not hex", {"ed25519": "g" * 64}, "no hex"),
    ("key null", {"x25519": None}, "null instead of a value"),
    ("role unknown", {"role": "admin"}, "no role"),
    ("role in upper case", {"role": "Owner"}, "no role"),
    ("scope unknown", {"scopes": ["read"]}, "an unknown scope is refused, not ignored"),
    ("scope empty", {"scopes": [""]}, "no scope"),
    ("scope twice", {"scopes": ["send", "issue", "send"]}, "scopes are unique"),
    ("scopes null", {"scopes": None}, "null instead of a value"),
    ("scopes a string", {"scopes": "send"}, "no array"),
    ("33 scopes", {"scopes": [f"topic:t{n}" for n in range(33)]}, "at most 32"),
    ("scope a number", {"scopes": [1]}, "no scope"),
    ("scope with white space", {"scopes": ["send "]}, "no scope"),
    ("topic scope without a topic", {"scopes": ["topic:"]}, "no topic name"),
    ("topic scope with a capital", {"scopes": ["topic:Build"]}, "no topic name"),
    ("topic scope of 65", {"scopes": ["topic:" + "a" * 65]}, "a topic name has at most 64"),
    ("call scope without a slash", {"scopes": ["call:files"]}, "a pattern begins with /"),
    ("call scope without a pattern", {"scopes": ["call:"]}, "1 to 128 characters"),
    ("call scope of 129", {"scopes": ["call:/" + "x" * 128]}, "1 to 128 characters"),
    ("call scope not ASCII", {"scopes": ["call:/\u00e9"]}, "printable ASCII"),
    ("call scope with a control character", {"scopes": ["call:/\x1f"]}, "printable ASCII"),
    ("call scope with DEL", {"scopes": ["call:/\x7f"]}, "printable ASCII"),
    ("guest without expiry", {"role": "guest", "expires_at": None}, "a guest's expires_at is never null"),
    ("member in lower case", {"member": _ULID.lower()}, "a ULID is upper case"),
    ("member of 25", {"member": _ULID[:-1]}, "a ULID has 26 characters"),
    ("member of 27", {"member": _ULID + "0"}, "a ULID has 26 characters"),
    ("member beyond 128 bits", {"member": "8" + _ULID[1:]}, "a ULID's first character is 0 to 7"),
    ("member with a U", {"member": _ULID[:-1] + "U"}, "not in Crockford's alphabet"),
    ("member with an O", {"member": _ULID[:-1] + "O"}, "not in Crockford's alphabet"),
    ("member with an I", {"member": _ULID[:-1] + "I"}, "not in Crockford's alphabet"),
    ("member with an L", {"member": _ULID[:-1] + "L"}, "not in Crockford's alphabet"),
    ("machine_id too short", {"machine_id": "ab" * 7}, "16 hex digits"),
    ("machine_id in upper case", {"machine_id": "AB" * 8}, "lower-case hex only"),
    ("mesh without wallet", {"mesh": "home"}, "no mesh"),
    ("mesh without slug", {"mesh": "@" + _WALLET}, "no mesh"),
    ("mesh with a capital", {"mesh": "Home@" + _WALLET}, "no slug"),
    ("mesh with a leading hyphen", {"mesh": "-home@" + _WALLET}, "no slug"),
    ("mesh with a slug of 64", {"mesh": "a" * 64 + "@" + _WALLET}, "a slug has at most 63 characters"),
    ("mesh with two @", {"mesh": "home@home@" + _WALLET}, "no mesh"),
    ("mesh with a wallet of 31 bytes", {"mesh": "home@" + encodings.base58_encode(b"\1" * 31)}, "32 bytes"),
    ("mesh with a wallet of 33 bytes", {"mesh": "home@" + encodings.base58_encode(b"\1" * 33)}, "32 bytes"),
    ("mesh with a 0 in the wallet", {"mesh": "home@0" + _WALLET[1:]}, "no base58"),
    ("mesh with white space at its end", {"mesh": f"home@{_WALLET}\n"}, "no base58"),
    ("issuer is a name", {"issuer": "laptop"}, "neither wallet nor ULID"),
    ("issuer with a capital", {"issuer": "Wallet"}, "neither wallet nor ULID"),
    ("issuer null", {"issuer": None}, "null instead of a value"),
]
ISSUER = [
    ("unknown field", {"delegable": True}, "a field that is not named"),
    ("max_role unknown", {"max_role": "root"}, "no role"),
    ("scope of a device", {"scopes": ["issue", "send"]}, "its own powers are issue and revoke" + _STRICT),
    ("scope unknown", {"scopes": ["certify"]}, "an unknown scope is refused, not ignored"),
    ("scope twice", {"scopes": ["issue", "issue"]}, "scopes are unique" + _STRICT),
    ("issuer is the wallet", {"issuer": "wallet"}, "a member"),
    ("not_before null", {"not_before": None}, "null instead of a value"),
    ("v is 0", {"v": 0}, "v is 1"),
]
REVOCATION = [
    ("unknown field", {"note": ""}, "a field that is not named"),
    ("seq is 0", {"seq": 0}, "seq counts from 1"),
    ("second without prev", {"seq": 2}, "prev is null for the first only"),
    ("first with prev", {"prev": "ab" * 32}, "prev is null for the first"),
    ("prev empty", {"seq": 2, "prev": ""}, "32 bytes"),
    ("33 kept", {"keep": [a.digest_hex(f"keep/{n}") for n in range(33)]}, "at most 32"),
    ("kept in upper case", {"keep": ["AB" * 32]}, "lower-case hex only"),
    ("keep null", {"keep": None}, "null instead of a value"),
    ("reason of 201 bytes", {"reason": "x" * 201}, "at most 200 bytes"),
    ("reason of 201 bytes in 67 characters", {"reason": "\u20ac" * 67}, "at most 200 bytes"),
    ("reason null", {"reason": None}, "null instead of a value"),
    ("author is a name", {"author": "laptop"}, "neither wallet nor ULID"),
    ("target is the wallet", {"target": "wallet"}, "no ULID"),
    ("cutoff negative", {"cutoff": -1}, "from 0"),
]
ROTATION = [
    ("unknown field", {"sig": "ab" * 64}, "a field that is not named"),
    ("seq is 0", {"seq": 0}, "seq counts from 1"),
    ("seq null", {"seq": None}, "null instead of a value"),
    ("new_x25519 null", {"new_x25519": None}, "null instead of a value"),
    ("new_ed25519 too short", {"new_ed25519": "ab" * 31}, "32 bytes"),
    ("sig_new too short", {"sig_new": "ab" * 63}, "64 bytes"),
    ("sig_old null", {"sig_old": None}, "null instead of a value"),
]
SUCCESSION = [
    ("unknown field", {"reason": ""}, "a field that is not named"),
    ("v is 2", {"v": 2}, "v is 1"),
    ("mesh not home", {"mesh": a.OTHER_MESH}, "only a home mesh is succeeded"),
    ("successor is the wallet itself", {"successor": _WALLET}, "no wallet succeeds itself"),
    ("successor a mesh", {"successor": a.FOREIGN_MESH}, "no wallet address"),
    ("successor of 31 bytes", {"successor": encodings.base58_encode(b"\1" * 31)}, "32 bytes"),
    ("member is the wallet", {"member": "wallet"}, "no ULID"),
    ("at null", {"at": None}, "null instead of a value"),
    ("sig_member too short", {"sig_member": "ab" * 63}, "64 bytes"),
    ("sig_member null", {"sig_member": None}, "null instead of a value"),
]
SETTINGS = [
    ("unknown field", {"topics": []}, "a field that is not named"),
    ("v is 2", {"v": 2}, "v is 1"),
    ("seq is 0", {"seq": 0}, "seq counts from 1"),
    ("seq null", {"seq": None}, "null instead of a value"),
    ("policy unknown", {"concurrent_policy": "prefer_both"}, "no policy"),
    ("policy in upper case", {"concurrent_policy": "Prefer_Newest"}, "no policy"),
    ("policy null", {"concurrent_policy": None}, "null instead of a value"),
    ("member is the wallet", {"member": "wallet"}, "no ULID"),
    ("mesh without a slug", {"mesh": "@" + _WALLET}, "no mesh"),
    ("at negative", {"at": -1}, "from 0"),
]
TOPIC = [
    ("unknown field", {"private": True}, "a field that is not named"),
    ("v is 2", {"v": 2}, "v is 1"),
    ("mesh without a slug", {"mesh": "@" + _WALLET}, "no mesh"),
    ("topic with #", {"topic": "#build"}, "no topic name"),
    ("topic with a capital", {"topic": "Build"}, "no topic name"),
    ("topic empty", {"topic": ""}, "no topic name"),
    ("topic of 65", {"topic": "a" * 65}, "a topic name has at most 64"),
    ("topic null", {"topic": None}, "null instead of a value"),
    ("creator is the wallet", {"creator": "wallet"}, "no ULID"),
    ("creator null", {"creator": None}, "null instead of a value"),
    ("seq is 0", {"seq": 0}, "seq counts from 1"),
    ("seq null", {"seq": None}, "null instead of a value"),
    ("member is a name", {"member": "laptop"}, "no ULID"),
    ("members null", {"members": None}, "null instead of a value"),
    ("members a string", {"members": _ULID}, "no array"),
    ("member named twice", {"members": [_ULID, _ULID]}, "members are unique"),
    ("a name among the members", {"members": [_ULID, "phone"]}, "no ULID"),
    ("a number among the members", {"members": [1]}, "no ULID"),
    ("257 members", {"members": [encodings.ulid(n, bytes(10)) for n in range(257)]}, "at most 256"),
    ("at negative", {"at": -1}, "from 0"),
    ("at null", {"at": None}, "null instead of a value"),
]
RECORD = [
    ("machine_id too long", {"machine_id": "ab" * 9}, "16 hex digits"),
    ("host_pub in upper case", {"host_pub": "AB" * 32}, "lower-case hex only"),
    ("ts with a fraction", {"ts": 1.5}, "no integer"),
    ("v is 2", {"v": 2}, "v is 1"),
    ("version of 33 bytes", {"version": "1" * 33}, "at most 32 bytes"),
    ("chain a string", {"chain": "[]"}, "no array"),
    ("lan a string", {"lan": "192.168.1.20:7420"}, "neither array nor null"),
    ("name a number", {"name": 1}, "no string"),
]


def invalid() -> list[dict]:
    cases = [
        _changed("certificate", name, a.certificate(a.LAPTOP, **changes), why) for name, changes, why in CERTIFICATE
    ]
    cases += [_changed("issuer", name, a.issuer(**changes), why) for name, changes, why in ISSUER]
    cases += [_changed("revocation", name, a.revocation(**changes), why) for name, changes, why in REVOCATION]
    cases += [_changed("rotation", name, a.rotation(1) | changes, why) for name, changes, why in ROTATION]
    cases += [_changed("succession", name, a.succession() | changes, why) for name, changes, why in SUCCESSION]
    cases += [_changed("settings", name, a.settings(**changes), why) for name, changes, why in SETTINGS]
    cases += [_changed("topic", name, a.topic(**changes), why) for name, changes, why in TOPIC]
    cases += [_changed("record", name, record(**changes), why) for name, changes, why in RECORD]
    too_large = sized_certificate(s.MAX_BYTES + 1)
    cases.append(_changed("certificate", "4,097 bytes", too_large, "at most 4,096 bytes"))
    return cases + _missing() + _texts() + _bytes()


def _missing() -> list[dict]:
    good = {
        "certificate": (a.certificate_fields(a.LAPTOP), a.certificate(a.LAPTOP)),
        "issuer": (a.issuer_fields(), a.issuer()),
        "revocation": (a.revocation_fields(), a.revocation()),
        "settings": (a.settings_fields(), a.settings()),
        "topic": (a.topic_fields(), a.topic()),
    }
    cases = []
    for kind, (fields, whole) in good.items():
        for name in fields:
            signer = a.LAPTOP if kind in ("settings", "topic") else a.WALLET
            rest = s.signed(kind, {key: item for key, item in fields.items() if key != name}, signer.seed)
            why = "absent instead of null" if fields[name] is None else "a field is missing"
            cases.append(_changed(kind, f"without {name}", rest, why))
        cases.append(_changed(kind, "without sig", _without(whole, "sig"), "a field is missing"))
    for name in a.rotation(1):
        cases.append(_changed("rotation", f"without {name}", _without(a.rotation(1), name), "a field is missing"))
    for name in a.succession():
        cases.append(_changed("succession", f"without {name}", _without(a.succession(), name), "a field is missing"))
    for name in ("ts", "host_pub", "sig", "machine_id", "revocation_head", "lan"):
        cases.append(_changed("record", f"without {name}", _without(record(), name), "a field is missing"))
    return cases


def _texts() -> list[dict]:
    certificate, issuer = a.text(a.certificate(a.LAPTOP)), a.text(a.issuer())
    revocation, registered = a.text(a.revocation()), a.text(record())
    time = f'"issued_at":{a.NOW - 30 * a.DAY}'
    edits = [
        ("certificate", "names in another order", _reordered(certificate), "not canonical"),
        ("certificate", "white space after a comma", certificate.replace(",", ", ", 1), "not canonical"),
        ("certificate", "white space before", " " + certificate, "not canonical"),
        ("certificate", "line feed after", certificate + "\n", "not canonical"),
        ("certificate", "trailing byte", certificate + "}", "a trailing byte"),
        ("certificate", "two objects", certificate * 2, "trailing bytes"),
        ("certificate", "integer as a float", certificate.replace(time, time + ".0"), "not canonical"),
        ("certificate", "integer with an exponent", certificate.replace('"v":1', '"v":1e0'), "not canonical"),
        ("certificate", "integer with a leading zero", certificate.replace('"v":1', '"v":01'), "no JSON"),
        ("certificate", "integer of 2^53", certificate.replace(time, '"issued_at":9007199254740992'), "below 2^53"),
        ("certificate", "integer of 2^64", certificate.replace(time, '"issued_at":18446744073709551616'), "below 2^53"),
        ("certificate", "negative zero", certificate.replace(time, '"issued_at":-0'), "not canonical"),
        ("certificate", "name twice", certificate.replace('"v":1', '"v":1,"v":1'), "a name twice"),
        ("certificate", "name twice, once escaped", certificate.replace('"v":1', '"v":1,"\\u0076":1'), "a name twice"),
        ("certificate", "needless escape", certificate.replace('"owner"', '"\\u006fwner"'), "not canonical"),
        ("certificate", "cut short", certificate[:-1], "no JSON"),
        ("certificate", "single quotes", certificate.replace('"', "'"), "no JSON"),
        ("certificate", "comma at the end", certificate[:-1] + ",}", "no JSON"),
        ("certificate", "sig in upper case", _with_sig(certificate, str.upper), "lower-case hex only"),
        ("certificate", "sig too short", _with_sig(certificate, lambda sig: sig[:-2]), "64 bytes"),
        ("certificate", "an array", f"[{certificate}]", "no object"),
        ("certificate", "a string", '"certificate"', "no object"),
        ("certificate", "null", "null", "no object"),
        ("certificate", "an empty object", "{}", "fields are missing"),
        ("certificate", "nothing", "", "no JSON"),
        ("certificate", "byte order mark", "\ufeff" + certificate, "no JSON"),
        ("certificate", "an issuer certificate", issuer, "another statement's fields"),
        ("issuer", "a certificate", certificate, "another statement's fields"),
        (
            "issuer",
            "not_before of 2^53",
            issuer.replace(f'"not_before":{a.NOW - 60 * a.DAY}', '"not_before":9007199254740992'),
            "below 2^53",
        ),
        ("revocation", "lone surrogate", revocation.replace('"lost"', '"\\ud800"'), "no Unicode text"),
        (
            "revocation",
            "surrogates in the wrong order",
            revocation.replace('"lost"', '"\\udd11\\ud83d"'),
            "no Unicode text",
        ),
        ("revocation", "escaped slash", revocation.replace('"lost"', '"\\/"'), "not canonical"),
        ("revocation", "escape in upper case", revocation.replace('"lost"', '"\\u001F"'), "not canonical"),
        ("revocation", "long form of a short escape", revocation.replace('"lost"', '"\\u000a"'), "not canonical"),
        ("revocation", "raw control character", revocation.replace('"lost"', '"\n"'), "no JSON"),
        ("record", "name twice", registered.replace('"v":1', '"v":1,"v":1'), "a name twice"),
        ("record", "unknown name twice", registered.replace('"v":1', '"v":1,"x":1,"x":2'), "a name twice"),
        ("record", "trailing byte", registered + "x", "no JSON"),
        ("record", "an array", "[]", "no object"),
    ]
    return [{"name": f"{kind}: {name}", "kind": kind, "bytes": text, "why": why} for kind, name, text, why in edits]


def _bytes() -> list[dict]:
    revocation = a.text(a.revocation()).encode()
    raw = [
        ("raw surrogate", b"\xed\xa0\x80", "no UTF-8"),
        ("overlong form", b"\xc1\xa1", "no UTF-8"),
        ("cut character", b"\xe2\x82", "no UTF-8"),
        ("beyond U+10FFFF", b"\xf4\x90\x80\x80", "no UTF-8"),
        ("Latin-1", b"\xe9", "no UTF-8"),
    ]
    cases = [
        {
            "name": f"revocation: {name}",
            "kind": "revocation",
            "bytes_hex": revocation.replace(b"lost", data).hex(),
            "why": why,
        }
        for name, data, why in raw
    ]
    zero = {"name": "certificate: zero byte after", "kind": "certificate", "why": "a trailing byte"}
    return cases + [zero | {"bytes_hex": (a.text(a.certificate(a.LAPTOP)).encode() + b"\0").hex()}]


def _changed(kind: str, name: str, value: dict, why: str) -> dict:
    return {"name": f"{kind}: {name}", "kind": kind, "bytes": a.text(value), "why": why}


def _without(value: dict, name: str) -> dict:
    return {key: item for key, item in value.items() if key != name}


def _reordered(text: str) -> str:
    first, _, rest = text.removeprefix("{").partition(",")
    return "{" + rest.removesuffix("}") + "," + first + "}"


def _with_sig(text: str, change) -> str:
    value = encodings.parse_json(text.encode())
    return a.text(value | {"sig": change(value["sig"])})
