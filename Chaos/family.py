"""One server and several daemons of one phrase, in a fresh folder whose names say nothing."""

import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from errors import Failed
from processes import Process
from unix_http import LocalAPI, Unreachable
from waiting import wait_until

START_SECONDS = 60
COMMAND_SECONDS = 60


@dataclass(frozen=True)
class Daemon:
    """One `kin up` and its home."""

    name: str
    home: Path
    process: Process

    @property
    def socket_path(self) -> str:
        return str(self.home / "daemon" / "home" / "sock")

    def api(self, timeout: float = 10) -> LocalAPI:
        """A new connection."""
        return LocalAPI(self.socket_path, timeout)

    def ask(self, path: str) -> dict:
        """One GET on a connection of its own; `Unreachable` for anything but a 200."""
        api = self.api()
        try:
            answer = api.get(path)
        finally:
            api.close()
        if answer.status != 200:
            raise Unreachable(f"GET {path}: {answer.status} {answer.code} {answer.message}")
        return answer.body

    def member(self) -> str:
        """Its id in the mesh."""
        return str(self.ask("/v1/version")["member"])


@dataclass(frozen=True)
class Setting:
    """Where a family differs from the plainest one."""

    #: Below it everything is kept; it may hold `data` and the homes `h1`, `h2`, … already. Else a fresh one.
    folder: Path | None = None
    port: int | None = None
    server_arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    #: What each daemon dials instead of the server itself.
    dialled: tuple[str, ...] = ()


class Family:
    """Makes the folder, the phrase and the homes; starts nothing yet."""

    def __init__(self, kin: Path, names: list[str], setting: Setting = Setting()):
        self.kin = kin
        self.setting = setting
        self.folder = setting.folder or Path(tempfile.mkdtemp(prefix="k-"))
        self.logs = self.folder / "logs"
        self.logs.mkdir()
        self.port = setting.port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = self.folder / "data"
        homes = [self.folder / f"h{number}" for number in range(1, len(names) + 1)]
        for home in homes:
            home.mkdir(mode=0o700, exist_ok=True)
        try:
            self.phrase = self._make_phrase(homes)
        except Failed:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        serve = ["serve", "--listen", f"127.0.0.1:{self.port}", "--data", str(self.data), *setting.server_arguments]
        self.server = self._process("server", serve, self.folder / "s")
        dialled = setting.dialled or (self.url,) * len(names)
        self.daemons = [
            Daemon(name, home, self._process(home.name, ["up", "--name", name, "--server", url], home))
            for name, home, url in zip(names, homes, dialled, strict=True)
        ]

    @property
    def processes(self) -> list[Process]:
        return [self.server, *(daemon.process for daemon in self.daemons)]

    @property
    def deaths(self) -> list[str]:
        """Ends nobody asked for."""
        return [death for process in self.processes for death in process.deaths]

    def start(self) -> None:
        for process in self.processes:
            process.start()

    def start_missing(self) -> None:
        """Starts what was killed and left so."""
        for process in self.processes:
            if process.running_pid is None:
                process.start()

    def restart_dead(self) -> None:
        for process in self.processes:
            process.restart_if_dead()

    def wait_until_acquainted(self) -> None:
        """Until every daemon names every device of the family as online."""
        names = {daemon.name for daemon in self.daemons}
        for daemon in self.daemons:
            wait_until(
                lambda daemon=daemon: _missing_names(daemon, names), START_SECONDS,
                f"{daemon.process.label} seeing the family (logs in {self.logs})")

    def destroy(self, keep: bool) -> None:
        """Leaves nothing running; removes the folder unless it is wanted."""
        for process in self.processes:
            process.destroy()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # Commands

    def command(self, home: Path, *arguments: str, stdin: str = "") -> str:
        """Runs `kin` in one home; its standard output."""
        try:
            done = subprocess.run(
                [str(self.kin), *arguments], input=stdin, capture_output=True, text=True, cwd=self.folder,
                env=self._environment(home), timeout=COMMAND_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"kin {' '.join(arguments)} did not end within {COMMAND_SECONDS} s") from error
        if done.returncode != 0:
            raise Failed(f"kin {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def _make_phrase(self, homes: list[Path]) -> str:
        phrase = read_phrase(self.command(homes[0], "wallet", "new", "--print", "--yes"))
        for home in homes[1:]:
            self.command(home, "wallet", "import", stdin=phrase + "\n")
        return phrase

    def _process(self, label: str, arguments: list[str], home: Path) -> Process:
        return Process(
            label, [str(self.kin), *arguments], self._environment(home), self.folder, self.logs / f"{label}.log")

    def _environment(self, home: Path) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.folder), "LANG": "C.UTF-8",
            "KINDRED_HOME": str(home), **self.setting.environment,
        }


def _missing_names(daemon: Daemon, names: set[str]) -> str | None:
    daemon.process.restart_if_dead()
    try:
        listed = daemon.ask("/v1/devices")["devices"]
    except Unreachable as error:
        return str(error)
    online = {device["name"] for device in listed if device["online"]}
    return None if names <= online else f"not yet online for it: {', '.join(sorted(names - online))}"


def read_phrase(output: str) -> str:
    """The 24 words of `kin wallet new`: JSON, a line, or a numbered list."""
    try:
        output = str(json.loads(output)["phrase"])
    except (ValueError, KeyError, TypeError):
        pass
    words = re.sub(r"\b\d+[.):]?", " ", output).split()
    if len(words) != 24 or not all(re.fullmatch(r"[a-z]{3,8}", word) for word in words):
        raise Failed(f"kin wallet new printed {len(words)} words where a phrase of 24 was expected")
    return " ".join(words)


def free_port() -> int:
    """A loopback port below the range from which outgoing connections take theirs.

    Inside that range a daemon that dials a dead server could be given the server's own port.
    """
    for port in random.SystemRandom().sample(range(20000, 32000), 100):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Failed("no free port between 20000 and 32000 on 127.0.0.1")
