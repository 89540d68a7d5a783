"""A call stream of the local API, byte by byte (docs/protocol/calls.md): a chunked request whose body goes on, and its answer."""

import itertools
import json
import socket
import struct
import threading
from queue import Empty, Queue

from local_api import LocalAPI

ULID_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class CallStream:
    """Calls on a device, by its daemon's Unix socket."""

    def __init__(self, api: LocalAPI):
        self._socket: socket.socket = api.connect(tcp=False)
        self._numbers = itertools.count(1)
        self._events: dict[str, Queue[dict]] = {}
        self._socket.sendall(
            b"POST /v1/calls HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        self.ended = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    # Sending

    def raw(self, data: bytes) -> None:
        self._socket.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def frame(self, envelope: dict) -> None:
        text = json.dumps(envelope).encode()
        self.raw(struct.pack(">I", len(text)) + text)

    def event(self, call: str, kind: str, **payload: object) -> None:
        self.frame({"type": f"call.{kind}", "id": call, "payload": payload})

    def request(self, operation: str, given: object = None, **more: object) -> str:
        call = self._id(next(self._numbers))
        self._events[call] = Queue()
        self.event(call, "requested", operationId=operation, input={} if given is None else given, **more)
        return call

    @staticmethod
    def _id(number: int) -> str:
        digits = ""
        for _ in range(26):
            number, digit = divmod(number, 32)
            digits = ULID_DIGITS[digit] + digits
        return digits

    # Receiving

    def next(self, call: str, seconds: float = 20) -> tuple[str, dict]:
        """The next event of a call: what follows `call.` in its type, and its payload."""
        envelope = self._events[call].get(timeout=seconds)
        return envelope["type"].removeprefix("call."), envelope["payload"]

    def is_silent(self, call: str, seconds: float = 0.3) -> bool:
        try:
            self._events[call].get(timeout=seconds)
        except Empty:
            return True
        return False

    def ask(self, operation: str, given: object = None) -> object:
        """The one answer of a call."""
        kind, payload = self.next(self.request(operation, given))
        assert kind == "responded", payload
        return payload["output"]

    def refusal(self, operation: str, given: object = None) -> dict:
        kind, payload = self.next(self.request(operation, given))
        assert kind == "error", payload
        return payload

    def _read(self) -> None:
        try:
            with self._socket.makefile("rb") as stream:
                assert b" 200 " in stream.readline()
                while stream.readline().strip():
                    pass
                held = b""
                while size := int(stream.readline() or b"0", 16):
                    held += stream.read(size)
                    stream.readline()
                    while len(held) >= 4 and len(held) >= 4 + (length := struct.unpack(">I", held[:4])[0]):
                        envelope = json.loads(held[4 : 4 + length])
                        held = held[4 + length :]
                        self._events.setdefault(envelope["id"], Queue()).put(envelope)
        except (OSError, ValueError):
            pass
        self.ended.set()
