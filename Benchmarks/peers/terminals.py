#!/usr/bin/env python3
"""A shell on another machine, as a person at a terminal has it: seconds to its first prompt, and from a key to its echo.

  terminals.py TIMES COMMAND…       a command that ends in `sh` with the prompt "ready> ", run on a terminal of its own, e.g. kin attach kiosk --run …
  terminals.py TIMES --ssh          the same by ssh from an sshd of our own

  {"prompt": [0.031, …], "echo_p50": 0.0004, "echo_p99": 0.001}
"""

import json
import os
import pty
import select
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Chaos"))

from ssh_server import SSHServer  # noqa: E402

PROMPT = b"ready> "
SHELL = ["env", "PS1=" + PROMPT.decode(), "sh"]
KEYS = 200
SECONDS = 20


def main(times: int, command: list[str]) -> None:
    # Whoever starts this may have blocked signals, and those started here would inherit it.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if command != ["--ssh"]:
        return report(times, command + SHELL)
    folder = Path(tempfile.mkdtemp(prefix="kin-terminals-"))
    try:
        with SSHServer(folder) as server:
            report(times, server.ssh("-tt", "127.0.0.1", "env", f"'{SHELL[1]}'", "sh"))
    finally:
        shutil.rmtree(folder)


def report(times: int, command: list[str]) -> None:
    prompts, echoes = [], []
    for number in range(times):
        started = time.perf_counter()
        with Terminal(command) as terminal:
            terminal.read_until(PROMPT)
            prompts.append(time.perf_counter() - started)
            if number == times - 1:
                echoes = sorted(terminal.echo() for _ in range(KEYS))
    print(json.dumps({
        "prompt": prompts, "echo_p50": echoes[len(echoes) // 2], "echo_p99": echoes[int(len(echoes) * 0.99)]}))


class Terminal:
    """A program on a pseudoterminal, ended with the `with`."""

    def __init__(self, command: list[str]) -> None:
        self.seen = b""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self.descriptor, b"\x15exit\r")
        end = time.monotonic() + SECONDS
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
            self.read(0.05)
        os.close(self.descriptor)

    def read(self, seconds: float) -> bool:
        """Whether there may be more."""
        if not select.select([self.descriptor], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:
            return False
        self.seen += data
        return bool(data)

    def read_until(self, text: bytes) -> None:
        end = time.monotonic() + SECONDS
        while text not in self.seen:
            if time.monotonic() > end or not self.read(SECONDS):
                raise SystemExit(f"{text!r} did not come: {self.seen[-400:]!r}")
        self.seen = self.seen.split(text, 1)[1]

    def echo(self) -> float:
        """Seconds from a key to its echo. Keys come one by one, as from a person."""
        time.sleep(0.005)
        started = time.perf_counter()
        os.write(self.descriptor, b"x")
        self.read_until(b"x")
        return time.perf_counter() - started


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
