"""What a process has in memory and in open files, read from outside (Linux: proc(5))."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from errors import Skipped

BLOCK = 1 << 20
_ZEROS = bytes(BLOCK)


@dataclass(frozen=True)
class Extent:
    """Consecutive bytes of a place."""

    place: str
    address: int
    data: bytes


def read_memory(pid: int) -> list[Extent]:
    """Every readable map, whole; blocks of nothing but zeros are left out.

    The process is stopped meanwhile, so that nothing moves from what is still to be read to what was read.
    """
    os.kill(pid, signal.SIGSTOP)
    try:
        return list(_extents(pid))
    except PermissionError as error:
        raise Skipped(f"the memory of process {pid} may not be read ({error}): run as root or allow ptrace") from error
    finally:
        os.kill(pid, signal.SIGCONT)


def _extents(pid: int) -> Iterator[Extent]:
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, name in _readable_maps(pid):
            joined, first = bytearray(), start
            for address in range(start, end, BLOCK):
                block = _read(memory.fileno(), address, min(BLOCK, end - address))
                if block == _ZEROS[: len(block)]:
                    if joined:
                        yield Extent(f"memory {name}", first, bytes(joined))
                    joined, first = bytearray(), address + len(block)
                else:
                    joined += block
            if joined:
                yield Extent(f"memory {name}", first, bytes(joined))


def _readable_maps(pid: int) -> Iterator[tuple[int, int, str]]:
    for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
        addresses, permissions, _, _, _, *name = line.split(None, 5)
        # The kernel's own pages (vvar, vsyscall) are the same for every process and cannot be read this way.
        if permissions.startswith("r") and not (name and name[0].startswith(("[vvar", "[vsyscall"))):
            start, end = (int(address, 16) for address in addresses.split("-"))
            yield start, end, name[0] if name else "anonymous"


def _read(memory: int, address: int, count: int) -> bytes:
    """`count` bytes; what cannot be read (a mapped file's pages beyond its end) counts as zeros."""
    parts = []
    while count > 0:
        try:
            part = os.pread(memory, count, address)
        except PermissionError:
            raise
        except OSError:
            part = b""
        if not part:
            parts.append(bytes(count))
            break
        parts.append(part)
        address, count = address + len(part), count - len(part)
    return b"".join(parts)


def read_folder(folder: Path) -> list[Extent]:
    """All bytes of all files below it, and their names."""
    extents = []
    for path in sorted(folder.rglob("*")):
        extents.append(Extent("files: a name", 0, os.fsencode(path.name)))
        try:
            if path.is_file():
                extents.append(Extent(f"files: {path.name}", 0, path.read_bytes()))
        except FileNotFoundError:
            continue
    return extents


def read_open_files(pid: int) -> list[Extent]:
    """All bytes of the regular files it holds open, the deleted ones too."""
    extents = []
    for entry in sorted(Path(f"/proc/{pid}/fd").iterdir()):
        try:
            if entry.is_file():
                extents.append(Extent(f"open file {os.readlink(entry)}", 0, entry.read_bytes()))
        except FileNotFoundError:
            continue
    return extents
