"""Ed25519 under a domain, X25519 pairs, and which public keys are allowed (docs/protocol/README.md, "Signatures").

The group arithmetic is written out here, from RFC 8032 section 5.1, so that the checks do not come from a library.
"""

from nacl.bindings import (
    crypto_scalarmult_base,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, P) % P
_SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)
_IDENTITY = (0, 1, 1, 0)

# Canonical u-coordinates whose order divides 8, on the curve or its twist (RFC 7748 section 7 on all-zero results).
_SMALL_ORDER_U = {
    0,
    1,
    P - 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
}


def signed_bytes(domain: str, data: bytes) -> bytes:
    return domain.encode() + b"\0" + data


def sign(seed: bytes, domain: str, data: bytes) -> bytes:
    """64 bytes over domain ‖ 0x00 ‖ data."""
    return SigningKey(seed).sign(signed_bytes(domain, data)).signature


def verifies(public: bytes, signature: bytes, domain: str, data: bytes) -> bool:
    """False as well for a key outside the prime-order group and for a signature that is not reduced."""
    if not is_ed25519_public(public) or len(signature) != 64:
        return False
    try:
        VerifyKey(public).verify(signed_bytes(domain, data), signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def ed25519_public(seed: bytes) -> bytes:
    return crypto_sign_seed_keypair(seed)[0]


def x25519_public(secret: bytes) -> bytes:
    return crypto_scalarmult_base(secret)


def is_ed25519_public(data: bytes) -> bool:
    """The canonical encoding of a point of the prime-order group, not the identity."""
    point = decode_point(data)
    if point is None or encode_point(point) == encode_point(_IDENTITY):
        return False
    return encode_point(multiply(L, point)) == encode_point(_IDENTITY)


def is_x25519_public(data: bytes) -> bool:
    """Below 2^255 - 19 with the top bit clear, and not of small order."""
    number = int.from_bytes(data, "little")
    return len(data) == 32 and number < P and number not in _SMALL_ORDER_U


def decode_point(data: bytes):
    """Extended coordinates of a canonical encoding, or None (RFC 8032 section 5.1.3)."""
    if len(data) != 32:
        return None
    number = int.from_bytes(data, "little")
    sign_bit, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(x_squared, (P + 3) // 8, P)
    if (x * x - x_squared) % P:
        x = x * _SQRT_MINUS_ONE % P
    if (x * x - x_squared) % P or (x == 0 and sign_bit):
        return None
    if x & 1 != sign_bit:
        x = P - x
    return (x, y, 1, x * y % P)


def encode_point(point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


def add(one, other):
    """RFC 8032 section 5.1.4."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * _D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar: int, point):
    result = _IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result
