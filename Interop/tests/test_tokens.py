"""Vectors/kindred/tokens.json against docs/protocol/tokens.md."""

import base64
import hashlib
import struct

import plain
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from vectors import named, ours

from kindred_wire import encodings, tokens

FILE = ours("tokens.json")
KEYS = ours("statements.json")["keys"]
KNOWN = [bytes.fromhex(KEYS[name]["public"]) for name in ("laptop", "phone")]


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("entry", named(FILE["minted"]))
def test_a_token_is_what_another_library_signs(entry):
    audience, key_id = entry["audience"].encode(), hashlib.sha256(bytes.fromhex(KEYS[entry["signer"]]["public"]))
    data = len(audience).to_bytes(2, "big") + audience + key_id.digest()
    data += entry["timestamp"].to_bytes(8, "big") + bytes.fromhex(entry["nonce"])
    assert data.hex() == entry["signed"]
    body = unpadded(entry["token"].removeprefix("kin1."))
    assert body[:56] == key_id.digest() + data[-24:]
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(KEYS[entry["signer"]]["public"]))
    key.verify(body[56:], b"kindred/auth/v1\0" + data)
    assert len(entry["token"]) == 165


@pytest.mark.parametrize("entry", named(FILE["bare"]))
def test_a_bare_token_is_signed_over_its_first_40_bytes(entry):
    body = unpadded(entry["token"])
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(KEYS[entry["signer"]]["public"]))
    key.verify(body[40:], body[:40])
    with pytest.raises(InvalidSignature):
        key.verify(body[40:], b"kindred/auth/v1\0" + body[:40])
    assert struct.unpack(">Q", body[32:40]) == (entry["timestamp"],)
    assert len(entry["token"]) == 139


@pytest.mark.parametrize("entry", named(FILE["malformed"]))
def test_what_has_not_the_form_is_malformed(entry):
    with pytest.raises(encodings.Refused) as refused:
        tokens.parse(entry["token"])
    assert refused.value.code == "token_malformed"


@pytest.mark.parametrize("entry", named(FILE["judged"]))
def test_a_token_is_taken_or_refused_by_its_code(entry):
    arguments = (entry["token"], [entry["audience"]], KNOWN, entry["now"], entry["started"], entry["accept_bare"])
    if entry["code"] is None:
        assert tokens.verify(*arguments) in map(tokens.key_id, KNOWN)
    else:
        with pytest.raises(encodings.Refused) as refused:
            tokens.verify(*arguments)
        assert refused.value.code == entry["code"]


def test_authorized_keys_are_read_line_by_line():
    file = FILE["authorized_keys"]
    read = [key for line in file["text"].split("\n") if (key := tokens.authorized_key(line))]
    first = {tokens.key_id(public).hex(): comment for public, comment in reversed(read)}
    assert first == {entry["key_id"]: entry["comment"] for entry in file["keys"]}


def test_authorized_keys_are_those_openssh_reads():
    for line in FILE["authorized_keys"]["text"].split("\n"):
        if "ssh-ed25519" in line:
            key = serialization.load_ssh_public_key(line.strip().encode())
            raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            assert tokens.authorized_key(line)[0] == raw


@pytest.mark.parametrize("entry", named(FILE["authorized_keys"]["invalid"]))
def test_a_line_that_is_no_key_is_refused(entry):
    with pytest.raises(ValueError):
        tokens.authorized_key(entry["line"])


@pytest.mark.parametrize("entry", FILE["api_keys"]["keys"])
def test_an_api_key_is_drawn_evenly_and_kept_as_its_hash(entry):
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    values = [byte for byte in bytes.fromhex(entry["random"]) if byte < 4 * len(alphabet)]
    assert entry["key"] == "kin_" + "".join(alphabet[value % len(alphabet)] for value in values[:32])
    assert hashlib.sha256(entry["key"].encode()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("text", FILE["api_keys"]["invalid"])
def test_what_is_no_api_key_has_no_hash(text):
    with pytest.raises(encodings.Refused):
        tokens.api_key_hash(text)


def test_keys_of_the_vectors_follow_from_their_seeds():
    for name in ("laptop", "phone", "stranger"):
        assert plain.ed25519_public(KEYS[name]["seed"]) == KEYS[name]["public"]
