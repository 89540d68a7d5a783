"""Vectors/kindred/links.json against docs/protocol/links.md."""

import base64
import hashlib
import json

import pytest
from other_noise import OtherPeer
from vectors import named, ours

from kindred_wire import keys, links, pairing
from kindred_wire.encodings import Refused
from kindred_wire.noise_peer import IK, NNPSK0, Peer

FILE = ours("links.json")
LIBRARIES = pytest.mark.parametrize("library", [Peer, OtherPeer], ids=["noiseprotocol", "dissononce"])


def content(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def plain_prologue(mesh: str, machine: str) -> bytes:
    return b"kindred/link/v1" + len(mesh).to_bytes(2, "big") + mesh.encode() + b"\0\x10" + machine.encode()


@pytest.mark.parametrize("entry", FILE["prologues"])
def test_the_prologue(entry):
    assert plain_prologue(entry["mesh"], entry["machine_id"]).hex() == entry["prologue"]


@pytest.mark.parametrize(("kind", "decode"), [("openings", links.decode_opening), ("answers", links.decode_answer)])
def test_a_payload_is_read_or_refused(kind, decode):
    for entry in FILE[kind]:
        if entry["valid"]:
            assert decode(entry["payload"].encode()) == json.loads(entry["payload"]), entry["name"]
        else:
            with pytest.raises(Refused):
                decode(entry["payload"].encode())


@pytest.mark.parametrize("entry", named(FILE["records"]))
def test_a_record_is_read_or_refused(entry):
    record = bytes.fromhex(entry["head"]) + bytes(entry["zeros"])
    if entry["valid"]:
        assert links.decode_record(record)[0] == record[0]
    else:
        with pytest.raises(Refused):
            links.decode_record(record)


@pytest.mark.parametrize("entry", named(FILE["frames"]))
def test_a_frame_is_cut_and_put_together(entry):
    frame, rest, incoming, came = content(entry["size"]), content(entry["size"]), links.Incoming(), []
    for length, sha256 in entry["records"]:
        kind, rest_of_record, rest = (1 if len(rest) < 65_519 else 0), rest[:65_518], rest[65_518:]
        record = bytes([kind]) + rest_of_record
        assert (len(record), hashlib.sha256(record).hexdigest()) == (length, sha256)
        whole = incoming.take(record)
        came += [] if whole is None else [whole]
    assert came == [frame]
    assert rest == b""
    with pytest.raises(Refused):
        links.split(bytes(links.MAX_FRAME + 1))


@pytest.mark.parametrize("entry", named(FILE["resumes"]))
def test_what_is_sent_again(entry):
    lengths = [len(record) for size in entry["frames"] for record in links.split(content(size))]
    behind = [sum(lengths[:count]) for count in range(len(lengths) + 1)]
    expected = lengths[behind.index(entry["position"]) :] if entry["position"] in behind else None
    assert entry["again"] == expected


def test_what_was_taken_is_not_taken_again():
    incoming, records = links.Incoming(), [record for size in (3, 0, 70_000) for record in links.split(content(size))]
    assert [incoming.take(record) for record in records[:2]] == [content(3), b""]
    told = len(records[0])
    incoming.restart(told)
    assert incoming.take(records[1]) is None
    assert [incoming.take(record) for record in records[2:]] == [None, content(70_000)]
    incoming.restart(incoming.received + 1)
    with pytest.raises(Refused):
        incoming.take(b"\1")


def sides(library, entry: dict):
    caller, called = FILE["caller"], FILE["called"]
    prologue = plain_prologue(FILE["mesh"], called["machine_id"])
    return (
        library(
            IK,
            True,
            prologue,
            bytes.fromhex(caller["static"]),
            bytes.fromhex(called["key"]),
            ephemeral=bytes.fromhex(entry["caller_ephemeral"]),
        ),
        library(
            IK, False, prologue, bytes.fromhex(called["static"]), ephemeral=bytes.fromhex(entry["called_ephemeral"])
        ),
    )


@LIBRARIES
@pytest.mark.parametrize("entry", named(FILE["handshakes"]))
def test_a_link_is_made_and_used(library, entry):
    caller, called = sides(library, entry)
    first = caller.write(entry["opening"].encode())
    assert first.hex() == entry["first"]
    assert called.read(first).decode() == entry["opening"]
    second = called.write(entry["answer"].encode())
    assert second.hex() == entry["second"]
    assert caller.read(second).decode() == entry["answer"]
    assert caller.handshake_hash.hex() == called.handshake_hash.hex() == entry["handshake_hash"]
    assert called.remote == keys.x25519_public(bytes.fromhex(FILE["caller"]["static"]))
    for said in entry["transport"]:
        sender, reader = (caller, called) if said["from"] == "caller" else (called, caller)
        assert sender.seal(bytes.fromhex(said["record"])).hex() == said["message"]
        assert reader.open(bytes.fromhex(said["message"])).hex() == said["record"]


def test_keys_change_after_65536_messages():
    entry = next(one for one in FILE["handshakes"] if one["name"] == FILE["rekeys"]["handshake"])
    caller, called = sides(Peer, entry)
    called.read(caller.write(entry["opening"].encode()))
    caller.read(called.write(entry["answer"].encode()))
    link, reader, record = links.Link(caller), links.Link(called), bytes.fromhex(FILE["rekeys"]["record"])
    for number in range(65_538):
        message = link.seal(record)
        assert FILE["rekeys"]["messages"].get(str(number), message.hex()) == message.hex()
        assert reader.open(message) == record


@pytest.mark.parametrize("entry", named(FILE["codes"]))
def test_a_code_is_read_or_refused(entry):
    if entry["valid"]:
        text = "".join(entry["text"].split())
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        assert value == {"s": entry["server"], "t": entry["token"]}
        assert pairing.decode_code(entry["text"]) == (entry["server"], bytes.fromhex(entry["token"]))
        assert pairing.code(entry["server"], bytes.fromhex(entry["token"])) == text
    else:
        with pytest.raises(Refused):
            pairing.decode_code(entry["text"])


@pytest.mark.parametrize("entry", FILE["rooms"])
def test_room_and_key_follow_from_the_token(entry):
    token = bytes.fromhex(entry["token"])
    assert hashlib.sha256(b"kindred/pair/v1" + token).hexdigest() == entry["room"]
    assert hashlib.sha256(token).hexdigest() == entry["psk"]


@pytest.mark.parametrize("entry", FILE["safety_numbers"])
def test_the_safety_number_follows_from_the_hash(entry):
    digits = hashlib.sha256(b"kindred/sas/v1" + bytes.fromhex(entry["handshake_hash"])).digest()[:8].hex()
    assert entry["safety_number"] == f"{digits[:4]} {digits[4:8]} {digits[8:12]} {digits[12:]}"


@LIBRARIES
def test_a_pairing(library):
    entry = FILE["pairing"]
    psk = hashlib.sha256(bytes.fromhex(entry["token"])).digest()
    entered, shown = (
        library(
            NNPSK0, side == "entered", b"kindred/pair/v1", psk=psk, ephemeral=bytes.fromhex(entry[f"{side}_ephemeral"])
        )
        for side in ("entered", "shown")
    )
    assert entered.write().hex() == entry["first"]
    assert shown.read(bytes.fromhex(entry["first"])) == b""
    assert shown.write().hex() == entry["second"]
    assert entered.read(bytes.fromhex(entry["second"])) == b""
    assert entered.seal(b"").hex() == entry["third"]
    assert shown.open(bytes.fromhex(entry["third"])) == b""
    assert pairing.safety_number(entered.handshake_hash) == entry["safety_number"]
    for said in entry["transport"]:
        sender, reader = (entered, shown) if said["from"] == "entered" else (shown, entered)
        assert sender.seal(bytes.fromhex(said["payload"])).hex() == said["message"]
        assert reader.open(bytes.fromhex(said["message"])).hex() == said["payload"]
    other = library(NNPSK0, False, b"kindred/pair/v1", psk=bytes(32))
    with pytest.raises(Refused):
        other.read(bytes.fromhex(entry["first"]))
