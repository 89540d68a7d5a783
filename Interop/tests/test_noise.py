"""The published Noise vectors and Vectors/kindred/noise.json, by two libraries."""

import hashlib

import pytest
from other_noise import OtherPeer
from vectors import named, ours, published

from kindred_wire import keys
from kindred_wire.encodings import Refused
from kindred_wire.noise_peer import Peer

LIBRARIES = pytest.mark.parametrize("library", [Peer, OtherPeer], ids=["noiseprotocol", "dissononce"])
PUBLISHED = published("noise.json")["vectors"] + published("noise-snow.json")["vectors"]


def raw(entry: dict, name: str) -> bytes | None:
    return bytes.fromhex(entry[name]) if name in entry else None


def content(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def first_of(entry: dict, name: str) -> bytes | None:
    return bytes.fromhex(entry[name][0]) if entry.get(name) else None


@LIBRARIES
@pytest.mark.parametrize("entry", PUBLISHED, ids=lambda entry: entry["protocol_name"])
def test_the_published_messages(library, entry):
    name = entry["protocol_name"].encode()
    sides = [
        library(
            name,
            True,
            raw(entry, "init_prologue"),
            raw(entry, "init_static"),
            raw(entry, "init_remote_static"),
            first_of(entry, "init_psks"),
            raw(entry, "init_ephemeral"),
        ),
        library(
            name,
            False,
            raw(entry, "resp_prologue"),
            raw(entry, "resp_static"),
            None,
            first_of(entry, "resp_psks"),
            raw(entry, "resp_ephemeral"),
        ),
    ]
    for index, message in enumerate(entry["messages"]):
        payload, sender, reader = raw(message, "payload"), sides[index % 2], sides[1 - index % 2]
        sealed = sender.write(payload) if index < 2 else sender.seal(payload)
        assert sealed.hex() == message["ciphertext"]
        assert (reader.read(sealed) if index < 2 else reader.open(sealed)) == payload
    assert entry.get("handshake_hash", sides[0].handshake_hash.hex()) == sides[1].handshake_hash.hex()


@LIBRARIES
@pytest.mark.parametrize("entry", named(ours("noise.json")["handshakes"]))
def test_our_messages(library, entry):
    static = raw(entry, "resp_static")
    remote = static and keys.x25519_public(static)
    name, prologue, psk = entry["protocol_name"].encode(), raw(entry, "prologue"), raw(entry, "psk")
    sides = [
        library(name, True, prologue, raw(entry, "init_static"), remote, psk, raw(entry, "init_ephemeral")),
        library(name, False, prologue, static, None, psk, raw(entry, "resp_ephemeral")),
    ]
    for index, message in enumerate(entry["messages"]):
        payload, sender, reader = content(message["size"]), sides[index % 2], sides[1 - index % 2]
        if message["rekey"]:
            sender.rekey_sending()
            reader.rekey_receiving()
        sealed = sender.write(payload) if index < 2 else sender.seal(payload)
        assert hashlib.sha256(sealed).hexdigest() == message["sha256"]
        assert message.get("ciphertext", sealed.hex()) == sealed.hex()
        assert (reader.read(sealed) if index < 2 else reader.open(sealed)) == payload
    assert sides[0].handshake_hash.hex() == entry["handshake_hash"]


@LIBRARIES
def test_a_message_of_another_place_is_refused(library):
    entry = ours("noise.json")["handshakes"][0]
    static = raw(entry, "resp_static")
    one = library(entry["protocol_name"].encode(), True, b"", raw(entry, "init_static"), keys.x25519_public(static))
    two = library(entry["protocol_name"].encode(), False, b"", static)
    two.read(one.write())
    one.read(two.write())
    messages = [one.seal(bytes([number])) for number in range(3)]
    assert two.open(messages[0]) == b"\0"
    for wrong in (messages[0], messages[2], messages[1][:-1]):
        with pytest.raises(Refused):
            two.open(wrong)
    assert two.open(messages[1]) == b"\1"
