"""Looks for needles in what a server has, and keeps count."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from memory import Extent, read_folder, read_memory, read_open_files
from needles import Needle
from processes import Process

PLACES = ("files", "log", "memory")


class Search:
    """Counts over several looks at one server: a needle once found in a place stays found."""

    def __init__(self, server: Process, data: Path):
        self._server = server
        self._data = data
        self._found: set[tuple[Needle, str]] = set()
        #: How many bytes were looked through, by place.
        self.bytes: Counter[str] = Counter()
        #: Where each needle was found first, as text.
        self.details: dict[Needle, str] = {}

    def look(self, needles: Iterable[Needle], when: str, running: bool) -> None:
        """Once through everything the server has now; its memory only while it runs."""
        places = {"files": read_folder(self._data), "log": [Extent("log", 0, self._server.log.read_bytes())]}
        if running:
            # Open files first: what the data folder shows may be less than what the process still holds.
            places["files"] += read_open_files(self._server.pid)
            places["memory"] = read_memory(self._server.pid)
        needles = list(needles)
        for place, extents in places.items():
            for extent in extents:
                self.bytes[place] += len(extent.data)
                self._look_through(extent, place, needles, when)

    def _look_through(self, extent: Extent, place: str, needles: list[Needle], when: str) -> None:
        for needle in needles:
            if (needle, place) in self._found:
                continue
            for form, offset in needle.found_in(extent.data):
                self._found.add((needle, place))
                self.details.setdefault(
                    needle,
                    f"{needle.kind} ({needle.label}) {when}: {form} in {extent.place} at {extent.address + offset:#x}")
                break

    def count(self, needles: Iterable[Needle], place: str) -> int:
        """How many of them were found there."""
        return sum((needle, place) in self._found for needle in needles)


def any_found(needles: Iterable[Needle], extents: Iterable[Extent]) -> bool:
    """Whether at least one lies in one of the extents."""
    needles = list(needles)
    return any(True for extent in extents for needle in needles for _ in needle.found_in(extent.data))
