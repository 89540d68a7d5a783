"""A process under test: started with the same arguments again and again, killed, and ended politely."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path


class Process:
    """One long-lived process. Its output goes to one log file over all its lives."""

    def __init__(self, label: str, arguments: list[str], environment: dict[str, str], folder: Path, log: Path):
        self.label = label
        self.log = log
        self.kills = 0
        #: Whether an end of its own is only counted: what it is given it may refuse to run with.
        self.may_end = False
        self.ends = 0
        #: Ends nobody asked for, as text.
        self.deaths: list[str] = []
        self._arguments = arguments
        self._environment = environment
        self._folder = folder
        self._popen: subprocess.Popen[bytes] | None = None
        self._lives = 0
        self._lock = threading.Lock()

    @property
    def running_pid(self) -> int | None:
        """None while nothing of it runs."""
        popen = self._popen
        return popen.pid if popen is not None and popen.returncode is None else None

    @property
    def pid(self) -> int:
        """Of the life that runs now."""
        popen = self._popen
        assert popen is not None, f"{self.label} was not started"
        return popen.pid

    def start(self) -> None:
        """Starts it; it must not be running."""
        with self._lock:
            self._start()

    def _start(self) -> None:
        self._lives += 1
        with open(self.log, "ab") as log:
            log.write(f"--- life {self._lives} at {int(time.time() * 1000)}\n".encode())
            log.flush()
            # A session of its own: Ctrl-C in the terminal is for the tester, which then ends its children itself.
            self._popen = subprocess.Popen(
                self._arguments, env=self._environment, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )

    def kill_and_restart(self) -> None:
        """SIGKILL, then the next life at once."""
        with self._lock:
            assert self._popen is not None, f"{self.label} was not started"
            self._popen.kill()
            code = self._popen.wait()
            if code == -signal.SIGKILL:
                self.kills += 1
            else:
                self._note_death(code)
            self._start()

    def kill(self) -> None:
        """SIGKILL; it stays away until `start`."""
        with self._lock:
            assert self._popen is not None, f"{self.label} was not started"
            self._popen.kill()
            self._popen.wait()
            self.kills += 1
            self._popen = None

    def signal(self, number: int) -> None:
        """Sends it a signal that it is not to end by, such as SIGSTOP."""
        with self._lock:
            assert self._popen is not None, f"{self.label} was not started"
            self._popen.send_signal(number)

    def restart_if_dead(self) -> None:
        """Notes an end nobody asked for, and starts the next life."""
        with self._lock:
            if self._popen is not None and (code := self._popen.poll()) is not None:
                self._note_death(code)
                self._start()

    def _note_death(self, code: int) -> None:
        self.ends += 1
        if self.may_end:
            return
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        self.deaths.append(f"{self.label} ended by itself in life {self._lives}: {how}; see {self.log}")

    def ask_to_end(self) -> None:
        """SIGTERM."""
        with self._lock:
            if self._popen is not None:
                self._popen.terminate()

    def end(self, deadline: float) -> str | None:
        """Waits until `deadline` (of `time.monotonic`) for the end that SIGTERM asked for.

        Returns what was wrong with it, or None. What still runs then is killed.
        """
        with self._lock:
            if self._popen is None:
                return None
            popen, self._popen = self._popen, None
            try:
                code = popen.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                popen.kill()
                popen.wait()
                return f"{self.label} did not end after SIGTERM; see {self.log}"
            return None if code == 0 else f"{self.label} ended after SIGTERM with {code}; see {self.log}"

    def destroy(self) -> None:
        """Kills it and whatever it started, if anything still runs."""
        with self._lock:
            if self._popen is None:
                return
            try:
                os.killpg(self._popen.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._popen.wait()
            self._popen = None


def end_all(processes: list[Process], seconds: float = 5) -> list[str]:
    """SIGTERM to all at once; what was wrong with their ends within `seconds`."""
    for process in processes:
        process.ask_to_end()
    deadline = time.monotonic() + seconds
    return [problem for process in processes if (problem := process.end(deadline)) is not None]
