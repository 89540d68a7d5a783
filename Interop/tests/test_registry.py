"""Vectors/kindred/registry.json against docs/protocol/registry.md."""

import hashlib
import hmac
import json

import plain
import pytest
from bip_utils import Base58Decoder
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl.public import PrivateKey, SealedBox
from vectors import named, ours

from kindred_wire import encodings, registry

FILE = ours("registry.json")
KEYS = registry.derive(bytes.fromhex(FILE["entropy"]))
MESH, NOW = FILE["dropped"][0]["mesh"], FILE["dropped"][0]["now"]


def hkdf(salt: bytes, info: bytes) -> str:
    """RFC 5869 for one block of SHA-256."""
    extracted = hmac.new(salt, bytes.fromhex(FILE["entropy"]), hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\1", hashlib.sha256).hexdigest()


def test_the_registry_keys_follow_from_the_entropy():
    assert hkdf(b"miranda/registry/v1", b"aead-key") == FILE["record_key"] == KEYS.record_key.hex()
    assert hkdf(b"kindred/registry/v1", b"box") == FILE["box_secret"] == KEYS.box_secret.hex()
    assert plain.x25519_public(FILE["box_secret"]) == FILE["box_public"] == KEYS.box_public.hex()
    assert Base58Decoder.Decode(FILE["route_id"]).hex() == hkdf(b"kindred/registry/v1", b"route")
    assert KEYS.route_id == FILE["route_id"]


@pytest.mark.parametrize("entry", named(FILE["records"]))
def test_a_record_is_sealed_to_the_bytes_given(entry):
    nonce, slot = bytes.fromhex(entry["nonce"]), entry["machine_id"].encode("ascii")
    sealed = ChaCha20Poly1305(bytes.fromhex(FILE["record_key"])).encrypt(nonce, entry["record"].encode(), slot)
    assert (nonce + sealed).hex() == entry["blob_hex"]
    assert registry.seal_record(entry["record"].encode(), KEYS.record_key, entry["machine_id"], nonce) == nonce + sealed


@pytest.mark.parametrize("entry", named(FILE["records"]))
def test_a_record_in_its_slot_is_accepted(entry):
    blob = bytes.fromhex(entry["blob_hex"])
    assert registry.open_blob(blob, KEYS, entry["machine_id"]).decode() == entry["record"]
    record, device = registry.accept(blob, KEYS, entry["machine_id"], MESH, NOW)
    assert record == json.loads(entry["record"])
    assert (device is None) == ("chain" not in record)


@pytest.mark.parametrize("entry", named([entry for entry in FILE["records"] if '"sig"' in entry["record"]]))
def test_a_record_is_signed_over_everything_else_in_it(entry):
    record = json.loads(entry["record"])
    text = plain.without_signatures(entry["record"])
    assert plain.ed25519_verifies(record["chain"][-1]["ed25519"], record["sig"], "kindred/record/v1", text)


def test_a_sealed_box_opens_with_the_box_key():
    entry = FILE["sealed_box"]
    blob = bytes.fromhex(entry["blob_hex"])
    assert blob[:3] == b"KB1"
    opened = SealedBox(PrivateKey(bytes.fromhex(FILE["box_secret"]))).decrypt(blob[3:])
    assert opened.decode() == entry["record"]
    assert registry.accept(blob, KEYS, entry["machine_id"], MESH, NOW)[0] == json.loads(entry["record"])


@pytest.mark.parametrize("entry", named(FILE["dropped"]))
def test_what_does_not_fit_is_dropped(entry):
    blob = bytes.fromhex(entry["blob_hex"])
    with pytest.raises(encodings.Refused):
        registry.accept(blob, KEYS, entry["machine_id"], entry["mesh"], entry["now"], entry["seen_ts"])


def test_a_record_as_old_as_the_newest_seen_is_kept():
    entry = FILE["records"][0]
    record = json.loads(entry["record"])
    blob = bytes.fromhex(entry["blob_hex"])
    assert registry.accept(blob, KEYS, entry["machine_id"], MESH, NOW, record["ts"])[0] == record


def test_a_nonce_may_begin_like_a_sealed_box():
    entry = FILE["records"][0]
    nonce = b"KB1" + bytes(9)
    blob = registry.seal_record(entry["record"].encode(), KEYS.record_key, entry["machine_id"], nonce)
    assert registry.open_blob(blob, KEYS, entry["machine_id"]).decode() == entry["record"]


def test_a_blob_has_at_most_8_kib():
    slot = FILE["records"][0]["machine_id"]
    largest = registry.seal_record(bytes(8192 - 28), KEYS.record_key, slot, bytes(12))
    assert len(registry.open_blob(largest, KEYS, slot)) == 8192 - 28
    with pytest.raises(encodings.Refused):
        registry.open_blob(registry.seal_record(bytes(8192 - 27), KEYS.record_key, slot, bytes(12)), KEYS, slot)


def test_the_registration_header_is_an_hmac_of_the_origin():
    entry = FILE["registration_secret"]
    secret = bytes.fromhex(entry["secret"])
    assert hmac.new(secret, entry["origin"].encode(), hashlib.sha256).hexdigest() == entry["header"]
    assert registry.registration_header(secret, entry["origin"]) == entry["header"]
