"""Stands between a daemon and its server and does mischief to the frames of the mesh. All else passes as it is."""

import asyncio
import threading
from collections import Counter

from family import free_port
from mischief import Mischief, kind_of
from websocket import Reader

READ_BYTES = 1 << 16
HELD_SECONDS = 0.02
STOP_SECONDS = 10


class Proxies:
    """Several of them, on one event loop in a thread of its own."""

    def __init__(self, count: int, upstream_port: int, seed: int):
        self.deeds: Counter[str] = Counter()
        self.ports = [free_port() for _ in range(count)]
        self._upstream_port = upstream_port
        self._seed = seed
        self._connections = 0
        self._is_calm = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._thread.start()
        for port in self.ports:
            starting = asyncio.start_server(self._serve, "127.0.0.1", port)
            asyncio.run_coroutine_threadsafe(starting, self._loop).result(STOP_SECONDS)

    def calm(self) -> None:
        """From now on nothing is changed; connections on which something was lost are cut."""

        def cut() -> None:
            self._is_calm = True
            for writer in list(self._writers):
                writer.transport.abort()

        self._loop.call_soon_threadsafe(cut)

    def close(self) -> None:
        self.calm()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a daemon."""
        self._writers.add(writer)
        upstream = None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            answers, upstream = await asyncio.open_connection("127.0.0.1", self._upstream_port)
            upstream.write(head)
            if head.startswith(b"GET /mesh") and not self._is_calm:
                writer.write(await answers.readuntil(b"\r\n\r\n"))
                self._connections += 1
                name = f"proxy {self._seed} {self._connections}"
                ways = [
                    _Way(reader, upstream, Mischief(f"{name} up", self.deeds)).run(),
                    _Way(answers, writer, Mischief(f"{name} down", self.deeds)).run(),
                ]
            else:
                ways = [_copy(reader, upstream), _copy(answers, writer)]
            await _until_first(ways)
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # Either end went away, as they are made to.
        finally:
            self._writers.discard(writer)
            for end in (writer, upstream):
                if end is not None:
                    end.transport.abort()


class _Way:
    """One direction, frame by frame."""

    def __init__(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, mischief: Mischief):
        self._source = source
        self._sink = sink
        self._mischief = mischief
        self._frames = Reader()
        self._held: list[bytes] = []

    async def run(self) -> None:
        """Until the connection ends, by itself or by fate."""
        releasing = asyncio.create_task(self._release())
        try:
            while data := await self._source.read(READ_BYTES):
                for frame in self._frames.feed(data):
                    fate = self._mischief.fate(kind_of(frame))
                    if fate.cut or self._sink.is_closing():
                        return
                    if fate.delay:
                        await asyncio.sleep(fate.delay)
                    if fate.is_held:
                        self._held += [frame.raw] * fate.copies
                    else:
                        self._sink.write(frame.raw * fate.copies)
                await self._sink.drain()
        finally:
            releasing.cancel()

    async def _release(self) -> None:
        while True:
            await asyncio.sleep(HELD_SECONDS)
            held, self._held = self._held, []
            if held and not self._sink.is_closing():
                self._sink.write(b"".join(self._mischief.shuffle(held)))


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(READ_BYTES):
        sink.write(data)
        await sink.drain()


async def _until_first(ways: list) -> None:
    """The end of one direction is the end of both."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for task in done:
        task.result()
