"""A wall clock that the tester moves, for all processes that are started with its environment (Linux, a C compiler)."""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

from errors import Failed, Skipped

SOURCE = Path(__file__).resolve().parent / "clock.c"


class PassedTime:
    """How far ahead of the machine's clock theirs is."""

    def __init__(self, folder: Path):
        if sys.platform != "linux":
            raise Skipped("another clock is passed in by LD_PRELOAD, which is Linux's")
        compiler = next(filter(None, map(shutil.which, ("cc", "clang", "gcc"))), None)
        if compiler is None:
            raise Skipped("another clock needs a C compiler (cc, clang or gcc)")
        library, self._page = folder / "clock.so", folder / "clock"
        done = subprocess.run(
            [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(library), str(SOURCE)],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{SOURCE} does not compile: {done.stderr.strip()}")
        self.seconds = 0
        self._page.write_bytes(struct.pack("=q", 0))
        self.environment = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(self._page)}

    def pass_hours(self, hours: float) -> None:
        """At once, for everything that runs and everything that is started from now on."""
        self.seconds += int(hours * 3600)
        # In place and in one piece: the running processes have this very page mapped.
        with open(self._page, "r+b", buffering=0) as page:
            os.pwrite(page.fileno(), struct.pack("=q", self.seconds), 0)
