"""How much memory processes take, seen from outside (Linux: proc(5)), and the most they ever took."""

import threading
from collections import defaultdict

from processes import Process

SAMPLE_SECONDS = 0.25
MIB = 1 << 20


def anonymous_bytes(pid: int) -> int | None:
    """What is its own: neither the binary nor files nor what it shares. None where that cannot be known."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("Anonymous:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return None
    return None


class Footprint(threading.Thread):
    """Looks at each process again and again until `stop`, through all of its lives."""

    def __init__(self, processes: list[Process]):
        super().__init__(name="footprint", daemon=True)
        self._processes = processes
        self._enough = threading.Event()
        self._peaks: defaultdict[str, int] = defaultdict(int)

    def run(self) -> None:
        while not self._enough.wait(SAMPLE_SECONDS):
            for process in self._processes:
                self._look(process)

    def _look(self, process: Process) -> None:
        if (pid := process.running_pid) is not None and (taken := anonymous_bytes(pid)) is not None:
            self._peaks[process.label] = max(self._peaks[process.label], taken)

    def stop(self) -> None:
        self._enough.set()
        self.join()

    def peak_mib(self, label: str) -> float | None:
        """The most that any life of it took; None where nothing could be seen."""
        peak = self._peaks.get(label)
        return None if peak is None else peak / MIB
