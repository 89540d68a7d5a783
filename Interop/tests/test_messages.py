"""Vectors/kindred/messages.json against docs/protocol/messages.md."""

import hashlib
import hmac
import json

import plain
import pytest
from nacl.public import Box, PrivateKey, PublicKey
from vectors import named, ours

from kindred_wire import encodings, messages

FILE = ours("messages.json")
DOMAIN = "kindred/message/v1"


def keys_of(entry: dict) -> tuple[bytes, bytes]:
    sender, recipient = (bytes.fromhex(entry[f"{party}_x25519_secret"]) for party in ("sender", "recipient"))
    return sender, recipient


@pytest.mark.parametrize("entry", named(FILE["valid"]))
def test_an_inner_form_is_canonical_and_signed_by_its_sender(entry):
    inner = messages.decode_inner(entry["inner"].encode())
    text = plain.without_signatures(entry["inner"])
    assert plain.canonical(entry["inner"]) == entry["inner"]
    assert plain.ed25519_signature(entry["sender_ed25519_seed"], DOMAIN, text) == inner["sig"]
    assert messages.verifies(inner, bytes.fromhex(plain.ed25519_public(entry["sender_ed25519_seed"])))


@pytest.mark.parametrize("entry", named(FILE["valid"]))
def test_a_message_is_padded_and_boxed_to_the_bytes_given(entry):
    sender, recipient = keys_of(entry)
    data, nonce = entry["inner"].encode(), bytes.fromhex(entry["nonce"])
    padded = data + b"\x80" + bytes(entry["padded_length"] - len(data) - 1)
    box = Box(PrivateKey(sender), PublicKey(bytes.fromhex(plain.x25519_public(recipient.hex()))))
    assert bytes(box.encrypt(padded, nonce)).hex() == entry["sealed_hex"]
    assert messages.seal(data, nonce, sender, bytes(PrivateKey(recipient).public_key)).hex() == entry["sealed_hex"]


@pytest.mark.parametrize("entry", named(FILE["valid"]))
def test_the_padded_length_is_the_least_of_its_kind(entry):
    length = len(entry["inner"].encode())
    blocks = [*range(64, 1025, 64)] if length < 1024 else [*range(2048, length + 1025, 1024)]
    assert entry["padded_length"] == next(count for count in blocks if count > length)


@pytest.mark.parametrize("entry", named(FILE["valid"]))
def test_the_recipient_opens_what_was_sealed(entry):
    sender, recipient = keys_of(entry)
    opened = messages.open_sealed(bytes.fromhex(entry["sealed_hex"]), recipient, bytes(PrivateKey(sender).public_key))
    assert opened.decode() == entry["inner"]


def test_padding_is_taken_off_again_at_every_length():
    for length in range(5000):
        data = bytes(length)
        assert len(messages.pad(data)) == messages.padded_length(length)
        assert messages.unpad(messages.pad(data)) == data


@pytest.mark.parametrize("entry", named(FILE["invalid"]))
def test_an_invalid_inner_form_is_refused(entry):
    with pytest.raises(encodings.Refused):
        messages.decode_inner(entry["inner"].encode())


@pytest.mark.parametrize("entry", named(FILE["unopenable"]))
def test_a_body_that_is_not_sealed_rightly_is_refused(entry):
    secret, public = (bytes.fromhex(entry[name]) for name in ("recipient_x25519_secret", "sender_x25519_public"))
    with pytest.raises(encodings.Refused):
        messages.open_sealed(bytes.fromhex(entry["sealed_hex"]), secret, public)


@pytest.mark.parametrize("entry", FILE["fingerprints"])
def test_a_fingerprint_is_an_hmac_over_the_request(entry):
    key = bytes.fromhex(entry["key"])
    assert plain.canonical(entry["canonical"]) == entry["canonical"]
    assert hmac.new(key, entry["canonical"].encode(), hashlib.sha256).hexdigest() == entry["fingerprint"]
    assert messages.request_fingerprint(key, json.loads(entry["canonical"])) == entry["fingerprint"]


def test_every_request_has_its_own_fingerprint():
    assert len({entry["fingerprint"] for entry in FILE["fingerprints"]}) == len(FILE["fingerprints"])


@pytest.mark.parametrize("entry", named([entry for entry in FILE["receipts"] if entry["valid"]]))
def test_a_valid_receipt_is_read(entry):
    receipt = messages.decode_receipt(entry["body"].encode())
    assert receipt == {name: entry[name] for name in ("at", "ids", "kind", "reason") if name in entry}


@pytest.mark.parametrize("entry", named([entry for entry in FILE["receipts"] if not entry["valid"]]))
def test_an_invalid_receipt_is_refused(entry):
    with pytest.raises(encodings.Refused):
        messages.decode_receipt(entry["body"].encode())


@pytest.mark.parametrize("entry", named([entry for entry in FILE["valid"] if entry["name"].startswith("receipt")]))
def test_a_receipt_is_a_message(entry):
    assert messages.receipt_of(messages.decode_inner(entry["inner"].encode()))["kind"] in ("delivered", "read", "refused")


@pytest.mark.parametrize("entry", named(FILE["not_receipts"]))
def test_a_message_that_is_no_receipt_does_not_count_as_one(entry):
    inner = messages.decode_inner(entry["inner"].encode())
    with pytest.raises(encodings.Refused):
        messages.receipt_of(inner)


@pytest.mark.parametrize("entry", named(FILE["successions"]))
def test_what_tells_of_a_new_wallet_is_read_or_refused(entry):
    body = entry["body"].encode()
    if entry["valid"]:
        assert encodings.canonical(messages.decode_succession(body)) == body
    else:
        with pytest.raises(encodings.Refused):
            messages.decode_succession(body)
