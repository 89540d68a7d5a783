"""A server and daemons as real processes: the binary that was built, in a folder of their own, ended with the test."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PHRASE = "abandon " * 23 + "art"


def binary() -> str | None:
    """What KIN names, else what `swift build` made; nothing where neither is there."""
    named = os.environ.get("KIN")
    path = Path(named) if named else ROOT / ".build" / "debug" / "kin"
    return str(path) if path.exists() else None


def eventually(what: str, ask: Callable[[], object], seconds: float = 30) -> object:
    """Asks again and again until the answer is true, and gives it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


class Footprint(NamedTuple):
    """What a process has open, and who belongs to it."""

    # Sockets, pipes, terminals and the like. Of its stores a process opens more while many of its threads read.
    channels: int
    threads: int
    children: int

    def is_within(self, other: "Footprint", slack: int) -> bool:
        return self.channels <= other.channels + slack and self.threads <= other.threads + slack

    @classmethod
    def of(cls, process: int) -> "Footprint":
        folder = Path("/proc") / str(process)
        threads = list((folder / "task").iterdir())
        children = sum(len((thread / "children").read_text().split()) for thread in threads if thread.exists())
        return cls(sum(not file.is_file() for file in (folder / "fd").iterdir()), len(threads), children)


class Household:
    """Homes below one folder, short enough for Unix sockets."""

    def __init__(self, kin: str):
        self.kin = kin
        self.phrase = PHRASE
        self.folder = Path(tempfile.mkdtemp(prefix="kh-", dir="/tmp"))
        self.port = 0
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def close(self) -> None:
        for name in list(self._running):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    # Commands

    def home(self, name: str) -> Path:
        return self.folder / name

    def _environment(self, name: str) -> dict[str, str]:
        return {"KINDRED_HOME": str(self.home(name)), "PATH": os.environ["PATH"]}

    def run(self, name: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """A command of that device."""
        return subprocess.run(
            [self.kin, *arguments], env=self._environment(name), input=text, capture_output=True, text=True, timeout=60,
            check=False,
        )

    def pipe(self, name: str, reader: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of that device, whose output a shell's command reads."""
        return subprocess.run(
            ["bash", "-c", f'"$@" | {reader}', "bash", self.kin, *arguments], env=self._environment(name), input="",
            capture_output=True, text=True, timeout=60, check=False,
        )

    def enrol(self, name: str) -> None:
        ended = self.run(name, "wallet", "import", text=self.phrase)
        assert ended.returncode == 0, ended.stderr

    # Processes

    def serve(self, *arguments: str) -> None:
        """Starts the server; the second time on the same port."""
        self._start(
            "server",
            ["serve", "--listen", f"127.0.0.1:{self.port}", "--data", str(self.home("server")), "--json", *arguments],
        )
        if self.port == 0:
            self.port = int(self._first_line("server")["listening"].rsplit(":", 1)[1])
        else:
            self._first_line("server")

    def relay(self, name: str = "relay") -> int:
        """Starts a relay alone, and gives its port."""
        self.home(name).mkdir()
        self._start(name, ["serve", "--relay-only", "--listen", "127.0.0.1:0", "--json"])
        return int(self._first_line(name)["listening"].rsplit(":", 1)[1])

    def up(self, name: str, *arguments: str) -> None:
        """Starts a device's daemon, enrolling it the first time; what the tests run in is not its concern."""
        if not (self.home(name) / "wallet.json").exists():
            self.enrol(name)
        server = f"http://127.0.0.1:{self.port}"
        self._start(name, ["up", "--name", name, "--server", server, "--no-container", "--json", *arguments])
        self._first_line(name)

    def _start(self, name: str, arguments: list[str]) -> None:
        with open(self.folder / f"{name}.err", "ab") as errors:
            self._running[name] = subprocess.Popen(
                [self.kin, *arguments], env=self._environment(name), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=errors, start_new_session=True,
            )

    def _first_line(self, name: str) -> dict:
        output = self._running[name].stdout
        assert output is not None
        line = output.readline()
        assert line, (self.folder / f"{name}.err").read_text()
        return json.loads(line)

    def stop(self, name: str) -> int:
        """As SIGTERM does."""
        process = self._running.pop(name)
        if process.poll() is None:
            process.terminate()
        code = process.wait(timeout=20)
        if process.stdout:
            process.stdout.close()
        return code

    def kill(self, name: str) -> None:
        """As a machine that fails does."""
        process = self._running.pop(name)
        process.kill()
        process.wait(timeout=20)
        if process.stdout:
            process.stdout.close()

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """A process that is there and does nothing."""
        self._running[name].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._running[name].send_signal(signal.SIGCONT)

    def wait(self, name: str) -> int:
        """For a process that ends by itself."""
        return self._running[name].wait(timeout=30)

    def footprint(self, name: str) -> Footprint:
        return Footprint.of(self._running[name].pid)

    # What they say

    def ask(self, name: str, path: str) -> tuple[int, str, str]:
        """Status, content type and text of a daemon's answer."""
        connection = _UnixConnection(str(self.home(name) / "daemon" / "home" / "sock"))
        return self._answer(connection, path, {})

    def ask_server(self, path: str, **headers: str) -> tuple[int, str, str]:
        return self._answer(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10), path, headers)

    @staticmethod
    def _answer(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> tuple[int, str, str]:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        answer = response.status, response.headers.get("content-type", ""), response.read().decode()
        connection.close()
        return answer

    def health(self, name: str) -> dict:
        return json.loads(self.ask(name, "/v1/health")[2])

    def is_connected(self, name: str) -> None:
        eventually(f"{name} is connected", lambda: self.health(name)["broker"]["connected"])

    def is_cut_off(self, name: str) -> None:
        eventually(f"{name} is cut off", lambda: not self.health(name)["broker"]["connected"])

    @staticmethod
    def let_expire(seconds: float) -> None:
        """Time has to pass: a message that may wait so long has then waited longer."""
        time.sleep(seconds + 0.1)

    def sees(self, name: str, *others: str) -> None:
        def names() -> bool:
            listed = json.loads(self.run(name, "devices", "--json").stdout)["devices"]
            return {device["name"] for device in listed if device["online"]} >= set(others)

        eventually(f"{name} sees {others}", names)

    def log(self, name: str) -> list[str]:
        """Lines of a daemon's log, or of the server's."""
        path = (
            self.folder / "server.err" if name == "server" else self.home(name) / "daemon" / "home" / "daemon.log"
        )
        return path.read_text().splitlines()
