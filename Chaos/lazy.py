"""A member that reads when it is told to, and not before."""

import json
import socket
import time
from pathlib import Path

import websocket
from errors import Failed
from member import Member, client_ack, read_frame

SMALL_BUFFER = 4096
ANSWER_SECONDS = 30
READ_BYTES = 1 << 18


class Lazy:
    """One member over several connections; what it took in is `inbox-NAME.jsonl`, as of any device."""

    def __init__(self, member: Member, name: str, port: int, folder: Path):
        self.member = member
        self.name = name
        self.seen: set[tuple[str, str]] = set()
        #: Pushes of what it had taken in before, which is the broker's right until it has the acknowledgement.
        self.repeated: list[str] = []
        self._port = port
        self._lines = open(folder / f"inbox-{name}.jsonl", "w", encoding="utf-8")
        self._keys: dict[str, str] = {}
        self._socket: socket.socket | None = None
        self._reader = websocket.Reader()
        self._pongs = 0

    def connect(self, small: bool) -> None:
        """Until it is a member like any other. With a small buffer hardly anything can wait for it in the kernel."""
        self.leave()
        self._reader = websocket.Reader()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if small:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        self._socket.settimeout(ANSWER_SECONDS)
        self._socket.connect(("127.0.0.1", self._port))
        self._socket.sendall(websocket.opening("127.0.0.1", self._port))
        head = b""
        while b"\r\n\r\n" not in head:
            # Byte by byte: what follows the head belongs to the reader.
            head += self._socket.recv(1)
        if not head.startswith(b"HTTP/1.1 101 "):
            raise Failed(f"the upgrade was answered {head[:80]!r}")
        while not self._meet():
            pass

    def _meet(self) -> bool:
        """Takes one read's frames; whether the members are all told."""
        is_met = False
        for frame in self._frames():
            if frame.opcode != websocket.BINARY:
                self._answer(frame)
                continue
            header, body = read_frame(frame.payload)
            if header["type"] == "challenge":
                for answer in self.member.hello(header, f"http://127.0.0.1:{self._port}"):
                    self._send(websocket.BINARY, answer)
            is_met = is_met or header["type"] == "members_end"
            self._take([(header, body)])
        return is_met

    def drip(self) -> None:
        """Shows a sign of life without reading anything."""
        self._send(websocket.PONG, b"")

    def read(self, wanted: int, seconds: float) -> None:
        """Reads and acknowledges until it holds `wanted` messages."""
        deadline = time.monotonic() + seconds
        while len(self.seen) < wanted:
            if time.monotonic() > deadline:
                raise Failed(f"{self.name} read for {seconds:.0f} s and holds {len(self.seen)} of {wanted} messages")
            self._read_on()
        self._lines.flush()

    def wait_for_pong(self) -> None:
        """Then the server has every acknowledgement that was sent before."""
        pongs = self._pongs
        self._send(websocket.PING, b"")
        while self._pongs == pongs:
            self._read_on()

    def _read_on(self) -> None:
        binaries = []
        for frame in self._frames():
            if frame.opcode == websocket.BINARY:
                binaries.append(read_frame(frame.payload))
            else:
                self._answer(frame)
        self._take(binaries)

    def _frames(self) -> list[websocket.Frame]:
        data = self._socket.recv(READ_BYTES)
        if not data:
            raise Failed(f"{self.name} was cut off while it read")
        return list(self._reader.feed(data))

    def _answer(self, frame: websocket.Frame) -> None:
        if frame.opcode == websocket.PING:
            self._send(websocket.PONG, frame.payload)
        elif frame.opcode == websocket.PONG:
            self._pongs += 1
        elif frame.opcode == websocket.CLOSE:
            raise Failed(f"{self.name} was closed with {frame.close_code} while it read")

    def _take(self, received: list[tuple[dict, bytes]]) -> None:
        results = []
        for header, body in received:
            if header["type"] in ("member", "member_joined"):
                certificate = header["chain"][-1]
                self._keys[certificate["member"]] = certificate["x25519"]
            elif header["type"] == "push":
                results.append((header["broker_message_id"], self._store(header, body)))
            elif header["type"] == "error":
                raise Failed(f"{self.name} was told {header['code']}: {header['message']}")
        for start in range(0, len(results), 256):
            self._send(websocket.BINARY, client_ack(results[start : start + 256]))

    def _store(self, header: dict, body: bytes) -> str:
        # Posts of a topic, whose keys it does not have, and what daemons tell each other, are no messages of anybody's.
        if header["destination"]["kind"] != "dm":
            return "stale"
        inner = self.member.open(body, self._keys[header["sender"]])
        if inner["content_type"].startswith("application/vnd.kindred."):
            return "stored"
        key = (inner["sender"], inner["client_message_id"])
        if key in self.seen:
            self.repeated.append(inner["client_message_id"])
            return "duplicate"
        self.seen.add(key)
        self._lines.write(json.dumps({
            "id": len(self.seen), "client_message_id": inner["client_message_id"], "sender": inner["sender_name"],
            "sender_member": inner["sender"], "priority": inner["priority"], "body": inner["body"],
        }, ensure_ascii=False) + "\n")
        return "stored"

    def _send(self, opcode: int, payload: bytes) -> None:
        self._socket.sendall(websocket.encode(opcode, payload, masked=True))

    def leave(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        self.leave()
        self._lines.close()
