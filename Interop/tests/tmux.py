"""Commands on terminals that tmux keeps: typed to, resized, and read as a person sees them."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from household import Household

CONFIGURATION = """
set -g default-terminal tmux-256color
set -g remain-on-exit on
set -g status off
set -g history-limit 5000
"""


class Tmux:
    """One tmux server, in the house's folder, with a window for each command."""

    def __init__(self, house: Household):
        self._house = house
        self._socket = house.folder / "tmux"
        self._configuration = house.folder / "tmux.conf"
        self._configuration.write_text(CONFIGURATION)
        self._windows = 0

    def close(self) -> None:
        self.run("kill-server", check=False)

    def run(self, *arguments: str, check: bool = True) -> str:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self._house.folder), "TERM": "xterm-256color", "LANG": "C.UTF-8",
        }
        command = ["tmux", "-u", "-S", str(self._socket), "-f", str(self._configuration), *arguments]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)
        assert ended.returncode == 0 or not check, ended.stderr
        return ended.stdout

    def open(self, home: str, *arguments: str, columns: int = 100, rows: int = 30) -> "Window":
        """A `kin` of that home, on a terminal of that size."""
        self._windows += 1
        name = f"w{self._windows}"
        status = self._house.folder / f"{name}.status"
        self.run(
            "new-session", "-d", "-s", name, "-x", str(columns), "-y", str(rows),
            "-e", f"KINDRED_HOME={self._house.home(home)}",
            # tmux itself does not always learn how a program ended.
            "sh", "-c", 'status=$1; shift; "$@"; echo $? > "$status"', "sh", str(status), self._house.kin, *arguments,
        )
        return Window(self, name, status)


class Window:
    """A command, and what its terminal shows."""

    def __init__(self, tmux: Tmux, name: str, status: Path):
        self._tmux = tmux
        self._name = name
        self._status = status

    @property
    def screen(self) -> str:
        """The lines of the screen, without what is blank at their ends."""
        text = self._tmux.run("capture-pane", "-p", "-t", self._name)
        return "\n".join(line.rstrip() for line in text.split("\n")).rstrip()

    def until(self, what: str, is_so: Callable[[str], object], seconds: float = 30) -> str:
        deadline = time.monotonic() + seconds
        while not is_so(screen := self.screen):
            assert time.monotonic() < deadline, f"never: {what}; on the screen is\n{screen}"
            time.sleep(0.02)
        return screen

    def sees(self, text: str, seconds: float = 30) -> str:
        return self.until(f"{text!r} is seen", lambda screen: text in screen, seconds)

    def sees_line(self, pattern: str, seconds: float = 30) -> re.Match[str]:
        """A whole line of that form."""
        line = re.compile(f"^{pattern}$", re.MULTILINE)
        self.until(f"a line {pattern!r} is seen", line.search, seconds)
        found = line.search(self.screen)
        assert found
        return found

    def type(self, text: str) -> None:
        """Characters, and Return behind them."""
        self._tmux.run("send-keys", "-t", self._name, "-l", text)
        self.keys("Enter")

    def keys(self, *names: str) -> None:
        """By tmux's names: `C-]`, `Enter`."""
        self._tmux.run("send-keys", "-t", self._name, *names)

    def resize(self, columns: int, rows: int) -> None:
        self._tmux.run("resize-window", "-t", self._name, "-x", str(columns), "-y", str(rows))

    def _format(self, text: str) -> str:
        return self._tmux.run("display-message", "-p", "-t", self._name, text).strip()

    @property
    def process(self) -> int:
        """Of the command."""
        shell = self._format("#{pane_pid}")
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text())

    @property
    def is_full_screen(self) -> bool:
        """Whether a program has the screen for itself."""
        return self._format("#{alternate_on}") == "1"

    def kill(self) -> None:
        """As a machine that fails does."""
        os.kill(self.process, signal.SIGKILL)
        assert self.end() == 128 + signal.SIGKILL
        self.forget()

    def end(self, seconds: float = 20) -> int:
        """The exit code of a command that ends by itself."""
        self.until("its end", lambda _: self._status.exists() and self._status.read_text().endswith("\n"), seconds)
        return int(self._status.read_text())

    def forget(self) -> None:
        self._tmux.run("kill-session", "-t", self._name)
