"""WebSocket frames and the opening of a connection (RFC 6455), as much as the mesh uses."""

import base64
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

BINARY, CLOSE, PING, PONG = 2, 8, 9, 10
_CONTINUATION = 0


class Broken(ValueError):
    """Bytes that are no frame of a mesh."""


@dataclass(frozen=True)
class Frame:
    opcode: int
    payload: bytes
    #: The bytes as they came.
    raw: bytes

    @property
    def close_code(self) -> int:
        """0 where none is given."""
        return struct.unpack(">H", self.payload[:2])[0] if len(self.payload) >= 2 else 0


def opening(host: str, port: int, path: str = "/mesh") -> bytes:
    """A client's request to upgrade."""
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def encode(opcode: int, payload: bytes, masked: bool) -> bytes:
    """One whole message. A client's is masked, by zeros: masks protect proxies from browsers, and there are none."""
    flag = 0x80 if masked else 0
    if len(payload) < 126:
        head = bytes((0x80 | opcode, flag | len(payload)))
    elif len(payload) < 1 << 16:
        head = struct.pack(">BBH", 0x80 | opcode, flag | 126, len(payload))
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, flag | 127, len(payload))
    return head + (bytes(4) if masked else b"") + payload


class Reader:
    """Takes bytes as they come and gives whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        if not buffer[0] & 0x80 or buffer[0] & 0x0F == _CONTINUATION:
            raise Broken("a message in pieces")
        length, start = buffer[1] & 0x7F, 2
        if length >= 126:
            start = 4 if length == 126 else 10
            if len(buffer) < start:
                return None
            length = int.from_bytes(buffer[2:start], "big")
        mask = b""
        if buffer[1] & 0x80:
            mask, start = bytes(buffer[start : start + 4]), start + 4
        if len(buffer) < start + length:
            return None
        raw = bytes(buffer[: start + length])
        del buffer[: start + length]
        return Frame(raw[0] & 0x0F, _unmasked(raw[start:], mask), raw)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    if not any(mask):
        return payload
    whole = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(payload), "big")
