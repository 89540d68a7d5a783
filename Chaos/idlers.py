"""Thousands of connections to a server that do nothing, or only what keeps them open."""

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import websocket
from errors import Failed
from member import Member, read_frame

AT_ONCE = 200
#: One address has some 28,000 ports for connections to one place; what was closed holds its port for a minute.
SOURCES = [f"127.0.0.{number}" for number in range(2, 18)] if sys.platform == "linux" else ["127.0.0.1"]


class Idler(asyncio.Protocol):
    """A connection: silent, or upgraded to a WebSocket that says nothing, or a member that only answers pings."""

    def __init__(self, port: int, kind: str, member: Member | None = None):
        self.kind = kind
        self.opened_at = self.closed_at = 0.0
        self.close_code = 0
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._port = port
        self._member = member
        self._reader: websocket.Reader | None = None
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.opened_at = time.monotonic()
        if self.kind == "silent":
            self._settle()
        else:
            transport.write(websocket.opening("127.0.0.1", self._port))

    def data_received(self, data: bytes) -> None:
        if self._reader is None:
            self._head += data
            head, found, data = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                return self._settle(Failed(f"the upgrade was answered {head[:80]!r}"))
            self._reader, self._head = websocket.Reader(), b""
            if self.kind == "mute":
                self._settle()
        for frame in self._reader.feed(data):
            self._received(frame)

    def _received(self, frame: websocket.Frame) -> None:
        if frame.opcode == websocket.CLOSE:
            self.close_code = frame.close_code
            self.transport.write(websocket.encode(websocket.CLOSE, frame.payload[:2], masked=True))
        elif frame.opcode == websocket.PING and self.kind == "member":
            self.transport.write(websocket.encode(websocket.PONG, frame.payload, masked=True))
        elif frame.opcode == websocket.BINARY and self.kind == "member":
            header, _ = read_frame(frame.payload)
            if header["type"] == "challenge":
                for answer in self._member.hello(header, f"http://127.0.0.1:{self._port}"):
                    self.transport.write(websocket.encode(websocket.BINARY, answer, masked=True))
            elif header["type"] == "ready":
                self._settle()
            elif header["type"] == "error":
                self._settle(Failed(f"the hello was answered {header['code']}: {header['message']}"))

    def connection_lost(self, error: Exception | None) -> None:
        self.closed_at = time.monotonic()
        self._settle(Failed(f"the connection was lost before it stood: {error}"))

    def _settle(self, error: Failed | None = None) -> None:
        if not self.settled.done():
            self.settled.set_result(None) if error is None else self.settled.set_exception(error)

    @property
    def is_open(self) -> bool:
        return self.closed_at == 0


class Idlers:
    """An event loop in a thread of its own, and the connections on it."""

    def __init__(self, port: int):
        self.all: list[Idler] = []
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="idlers", daemon=True)
        self._thread.start()

    def open(self, kind: str, count: int, members: Callable[[], Member] | None, seconds: float) -> list[Idler]:
        """Until all of them stand. Raises `Failed` with the first that does not."""
        future: Future = asyncio.run_coroutine_threadsafe(self._open(kind, count, members), self._loop)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise Failed(f"{count} {kind} connections did not stand within {seconds:.0f} s") from None

    async def _open(self, kind: str, count: int, members: Callable[[], Member] | None) -> list[Idler]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> Idler:
            async with gate:
                member = members() if members else None
                outgoing = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                outgoing.setblocking(False)
                outgoing.bind((SOURCES[number % len(SOURCES)], 0))
                await self._loop.sock_connect(outgoing, ("127.0.0.1", self._port))
                _, idler = await self._loop.create_connection(lambda: Idler(self._port, kind, member), sock=outgoing)
                self.all.append(idler)
                await idler.settled
                return idler

        return await asyncio.gather(*(one(number) for number in range(count)))

    def close(self) -> None:
        """Ends whatever is still open, and the thread."""

        def abort() -> None:
            for idler in self.all:
                idler.transport.abort()
            self._loop.call_soon(self._loop.stop)

        self._loop.call_soon_threadsafe(abort)
        self._thread.join(30)
