"""Links and pairings with the Swift code at the other end (`kin-fuzz --link-peer`), by two Noise libraries."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from other_noise import OtherPeer
from vectors import ours

from kindred_wire import encodings, links, pairing
from kindred_wire.encodings import Refused
from kindred_wire.noise_peer import IK, NNPSK0, Peer

LIBRARIES = pytest.mark.parametrize("library", [Peer, OtherPeer], ids=["noiseprotocol", "dissononce"])
FILE = ours("links.json")
OPENING = json.loads(FILE["openings"][0]["payload"])
ANSWER = json.loads(FILE["answers"][0]["payload"])
NOW, MESH = FILE["now"], FILE["mesh"]
CALLER, CALLED = FILE["caller"], FILE["called"]


class Swift:
    """One side in Swift."""

    def __init__(self, **settings):
        folder = Path(os.environ.get("KIN", Path(__file__).resolve().parents[2] / ".build/debug/kin")).parent
        if not (folder / "kin-fuzz").exists():
            pytest.skip("build it first: swift build --product kin-fuzz")
        self._process = subprocess.Popen(
            [folder / "kin-fuzz", "--link-peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._write(json.dumps(settings))

    def _write(self, line: str) -> None:
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        line = self._process.stdout.readline()
        assert line, "the Swift side ended"
        return line.strip()

    def send(self, message: bytes) -> None:
        self._write(message.hex())

    def message(self) -> bytes:
        return bytes.fromhex(self._line())

    def told(self) -> str:
        line = self._line()
        assert line.startswith("=")
        return line[1:]

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@pytest.fixture
def swift() -> Iterator:
    started = []

    def start(**settings) -> Swift:
        started.append(Swift(**settings))
        return started[-1]

    yield start
    for one in started:
        one.close()


def caller(library) -> Peer:
    prologue = links.prologue(MESH, CALLED["machine_id"])
    return library(IK, True, prologue, bytes.fromhex(CALLER["static"]), bytes.fromhex(CALLED["key"]))


def called(library) -> Peer:
    return library(IK, False, links.prologue(MESH, CALLED["machine_id"]), bytes.fromhex(CALLED["static"]))


def swift_called(swift) -> Swift:
    return swift(side="called", chain=ANSWER["chain"], static=CALLED["static"], now=NOW)


def converse(peer, other: Swift) -> None:
    """Frames of every length there and back, acknowledged, then the end."""
    link, incoming, outgoing = links.Link(peer), links.Incoming(), links.Outgoing()

    def take() -> bytes | None:
        record = link.open(other.message())
        kind, value = links.decode_record(record)
        if kind == links.ACKNOWLEDGEMENT:
            outgoing.acknowledge(value)
            return None
        return incoming.take(record)

    for size in (0, 1, 65_518, 65_519, 300_000):
        frame, back = bytes(range(256)) * (size // 256) + bytes(size % 256), None
        for record in links.split(frame):
            other.send(link.seal(outgoing.send(record)))
        while back is None:
            back = take()
        assert back == frame
        other.send(link.seal(links.acknowledgement(incoming.received)))
    other.send(link.seal(links.end("done")))
    assert other.told() == "done"


@LIBRARIES
def test_python_calls_swift(library, swift):
    other, peer = swift_called(swift), caller(library)
    other.send(peer.write(encodings.canonical(OPENING)))
    answer = links.decode_answer(peer.read(other.message()))
    assert links.judge(answer, peer.remote, MESH, NOW).member == ANSWER["chain"][1]["member"]
    assert answer["received_through"] is None
    other.send(peer.seal(links.acknowledgement(0)))
    assert other.told() == peer.handshake_hash.hex()
    converse(peer, other)


@LIBRARIES
def test_swift_calls_python(library, swift):
    other = swift(side="caller", chain=OPENING["chain"], static=CALLER["static"], now=NOW, target=ANSWER["chain"])
    peer = called(library)
    opening = links.decode_opening(peer.read(other.message()))
    assert links.judge(opening, peer.remote, MESH, NOW).member == OPENING["chain"][0]["member"]
    assert opening["resume"] is None
    other.send(peer.write(encodings.canonical(ANSWER)))
    assert other.told() == peer.handshake_hash.hex()
    assert links.decode_record(peer.open(other.message())) == (links.ACKNOWLEDGEMENT, 0)
    converse(peer, other)


@LIBRARIES
def test_swift_refuses_with_a_reason(library, swift):
    other, peer = swift_called(swift), caller(library)
    other.send(peer.write(encodings.canonical(OPENING | {"time": NOW - 60_001})))
    assert links.decode_answer(peer.read(other.message())) == {"v": 1, "refused": "clock_differs"}
    assert other.told() == "clock_differs"


@LIBRARIES
def test_a_changed_message_ends_it(library, swift):
    other, peer = swift_called(swift), caller(library)
    other.send(peer.write(encodings.canonical(OPENING)))
    peer.read(other.message())
    other.send(peer.seal(links.acknowledgement(0)))
    other.told()
    message = peer.seal(links.split(b"hello")[0])
    other.send(bytes([message[0] ^ 1]) + message[1:])
    assert other.told() == "link_tampered"


@LIBRARIES
@pytest.mark.parametrize("side", ["entered", "shown"])
def test_pairing_with_swift(library, swift, side):
    token = bytes.fromhex(FILE["pairing"]["token"])
    other = swift(side=side, token=token.hex())
    peer = library(NNPSK0, side == "shown", b"kindred/pair/v1", psk=pairing.psk(token))
    if side == "shown":
        other.send(peer.write())
        assert peer.read(other.message()) == b""
        other.send(peer.seal(b""))
    else:
        assert peer.read(other.message()) == b""
        other.send(peer.write())
        assert peer.open(other.message()) == b""
    assert other.told() == pairing.safety_number(peer.handshake_hash)
    for message in (b"", b"request", bytes(links.MAX_RECORD)):
        other.send(peer.seal(message))
        assert peer.open(other.message()) == message


def test_another_code_is_told_apart(swift):
    other = swift(side="shown", token="00" * 16)
    other.send(pairing.peer(True, bytes(15) + b"\1").write())
    assert other.told() == "pairing_wrong_code"
    with pytest.raises(Refused):
        pairing.peer(False, bytes(16)).read(pairing.peer(True, bytes(15) + b"\1").write())
