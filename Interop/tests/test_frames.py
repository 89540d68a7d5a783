"""Vectors/kindred/frames.json against docs/protocol/mesh.md."""

import json
import random

import plain
import pytest
from vectors import named, ours

from kindred_wire import encodings, frames
from kindred_wire.chain import verify

FILE = ours("frames.json")
HELLOS = [entry for entry in FILE["valid"] if entry["type"] == "hello"]
CHALLENGE = json.loads(next(entry["header"] for entry in FILE["valid"] if entry["name"] == "challenge"))


def test_every_type_has_a_valid_frame():
    assert {entry["type"] for entry in FILE["valid"]} == set(frames.FORMS)


@pytest.mark.parametrize("kind", frames.FORMS)
def test_every_optional_field_is_there_once_and_missing_once(kind):
    headers = [json.loads(entry["header"]) for entry in FILE["valid"] if entry["type"] == kind]
    for field in frames.FORMS[kind][1]:
        assert {field in header for header in headers} == {True, False}


@pytest.mark.parametrize("entry", named(FILE["valid"]))
def test_a_valid_frame_is_its_header_and_its_body(entry):
    header, body = entry["header"].encode(), bytes.fromhex(entry["body_hex"])
    frame = bytes.fromhex(entry["frame_hex"])
    assert len(header).to_bytes(4, "big") + header + body == frame
    assert plain.canonical(entry["header"]) == entry["header"]
    decoded = frames.decode(frame)
    assert decoded == frames.Frame(json.loads(entry["header"]), body)
    assert decoded.type == entry["type"]
    assert frames.encode(decoded) == frame


@pytest.mark.parametrize("entry", named(FILE["invalid"]))
def test_an_invalid_frame_is_refused_with_the_error_given(entry):
    with pytest.raises(frames.FrameRefused) as refusal:
        frames.decode(bytes.fromhex(entry["frame_hex"]))
    assert refusal.value.code == entry["error"]


@pytest.mark.parametrize("entry", named(HELLOS))
def test_a_hello_is_signed_by_the_chains_key_for_the_challenge(entry):
    header = json.loads(entry["header"])
    shared = {name: header[name] for name in ("mesh", "revocation_head", "capabilities", "timestamp")}
    hashed = encodings.canonical(header["chain"])
    known = {"v": 1, "origin": "https://kin.example", "nonce": CHALLENGE["nonce"], "chain_sha256": plain.sha256(hashed)}
    text = plain.canonical(json.dumps(shared | known))
    device = verify(header["chain"], header["mesh"], CHALLENGE["server_time"])
    assert plain.ed25519_verifies(device.ed25519, header["signature"], "kindred/hello/v1", text)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("ack", {"first_seen_at": 1}),
        ("ack, duplicate", {"duplicate": False}),
        ("nack, expired", {"retryable": True}),
        ("nack, out_of_order", {"retryable": False}),
        ("nack, out_of_order", {"retry_after_ms": 1}),
        ("nack, expired", {"stored_fingerprint": "ab" * 8}),
        ("nack, expired", {"code": "weather"}),
        ("features asked", {"require": ["a", "a"]}),
        ("features asked", {"require": [f"f{number}" for number in range(33)]}),
    ],
)
def test_fields_that_contradict_each_other_are_refused(kind, changes):
    """Strict readings that the vectors leave out."""
    header = json.loads(next(entry["header"] for entry in FILE["valid"] if entry["name"] == kind))
    with pytest.raises(frames.FrameRefused):
        frames.decode(frames.encode(frames.Frame(header | changes)))


@pytest.mark.parametrize("kind", ["push, DM", "history_item, DM"])
def test_a_delivery_without_a_body_is_refused(kind):
    header = json.loads(next(entry["header"] for entry in FILE["valid"] if entry["name"] == kind))
    with pytest.raises(frames.FrameRefused):
        frames.decode(frames.encode(frames.Frame(header)))


def test_a_body_may_have_inline_bytes_and_not_one_more():
    header = json.loads(next(entry["header"] for entry in FILE["valid"] if entry["name"] == "send, DM"))
    assert len(frames.decode(frames.encode(frames.Frame(header, bytes(1024))), inline_bytes=1024).body) == 1024
    with pytest.raises(frames.FrameRefused):
        frames.decode(frames.encode(frames.Frame(header, bytes(1025))), inline_bytes=1024)


def test_random_bytes_are_refused_and_nothing_else_happens():
    source = random.Random("kindred/frames")
    for _ in range(2_000):
        with pytest.raises(frames.FrameRefused):
            frames.decode(source.randbytes(source.randrange(200)))


def test_a_frame_with_changed_bytes_is_a_frame_or_refused():
    source = random.Random("kindred/changed")
    for entry in FILE["valid"]:
        data = bytearray.fromhex(entry["frame_hex"])
        for _ in range(20):
            changed = bytearray(data)
            changed[source.randrange(len(data))] ^= 1 << source.randrange(8)
            try:
                assert frames.encode(frames.decode(bytes(changed))) == changed
            except frames.FrameRefused as refusal:
                assert refusal.code in ("invalid_message", "unknown_message_type")


def test_names_are_not_used_twice():
    names = [entry["name"] for entry in FILE["valid"] + FILE["invalid"]]
    assert len(names) == len(set(names))
