"""Which public keys are allowed, held against libsodium's own answers."""

import hashlib

import pytest
from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_scalarmult
from nacl.exceptions import CryptoError

from kindred_wire import keys

ORDER_8 = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
SMALL = [keys.encode_point(keys.multiply(count, keys.decode_point(ORDER_8))) for count in range(8)]
BASE = keys.decode_point(bytes([0x58]) + bytes([0x66]) * 31)


def digest(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(4, "big")).digest()


def test_the_group_has_the_order_it_should():
    assert keys.encode_point(keys.multiply(keys.L, BASE)) == bytes([1]) + bytes(31)
    assert len(set(SMALL)) == 8


@pytest.mark.parametrize("number", range(40))
def test_random_bytes_are_judged_as_libsodium_judges_them(number):
    assert keys.is_ed25519_public(digest(number)) == crypto_core_ed25519_is_valid_point(digest(number))


@pytest.mark.parametrize("number", range(8))
def test_a_key_plus_a_point_of_small_order_is_refused(number):
    public = keys.ed25519_public(digest(number))
    mixed = keys.encode_point(keys.add(keys.decode_point(public), keys.decode_point(SMALL[number])))
    assert keys.is_ed25519_public(mixed) == (number == 0)
    assert crypto_core_ed25519_is_valid_point(mixed) == (number == 0)


@pytest.mark.parametrize("point", SMALL, ids=bytes.hex)
def test_points_of_small_order_are_refused(point):
    assert not keys.is_ed25519_public(point)
    assert not crypto_core_ed25519_is_valid_point(point)


@pytest.mark.parametrize("y", range(keys.P, 2**255))
@pytest.mark.parametrize("sign", [0, 1])
def test_encodings_that_are_not_canonical_are_refused(y, sign):
    data = (y | sign << 255).to_bytes(32, "little")
    assert not keys.is_ed25519_public(data)
    assert not crypto_core_ed25519_is_valid_point(data)


@pytest.mark.parametrize("u", [*sorted(keys._SMALL_ORDER_U), keys.P, keys.P + 1])
def test_x25519_keys_of_small_order_are_refused_and_give_no_secret(u):
    data = u.to_bytes(32, "little")
    assert not keys.is_x25519_public(data)
    with pytest.raises(CryptoError):
        crypto_scalarmult(digest(0), data)


@pytest.mark.parametrize("u", [keys.P + 9, 2**255 - 1, 2**255 + 9])
def test_x25519_keys_that_are_not_canonical_are_refused(u):
    assert not keys.is_x25519_public(u.to_bytes(32, "little"))


@pytest.mark.parametrize("count", [0, 31, 33])
def test_keys_of_another_length_are_refused(count):
    assert not keys.is_ed25519_public(bytes(count))
    assert not keys.is_x25519_public(bytes(count))


def test_a_signature_holds_under_its_domain_only():
    seed = digest(1)
    signature = keys.sign(seed, "kindred/certificate/v1", b"data")
    public = keys.ed25519_public(seed)
    assert keys.verifies(public, signature, "kindred/certificate/v1", b"data")
    assert not keys.verifies(public, signature, "kindred/issuer/v1", b"data")
    assert not keys.verifies(public, signature, "kindred/certificate/v1", b"date")
    assert not keys.verifies(public, signature[:63], "kindred/certificate/v1", b"data")
