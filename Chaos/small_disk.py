"""A file system of a few MiB, and ballast that fills it (Linux, root)."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import Skipped

BLOCK = 64 << 10
#: Every freed byte is taken again in pieces of this size.
SPLINTER = 4 << 10


class SmallDisk:
    """Mounted at `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Takes all that is free now; what is freed later needs another call."""
        with open(self._ballast, "ab", buffering=0) as ballast:
            for size in (BLOCK, SPLINTER):
                try:
                    while ballast.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    @property
    def free_bytes(self) -> int:
        state = os.statvfs(self.folder)
        return state.f_bavail * state.f_frsize


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[SmallDisk]:
    """Unmounted at the end, whatever it held."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise Skipped("a small file system can be mounted by root on Linux only")
    folder.mkdir(mode=0o700)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0700", "chaos", str(folder)]
    done = subprocess.run(mounting, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skipped(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


def keep_contents(disk: SmallDisk) -> None:
    """Beside the mount point, for whoever looks for what went wrong."""
    disk.free()
    shutil.copytree(disk.folder, disk.folder.with_name(disk.folder.name + ".kept"), ignore=_sockets)


def _sockets(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_socket()]
