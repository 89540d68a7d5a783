"""Links (docs/protocol/links.md)."""

import struct

from . import chain as chains
from . import fields as f
from .encodings import Refused, parse_canonical
from .noise_peer import IK, Peer

LABEL = b"kindred/link/v1"
MAX_MESSAGE = 65_535
MAX_RECORD = 65_519
MAX_CONTENT = MAX_RECORD - 1
MAX_FRAME = 16 << 20
WINDOW = 1 << 20
WINDOW_RECORDS = 4096
REKEY_AFTER = 1 << 16
MAX_SKEW = 60_000
MORE, LAST, ACKNOWLEDGEMENT, END = range(4)

link_id = f.hex_of(16)
RESUME = {"link": link_id, "received_through": f.integer()}
OPENING = {
    "v": f.exactly(1),
    "chain": chains.is_chain,
    "revocation_head": f.revocation_head,
    "nonce": f.hex_of(16),
    "time": f.time,
    "resume": f.either(f.having(RESUME), f.null),
}
ACCEPTANCE = {
    "v": f.exactly(1),
    "chain": chains.is_chain,
    "revocation_head": f.revocation_head,
    "time": f.time,
    "link": link_id,
    "received_through": f.either(f.integer(), f.null),
}
REFUSAL = {"v": f.exactly(1), "refused": f.feature}


def prologue(mesh: str, machine: str) -> bytes:
    parts = (mesh.encode(), machine.encode())
    return LABEL + b"".join(struct.pack(">H", len(part)) + part for part in parts)


def decode_opening(payload: bytes) -> dict:
    value = parse_canonical(payload)
    f.require_fields(value, OPENING)
    return value


def decode_answer(payload: bytes) -> dict:
    value = parse_canonical(payload)
    f.require_fields(value, REFUSAL if type(value) is dict and "refused" in value else ACCEPTANCE)
    return value


def judge(value: dict, key: bytes, mesh: str, now: int) -> chains.Device:
    """Who an opening or an acceptance is from, its static key in the handshake being `key`."""
    device = chains.verify(value["chain"], mesh, now)
    if device.x25519 != key.hex():
        raise Refused("link_key_mismatch", "the certificate is of another key")
    if abs(value["time"] - now) > MAX_SKEW:
        raise Refused("clock_differs", "more than a minute")
    return device


def split(frame: bytes) -> list[bytes]:
    """The records of one frame."""
    if len(frame) > MAX_FRAME:
        raise Refused("frame_too_large", "more than 16 MiB")
    parts = [frame[at : at + MAX_CONTENT] for at in range(0, len(frame), MAX_CONTENT)] or [b""]
    return [bytes([MORE]) + part for part in parts[:-1]] + [bytes([LAST]) + parts[-1]]


def decode_record(record: bytes) -> tuple[int, object]:
    """Its kind, and its content, position or reason."""
    if not 1 <= len(record) <= MAX_RECORD:
        raise Refused("link_malformed", "a record's length")
    kind, rest = record[0], record[1:]
    if kind == MORE and len(rest) == MAX_CONTENT or kind == LAST:
        return kind, rest
    if kind == ACKNOWLEDGEMENT and len(rest) == 8 and int.from_bytes(rest, "big") < 2**53:
        return kind, int.from_bytes(rest, "big")
    if kind == END and f.feature(rest.decode("latin-1")):
        return kind, rest.decode()
    raise Refused("link_malformed", "no record")


def acknowledgement(position: int) -> bytes:
    return bytes([ACKNOWLEDGEMENT]) + position.to_bytes(8, "big")


def end(reason: str) -> bytes:
    return bytes([END]) + reason.encode()


class Outgoing:
    """What a side keeps to send again: records, each with the position behind it."""

    def __init__(self):
        self.acknowledged, self.records = 0, []

    def send(self, record: bytes) -> bytes:
        if sum(map(len, self.records)) + len(record) > WINDOW or len(self.records) == WINDOW_RECORDS:
            raise Refused("link_busy", "the window is full")
        self.records.append(record)
        return record

    def acknowledge(self, position: int) -> None:
        place, count = self.acknowledged, 0
        while place < position and count < len(self.records):
            place += len(self.records[count])
            count += 1
        if place != position:
            raise Refused("link_position_invalid", "not between two records that are kept")
        self.acknowledged, self.records = position, self.records[count:]

    def again(self, position: int) -> list[bytes]:
        """What is sent on a new connection, first of all."""
        self.acknowledge(position)
        return list(self.records)


class Incoming:
    """Puts frames together, and knows how far it is."""

    def __init__(self):
        self.received, self._place, self._partial = 0, 0, b""

    def take(self, record: bytes) -> bytes | None:
        kind, content = decode_record(record)
        begin, self._place = self._place, self._place + len(record)
        if self._place <= self.received:
            return None
        if begin != self.received:
            raise Refused("link_position_invalid", "a record is missing")
        if len(self._partial) + len(content) > MAX_FRAME:
            raise Refused("frame_too_large", "more than 16 MiB")
        self.received, frame = self._place, self._partial + content
        self._partial = b"" if kind == LAST else frame
        return frame if kind == LAST else None

    def restart(self, position: int) -> None:
        self._place = position


class Link:
    """The transport of a link: records in, records out, with a new key after every 2^16 of a direction."""

    def __init__(self, peer: Peer):
        self.peer, self.sent, self.received = peer, 0, 0

    def seal(self, record: bytes) -> bytes:
        message = self.peer.seal(record)
        self.sent += 1
        if self.sent % REKEY_AFTER == 0:
            self.peer.rekey_sending()
        return message

    def open(self, message: bytes) -> bytes:
        record = self.peer.open(message)
        self.received += 1
        if self.received % REKEY_AFTER == 0:
            self.peer.rekey_receiving()
        return record


def initiator(mesh: str, machine: str, secret: bytes, remote: bytes, ephemeral: bytes | None = None) -> Peer:
    return Peer(IK, True, prologue(mesh, machine), static=secret, remote=remote, ephemeral=ephemeral)


def responder(mesh: str, machine: str, secret: bytes, ephemeral: bytes | None = None) -> Peer:
    return Peer(IK, False, prologue(mesh, machine), static=secret, ephemeral=ephemeral)
