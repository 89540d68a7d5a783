"""Vectors/kindred/chains.json: every rule of statements.md, "Chain", kept and broken."""

from kindred_wire import chain as chains
from kindred_wire import encodings, keys
from kindred_wire import statements as s

from . import actors as a

LAPTOP = a.member("laptop")
# Order 8, order 1, y = p + 1 (order 1, not canonical), y = 2^255 - 1 (not canonical), from RFC 8032's curve.
SMALL_ORDER = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
IDENTITY = "01" + "00" * 31
NOT_CANONICAL = "ee" + "ff" * 30 + "7f"
NOT_ON_CURVE = "02" + "00" * 31
# X25519: order 8, and u = p + 9, which is 9 written not canonically.
SMALL_ORDER_U = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"
NOT_CANONICAL_U = "f6" + "ff" * 30 + "7f"
TOP_BIT_U = "09" + "00" * 30 + "80"


def mixed_order(public: str) -> str:
    """A good key plus the point of order 2: canonical, on the curve, outside the prime-order group."""
    order_two = (0, keys.P - 1, 1, 0)
    return keys.encode_point(keys.add(keys.decode_point(bytes.fromhex(public)), order_two)).hex()


def malleable(value: dict) -> dict:
    """The same signature with S + L instead of S."""
    signature = bytes.fromhex(value["sig"])
    s_plus_l = int.from_bytes(signature[32:], "little") + keys.L
    return value | {"sig": (signature[:32] + s_plus_l.to_bytes(32, "little")).hex()}


def signed_as(kind: str, fields: dict, domain: str, signer: a.Actor) -> dict:
    """A statement signed under a domain of one's choosing."""
    return fields | {"sig": keys.sign(signer.seed, domain, s.unsigned(fields)).hex()}


def issued(device=a.PHONE, issuer=None, **changes):
    return [issuer or a.issuer(), a.issued(device, **changes)]


def rotated(count: int):
    return [a.certificate(a.LAPTOP)] + a.rotations(count)


def issued_and_rotated(count: int):
    return issued(a.LAPTOP) + a.rotations(count)


def valid_cases():
    guest = {"role": "guest", "expires_at": a.NOW + a.DAY}
    yield "owner by the wallet", [a.certificate(a.LAPTOP)]
    yield "guest by the wallet", [a.certificate(a.VISITOR, **guest)]
    yield "powers by the wallet", [a.certificate(a.LAPTOP, scopes=["issue", "revoke", "bunker:admin"])]
    yield "member by an issuer", issued()
    yield "member by an issuer, with scopes", issued(scopes=["send", "topic:build", "call:/files/*"])
    yield "guest by an issuer", issued(a.VISITOR, **guest)
    yield "machine by an issuer", issued(a.RUNNER, role="machine")
    yield "issuer certified by its own key", issued(a.LAPTOP)
    yield "machine by an issuer of machines", issued(a.RUNNER, a.issuer(max_role="machine"), role="machine")
    yield "owner by an issuer of owners", issued(issuer=a.issuer(max_role="owner"), role="owner")
    yield "issuer that may only issue", issued(issuer=a.issuer(scopes=["issue"]))
    yield "1 rotation", rotated(1)
    yield "6 rotations", rotated(6)
    yield "issued, 6 rotations, 8 statements", issued_and_rotated(6)
    yield "issued when the issuer began", issued(issuer=a.issuer(not_before=a.NOW - 30 * a.DAY))
    yield "issued before the issuer expired", issued(issuer=a.issuer(expires_at=a.NOW - a.DAY))
    yield "expires a millisecond later", [a.certificate(a.LAPTOP, expires_at=a.NOW + 1)]
    yield "dated 5 minutes ahead", [a.certificate(a.LAPTOP, issued_at=a.NOW + 5 * a.MINUTE)]
    yield "rotated 5 minutes ahead", [a.certificate(a.LAPTOP), a.rotation(1, at=a.NOW + 5 * a.MINUTE)]


def root_cases():
    """Rules 1, 2 and 3."""
    laptop, wrong = a.certificate(a.LAPTOP), "kindred/rotation/v1"
    yield "issuer certificate missing", [a.issued(a.PHONE)]
    yield "issuer certificate too many", [a.issuer(), laptop]
    yield "issuer of another member", issued(issuer=a.issuer(issuer=a.member("phone")))
    yield "certificate by a stranger", [a.certificate(a.LAPTOP, a.STRANGER)]
    yield "certificate signed by itself", [a.certificate(a.LAPTOP, a.LAPTOP)]
    yield "certificate by the wallet, said to be issued", [a.issuer(), a.issued(a.PHONE, a.WALLET)]
    yield "certificate by the issuer's device key", [a.issuer(), a.issued(a.PHONE, a.LAPTOP)]
    yield "certificate by another issuer key", [a.issuer(), a.issued(a.PHONE, a.OTHER_ISSUER)]
    yield "issuer certificate by a stranger", issued(issuer=a.issuer(a.STRANGER))
    yield "issuer certificate by its own key", issued(issuer=a.issuer(a.ISSUER))
    yield "certificate changed after signing", [laptop | {"scopes": ["issue"]}]
    yield "certificate with another domain", [signed_as("certificate", a.certificate_fields(a.LAPTOP), wrong, a.WALLET)]
    yield "certificate with no domain", [signed_as("certificate", a.certificate_fields(a.LAPTOP), "", a.WALLET)]
    yield (
        "issuer certificate with another domain",
        issued(issuer=signed_as("issuer", a.issuer_fields(), "kindred/certificate/v1", a.WALLET)),
    )
    yield "signature not reduced", [malleable(laptop)]
    yield "signature of zeros", [laptop | {"sig": "00" * 64}]
    yield "certificate of another mesh of the wallet", [a.certificate(a.LAPTOP, mesh=a.OTHER_MESH)]
    yield "certificate of another wallet's mesh", [a.certificate(a.LAPTOP, a.OTHER_WALLET, mesh=a.FOREIGN_MESH)]
    yield "issuer certificate of another mesh", issued(issuer=a.issuer(mesh=a.OTHER_MESH))
    yield "issued certificate of another mesh", issued(mesh=a.OTHER_MESH)
    yield "rotation of another mesh", [laptop, a.rotation(1, mesh=a.OTHER_MESH)]


def power_cases():
    """Rules 4 and 5."""
    yield "role above the issuer's", issued(role="owner")
    yield "member by an issuer of machines", issued(issuer=a.issuer(max_role="machine"))
    yield "machine by an issuer of guests", issued(issuer=a.issuer(max_role="guest"), role="machine")
    yield "issue granted on", issued(scopes=["issue"])
    yield "revoke granted on", issued(scopes=["send", "revoke"])
    yield "revoke granted by an issuer without it", issued(issuer=a.issuer(scopes=["issue"]), scopes=["revoke"])
    yield "bunker administration granted by an issuer", issued(scopes=["bunker:admin"])
    yield "issuer that may only revoke", issued(issuer=a.issuer(scopes=["revoke"]))
    yield "issuer without powers", issued(issuer=a.issuer(scopes=[]))
    yield "issued before the issuer began", issued(issuer=a.issuer(not_before=a.NOW - 30 * a.DAY + 1))
    yield "issued after the issuer expired", issued(issuer=a.issuer(expires_at=a.NOW - 31 * a.DAY))
    yield "certificate expired", [a.certificate(a.LAPTOP, expires_at=a.NOW - 1)]
    yield "issued certificate expired", issued(expires_at=a.NOW - 1)
    yield "guest without expiry", [a.certificate(a.VISITOR, role="guest")]
    yield "issued guest without expiry", issued(a.VISITOR, role="guest")
    ahead = a.NOW + 5 * a.MINUTE + 1
    yield "dated more than 5 minutes ahead", [a.certificate(a.LAPTOP, issued_at=ahead)]
    yield "issued more than 5 minutes ahead", issued(issued_at=ahead)
    yield "rotated more than 5 minutes ahead", [a.certificate(a.LAPTOP), a.rotation(1, at=ahead)]


def rotation_cases():
    """Rule 6."""
    one = a.certificate(a.LAPTOP)
    yield "rotation of another member", [one, a.rotation(1, member=a.member("phone"))]
    yield "rotation gap", [one, a.rotation(1), a.rotation(3)]
    yield "second rotation numbered 3", [one, a.rotation(1), a.rotation(2, seq=3)]
    yield "first rotation missing", [one, a.rotation(2)]
    yield "first rotation numbered 2", [one, a.rotation(1, seq=2)]
    yield "rotation twice", [one, a.rotation(1), a.rotation(1)]
    yield "rotations in the wrong order", [one, a.rotation(2), a.rotation(1)]
    yield "rotation by a stranger", [one, a.rotation(1, old=a.STRANGER)]
    yield "rotation by the wallet", [one, a.rotation(1, old=a.WALLET)]
    yield "rotation not signed by the new key", [one, a.rotation(1, new=a.STRANGER)]
    yield "rotation from another key, signed by it", [one, a.rotation(1, old=a.STRANGER, old_ed25519=a.STRANGER.public)]
    yield "second rotation from the first key", [one, a.rotation(1), _second_from_first()]
    yield "rotation with its signatures exchanged", [one, _exchanged(a.rotation(1))]
    yield "rotation with another domain", [one, _rotation_under("kindred/certificate/v1")]


def shape_cases():
    one = a.certificate(a.LAPTOP)
    yield "empty", []
    yield "issuer certificate alone", [a.issuer()]
    yield "rotation alone", [a.rotation(1)]
    yield "7 rotations", rotated(7)
    yield "issued, 7 rotations, 9 statements", issued_and_rotated(7)
    yield "two certificates", [one, one]
    yield "two issuer certificates", [a.issuer(), a.issuer(), a.issued(a.PHONE)]
    yield "certificate before its issuer", [a.issued(a.PHONE), a.issuer()]
    yield "rotation before the certificate", [a.rotation(1), one]
    yield "revocation at the end", [one, a.revocation()]
    yield "unknown field, signed", [a.certificate(a.LAPTOP, extra=1)]
    yield "unknown scope, signed", [a.certificate(a.LAPTOP, scopes=["fly"])]


def key_cases():
    for name, key in (
        ("of small order", SMALL_ORDER),
        ("the identity", IDENTITY),
        ("not canonical", NOT_CANONICAL),
        ("not on the curve", NOT_ON_CURVE),
        ("of mixed order", mixed_order(a.LAPTOP.public)),
    ):
        yield f"ed25519 key {name}", [a.certificate(a.LAPTOP, ed25519=key)]
    yield "issuer key of small order", issued(issuer=a.issuer(ed25519=SMALL_ORDER))
    yield "issuer key the identity, signature forged", [a.issuer(ed25519=IDENTITY), _forged(a.issued(a.PHONE))]
    yield "rotation to a key of small order", [a.certificate(a.LAPTOP), a.rotation(1, new_ed25519=SMALL_ORDER)]
    for name, key in (
        ("of small order", SMALL_ORDER_U),
        ("zero", "00" * 32),
        ("not canonical", NOT_CANONICAL_U),
        ("with the top bit", TOP_BIT_U),
    ):
        yield f"x25519 key {name}", [a.certificate(a.LAPTOP, x25519=key)]
    yield "rotation to an x25519 key of small order", [a.certificate(a.LAPTOP), a.rotation(1, new_x25519=SMALL_ORDER_U)]


def _forged(value: dict) -> dict:
    """What a lax verifier accepts under the identity as key: R the identity, S zero."""
    return value | {"sig": IDENTITY + "00" * 32}


def _second_from_first() -> dict:
    fields = a.rotation_fields(2, old_ed25519=a.LAPTOP.public)
    return s.signed_rotation(fields, a.LAPTOP.seed, a.LAPTOPS[2].seed)


def _exchanged(value: dict) -> dict:
    return value | {"sig_old": value["sig_new"], "sig_new": value["sig_old"]}


def _rotation_under(domain: str) -> dict:
    fields = a.rotation_fields(1)
    signers = {"sig_old": a.LAPTOPS[0], "sig_new": a.LAPTOPS[1]}
    return fields | {n: keys.sign(one.seed, domain, s.unsigned(fields)).hex() for n, one in signers.items()}


def case(name: str, chain: list, valid: bool, mesh: str = a.MESH) -> dict:
    entry = {"name": name, "mesh": mesh, "now": a.NOW, "chain": chain, "chain_text": a.text(chain)}
    entry |= {"chain_sha256": s.sha256(chain), "valid": valid}
    try:
        device = chains.verify(chain, mesh, a.NOW)
    except encodings.Refused as error:
        if valid:
            raise
        return entry | {"why": error.code}
    if not valid:
        raise AssertionError(f"{name}: should not be valid")
    return entry | {"why": "valid"} | vars(device)


def build() -> dict:
    cases = [case(*one, valid=True) for one in valid_cases()]
    for group in (root_cases, power_cases, rotation_cases, shape_cases, key_cases):
        cases += [case(*one, valid=False) for one in group()]
    identity_mesh = "home@" + encodings.base58_encode(bytes.fromhex(IDENTITY))
    forged = [_forged(a.certificate(a.LAPTOP, mesh=identity_mesh))]
    cases.append(case("wallet the identity, signature forged", forged, valid=False, mesh=identity_mesh))
    return {"wallet": a.address(a.WALLET), "mesh": a.MESH, "cases": cases}
